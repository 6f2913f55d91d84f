// One line a kernel of the step, in the order in which it runs; equal kernels are added up.
#include "compute/models/roofline.h"

#include <algorithm>

#include "compute/moe/capacity.h"
#include "compute/records/config_fields.h"

namespace moescope {
namespace {

constexpr double kFloat = 4;  // bytes

class Rows {
 public:
  void add(const std::string& kernel, double times, double launches, double bytes, double flops, bool product = false) {
    const auto found =
        std::find_if(rows_.begin(), rows_.end(), [&](const RooflineRow& r) { return r.kernel == kernel; });
    RooflineRow& row = found != rows_.end() ? *found : rows_.emplace_back(RooflineRow{kernel, 0, 0, 0, product});
    row.launches += times * launches;
    row.bytes += times * bytes;
    row.flops += times * flops;
  }
  /// `numbers` floats moved by each launch; a few FLOPs on each do not count beside the memory.
  void move(const std::string& kernel, double times, double launches, double numbers) {
    add(kernel, times, launches, numbers * kFloat, numbers);
  }
  /// y (m,n) = x (m,k) w (k,n) for each of `batch`, and both gradients.
  void product(const std::string& what, double times, double batch, double m, double n, double k) {
    const double bytes = kFloat * batch * (m * k + k * n + m * n), flops = 2 * batch * m * n * k;
    add("matmul " + what, times, 1, bytes, flops, true);
    add("matmul " + what + " backward", times, 2, 2 * bytes, 2 * flops, true);
  }
  /// A hidden layer and back: two products with biases, and the activation between them.
  void mlp(const std::string& what, double times, double batch, double rows, double width, double hidden) {
    product(what, times, batch, rows, hidden, width);
    product(what, times, batch, rows, width, hidden);
    move("activation", times, 1, 3 * batch * rows * hidden);
    move("activation backward", times, 1, 4 * batch * rows * hidden);
    bias(times, batch * rows, hidden);
    bias(times, batch * rows, width);
  }
  void bias(double times, double rows, double columns) { move("bias gradient", times, 2, rows * columns); }
  std::vector<RooflineRow> take() { return std::move(rows_); }

