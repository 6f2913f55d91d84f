// Full groups in one pass, what is left in another.
#include "compute/eval/device_inference.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "compute/core/error.h"
#include "compute/models/cost.h"
#include "compute/moe/capacity.h"
#include "compute/moe/intervention.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/records/config_fields.h"

namespace moescope {
namespace {

using device_api::kBesideSlot;
using device_api::kLookSlot;

/// Images [begin, end) of a pass, in groups of so many tokens.
struct Stretch {
  int64_t begin, end, group_tokens;
  bool partial;  // a group that the data's end cut short
  int64_t size() const { return end - begin; }
};

/// What a plan and its input say of a what_if.
struct Interventions {
  std::vector<uint8_t> off;       // (MoE layers, E)
  std::vector<uint8_t> unit_off;  // (MoE layers, inputs of the stretch, E), when ranks are drawn
  std::vector<device_api::ForcedToken> forced;
  std::vector<device_api::ReplacedExpert> replaced;
};

bool routes(const Pass& pass) { return pass.router->kind != RouterKind::dense; }

bool is_sparse(const Pass& pass) { return routes(pass) && pass.router->kind != RouterKind::soft; }

int64_t moe_index(const VisionTransformer& model, int64_t block) {
  const std::vector<int64_t>& blocks = model.moe_blocks();
  return std::find(blocks.begin(), blocks.end(), block) - blocks.begin();
}

/// Experts kept at random are drawn here, as the CPU draws them: for all images of the pass, of which the stretch takes
/// its own.
void add_random_kept(const VisionTransformer& model, const Pass& pass, const Stretch& stretch, int64_t num_images,
                     std::vector<uint8_t>& unit_off) {
  Arena arena;
  Pass drawing = pass;
  drawing.image_tokens = model.tokens_per_image();
  const int64_t group = group_images(*pass.router);
  for (const int64_t block : model.moe_blocks()) {
    Routing r;
    r.kind = pass.router->kind, r.layer = block, r.experts = pass.router->num_experts;
    r.total_tokens = num_images * drawing.image_tokens;
    start_interventions(drawing, group * drawing.image_tokens, r, arena);
    choose_kept(drawing, r, arena);
    const bool by_image = r.unit_tokens == drawing.image_tokens;
    const int64_t first = by_image ? stretch.begin : stretch.begin / group,
                  last = by_image ? stretch.end : (stretch.end + group - 1) / group;
    const uint8_t* flags = r.unit_off.u8();
    unit_off.insert(unit_off.end(), flags + first * r.experts, flags + last * r.experts);
  }
}

Interventions interventions(const VisionTransformer& model, const Pass& pass, const Stretch& stretch,
                            int64_t num_images, device_api::StepPlan& plan) {
  Interventions all;
  if (!pass.what_if) return all;
  const WhatIf& w = *pass.what_if;
  for (const int64_t block : model.moe_blocks()) {
    std::vector<uint8_t> off = experts_off(w, block, pass.router->num_experts);
    off.resize(static_cast<size_t>(pass.router->num_experts));
    all.off.insert(all.off.end(), off.begin(), off.end());
  }
  for (const PatchForced& one : w.forced)
    all.forced.push_back({moe_index(model, one.layer), one.patch + (model.has_class_token() ? 1 : 0), one.expert});
  for (const ExpertReplaced& one : w.replaced)
    all.replaced.push_back({moe_index(model, one.layer), one.expert, one.by});
  plan.experts_off = !w.off.empty();
  plan.num_forced = static_cast<int64_t>(all.forced.size());
  plan.kept = w.kept.count;
  plan.kept_by_load = w.kept.by == KeepBy::load;
  plan.given_kept = w.kept.by == KeepBy::random && w.kept.count > 0 && w.kept.count < pass.router->num_experts;
  if (plan.given_kept) add_random_kept(model, pass, stretch, num_images, all.unit_off);
  return all;
}

void check_asked(const Pass& pass) {
  if (pass.experts_off) throw std::logic_error("a GPU program is asked with Pass::experts_off; ask with a what_if");
  if (pass.what_if && !runs_on_device(*pass.what_if))
    throw ConfigError("compute.device=cuda takes no slots away; use compute.device=cpu for that");
}

void begin(DeviceModel& device, const VisionTransformer& model, const Tensor& images, const Stretch& stretch,
           const Pass& pass, int slot, bool keep_maps) {
  device_api::StepPlan plan = empty_plan();
  set_router(*pass.router, stretch.group_tokens, false, plan);
  if (stretch.partial && pass.router->kind != RouterKind::soft)
    plan.capacity = partial_group_capacity(*pass.router, stretch.group_tokens, false);
  plan.parts = 1;
  plan.images = stretch.size();
  plan.keep_outputs = 1;
  plan.keep_logits = pass.observer != nullptr;
  plan.keep_routing = pass.observer || is_sparse(pass);  // to count what the experts did
  plan.keep_maps = keep_maps;
  const Interventions changed = interventions(model, pass, stretch, images.dim(0), plan);
  device_api::StepInput input{};
  input.images = images.rows(stretch.begin, stretch.end).f32();
  input.off = changed.off.data(), input.unit_off = changed.unit_off.data(), input.forced = changed.forced.data();
  input.replaced = changed.replaced.data(), input.num_replaced = static_cast<int64_t>(changed.replaced.size());
  device.begin(slot, plan, input);
}

/// Rows that the experts of a Soft MoE layer take for so many images. `off`: by hand; empty: none.
int64_t soft_rows(const VisionTransformer& model, const Pass& pass, int64_t images, const std::vector<uint8_t>& off) {
  const int64_t experts = pass.router->num_experts, group = group_images(*pass.router);
  int64_t on = experts - std::count(off.begin(), off.end(), 1);
  if (pass.what_if && pass.what_if->kept.count > 0) on = std::min(on, pass.what_if->kept.count);
  const double slots = model_cost(model).expert_rows * static_cast<double>(group_images(model.config().router));
  return (images + group - 1) / group * std::llround(slots) / experts * on;
}

/// Returns the rows that all experts took.
int64_t end(DeviceModel& device, const VisionTransformer& model, const Pass& pass, int slot, const Tensor& logits) {
  const device_api::StepResult result = device.end(slot);
  std::copy_n(result.logits, logits.size(), logits.f32());
  int64_t rows = 0;
  for (int64_t layer = 0; layer < device.num_layers(); ++layer) {
    const ArenaScope scope(*pass.arena);
    std::vector<uint8_t> off;
    if (pass.what_if)
      off = experts_off(*pass.what_if, model.moe_blocks()[static_cast<size_t>(layer)], pass.router->num_experts);
    if (!is_sparse(pass)) rows += soft_rows(model, pass, logits.dim(0), off);
    if (!is_sparse(pass) && !pass.observer) continue;
    Routing routing = device.routing(slot, 0, layer, *pass.router, *pass.arena);
    if (!off.empty()) routing.expert_off = off.data();
    if (is_sparse(pass)) rows += routing.pairs.num_pairs;
    if (pass.observer) pass.observer->see(routing);
  }
  return rows;
}

/// As executed by the CPU: a GPU's experts compute their empty places too, which nobody wants to pay for in a curve.
void count_work(const VisionTransformer& model, int64_t images, int64_t rows) {
  const ModelCost cost = model_cost(model);
  const double fixed =
      cost.forward_flops - static_cast<double>(model.moe_blocks().size()) * cost.expert_rows * cost.row_flops;
  count_flops(std::llround(fixed * static_cast<double>(images) + cost.row_flops * static_cast<double>(rows)));
}

}  // namespace

bool intervenes(const WhatIf& w) {
  return !w.off.empty() || !w.forced.empty() || !w.replaced.empty() || w.kept.count > 0;
}

bool runs_on_device(const WhatIf& w) { return !w.slots_per_expert; }

Tensor infer_on_device(DeviceModel& device, const VisionTransformer& model, const Tensor& images, const Pass& pass,
                       ImageMaps* maps) {
  check_asked(pass);
  const int64_t n = images.dim(0), group = group_images(*pass.router), tokens = model.tokens_per_image();
  const int64_t whole = routes(pass) ? n / group * group : n;
  if (pass.observer && whole < n)
    throw ConfigError("compute.device=cuda does not show the routing of a group that the data's end cuts short");
  // Replaced experts need values of their own.
  const int slot = pass.what_if && !pass.what_if->replaced.empty() ? kBesideSlot : kLookSlot;
  const Tensor logits = pass.arena->make({n, model.image().classes});
  int64_t rows = 0;
  for (const Stretch& stretch : {Stretch{0, whole, routes(pass) ? group * tokens : tokens, false},
                                 Stretch{whole, n, (n - whole) * tokens, true}}) {
    if (stretch.size() == 0) continue;
    begin(device, model, images, stretch, pass, slot, maps != nullptr);
    rows += end(device, model, pass, slot, logits.rows(stretch.begin, stretch.end));
    if (!maps) continue;
    for (auto& of_image : device.take_maps(slot)) maps->push_back(std::move(of_image));
  }
  count_work(model, n, rows);
  return logits;
}

void begin_inference(DeviceModel& device, const VisionTransformer& model, const Tensor& images, const Pass& pass,
                     bool keep_maps) {
  check_asked(pass);
  const int64_t group = routes(pass) ? group_images(*pass.router) : 1;
  if (images.dim(0) % group != 0) throw std::logic_error("a look beside training is asked about part of a group");
  begin(device, model, images, {0, images.dim(0), group * model.tokens_per_image(), false}, pass, kBesideSlot,
        keep_maps);
}

Tensor end_inference(DeviceModel& device, const VisionTransformer& model, int64_t num_images, const Pass& pass,
                     ImageMaps* maps) {
  const Tensor logits = pass.arena->make({num_images, model.image().classes});
  count_work(model, num_images, end(device, model, pass, kBesideSlot, logits));
  if (maps) *maps = device.take_maps(kBesideSlot);
  return logits;
}

}  // namespace moescope