 private:
  std::vector<RooflineRow> rows_;
};

/// What the rows are counted from.
struct Sizes {
  double images, tokens, all_tokens, width, depth, moe, hidden;
  const RunConfig* config;
};

void add_soft(Rows& rows, const Sizes& s, double times) {
  const RouterConfig& r = s.config->router;
  const double images = static_cast<double>(group_images(r)), group = s.tokens * images;
  const double groups = s.images / images, experts = static_cast<double>(r.num_experts);
  const double slots = experts * static_cast<double>(soft_slots_per_expert(r, static_cast<int64_t>(group)));
  rows.move("l2 normalise", times, 2, 2 * (s.all_tokens + slots) * s.width);
  rows.move("l2 normalise backward", times, 2, 4 * (s.all_tokens + slots) * s.width);
  rows.product("slots", times, 1, s.all_tokens, slots, s.width);
  rows.move("soft weights", times, 2, 4 * s.all_tokens * slots);
  rows.move("soft weights backward", times, 2, 7 * s.all_tokens * slots);
  rows.product("dispatch", times, groups, slots, s.width, group);
  rows.product("combine", times, groups, group, s.width, slots);
  rows.mlp("experts", times, experts, groups * slots / experts, s.width, static_cast<double>(expert_width(*s.config)));
}

void add_sparse(Rows& rows, const Sizes& s, double times) {
  const RouterConfig& r = s.config->router;
  const double images = static_cast<double>(group_images(r)), group = s.tokens * images;
  const double experts = static_cast<double>(r.num_experts), gates = s.all_tokens * experts;
  const double places =
      s.images / images * static_cast<double>(sparse_capacity(r, static_cast<int64_t>(group), /*training=*/true));
  const bool by_tokens = r.kind == RouterKind::tokens_choice;
  rows.product("router", times, 1, s.all_tokens, experts, s.width);
  rows.move("gate", times, by_tokens ? 2 : 1, 5 * gates);
  // A merge per doubling beyond tiles of 1024 keys, eight bytes each, both ways; after an odd number of them a copy.
  const double keys = by_tokens ? (r.bpr ? s.all_tokens : 0) : gates;
  int merges = 0;
  for (double run = 1024; run < group; run *= 2) ++merges;
  const double passes = 1 + merges + merges % 2;
  rows.move("assignment", times, (by_tokens ? 4 : 2) + (keys > 0 ? 1 + passes : 0),
            4 * keys * passes + 3 * s.all_tokens * static_cast<double>(by_tokens ? r.k : r.num_experts));
  rows.move("dispatch", times, 1, 2 * experts * places * s.width);
  rows.move("dispatch backward", times, 1, experts * places * s.width + 2 * s.all_tokens * s.width);
  rows.move("combine", times, 1, experts * places * s.width + s.all_tokens * s.width);
  rows.move("combine backward", times, 1, 3 * experts * places * s.width);
  rows.move("gate backward", times, by_tokens ? 4 : 2, (by_tokens ? 8 : 4) * gates);
  if (by_tokens) rows.move("auxiliary losses", times, 3, 4 * gates);
  rows.mlp("experts", times, experts, places, s.width, static_cast<double>(expert_width(*s.config)));
}

void add_attention(Rows& rows, const Sizes& s) {
  const double n = s.all_tokens * s.width, scores = 2 * s.all_tokens * s.tokens * s.width;
  rows.product("projections", s.depth, 1, s.all_tokens, 3 * s.width, s.width);
  rows.product("projections", s.depth, 1, s.all_tokens, s.width, s.width);
  rows.bias(s.depth, s.all_tokens, 3 * s.width);
  rows.bias(s.depth, s.all_tokens, s.width);
  rows.add("attention", s.depth, 1, 4 * n * kFloat, 2 * scores);
  rows.add("attention backward", s.depth, 3, 8 * n * kFloat, 7 * scores);  // probabilities twice again
}

}  // namespace

std::vector<RooflineRow> roofline_of_step(const VisionTransformer& model, int64_t batch) {
  const RunConfig& c = model.config();
  Sizes s{};
  s.images = static_cast<double>(batch), s.tokens = static_cast<double>(model.tokens_per_image());
  s.all_tokens = s.images * s.tokens, s.width = static_cast<double>(c.model.width);
  s.depth = static_cast<double>(c.model.depth), s.moe = static_cast<double>(model.moe_blocks().size());
  s.hidden = static_cast<double>(c.model.mlp), s.config = &c;
  const double pixels = static_cast<double>(c.model.patch * c.model.patch * model.image().channels);
  const double patches = s.images * static_cast<double>(model.grid_height() * model.grid_width());
  const double parameters = static_cast<double>(model.parameters().count());
  const double n = s.all_tokens * s.width;

  Rows rows;
  rows.move("patches", 1, 1, 2 * patches * pixels);
  rows.product("embedding", 1, 1, patches, s.width, pixels);
  rows.move("layer norm", 2 * s.depth + 1, 1, 4 * n);
  rows.move("layer norm backward", 2 * s.depth + 1, 3, 6 * n);
  add_attention(rows, s);
  rows.mlp("mlp", s.depth - s.moe, 1, s.all_tokens, s.width, s.hidden);
  if (s.moe > 0) (c.router.kind == RouterKind::soft ? add_soft : add_sparse)(rows, s, s.moe);
  rows.product("head", 1, 1, s.images, static_cast<double>(model.image().classes), s.width);
  rows.move("cross-entropy", 1, 2, 3 * s.images * static_cast<double>(model.image().classes));
  rows.move("gradient norm", 1, 3, parameters);
  rows.move("adamw", 1, 1, 7 * parameters);
  return rows.take();
}

double bound_secs(const RooflineRow& row, const DeviceLimits& device, Precision precision) {
  const double products = precision == Precision::bfloat16 ? device.bf16_flops
                          : precision == Precision::tf32   ? device.tf32_flops
                                                           : device.float_flops;
  return std::max(row.bytes / device.bytes_per_sec, row.flops / (row.product ? products : device.float_flops));
}

bool is_memory_bound(const RooflineRow& row, const DeviceLimits& device, Precision precision) {
  return row.bytes / device.bytes_per_sec >= bound_secs(row, device, precision);
}

}  // namespace moescope
