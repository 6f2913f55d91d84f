// Kind "vit": a whole vision transformer with one mixture layer, class loss and auxiliary loss, forward and backward.
#include <cstring>
#include <string_view>
#include <vector>

#include "compute/conform/conform_device.h"
#include "compute/conform/conform_kinds.h"
#include "compute/conform/conform_routing.h"
#include "compute/core/error.h"
#include "compute/eval/parity.h"
#include "compute/models/vision_transformer.h"
#include "compute/ops/cross_entropy/cross_entropy.h"

namespace moescope {
namespace {

HeadKind head_named(const std::string& name) {
  if (name == "token") return HeadKind::token;
  if (name == "gap") return HeadKind::gap;
  if (name == "map") return HeadKind::map;
  throw FormatError("classifier " + name + " is unknown");
}

RunConfig run_config(const GoldenCase& golden) {
  const nlohmann::json& c = golden.config;
  RunConfig config;
  ModelConfig& m = config.model;
  m.patch = c.at("patch").get<int64_t>();
  m.width = golden.param("embed.b").size();
  m.depth = c.at("layers").get<int64_t>();
  m.heads = c.at("heads").get<int64_t>();
  m.head = head_named(c.at("classifier").get<std::string>());
  m.position = c.at("pos") == "learned" ? PositionKind::learned : PositionKind::sincos2d;
  m.qk_norm = c.at("qk_norm").get<bool>();
  m.representation = c.value("representation", int64_t{0});
  // The files hold one mixture layer in one of two blocks.
  const int64_t moe_layer = c.at("moe_layers").at(0).get<int64_t>(), dense_layer = 1 - moe_layer;
  m.mlp = golden.param("block" + std::to_string(dense_layer) + ".mlp.b1").size();
  m.moe_placement = MoePlacement::listed;
  m.moe_list = std::to_string(moe_layer);

  const std::string moe = "block" + std::to_string(moe_layer) + ".moe.";
  const Tensor& b1 = golden.param(moe + "b1");
  config.router = golden_knobs(c.at("moe"), b1.dim(0), golden.has("in.noise"));
  config.router.expert_mlp = b1.dim(1);
  if (config.router.kind == RouterKind::soft) config.router.slots_per_expert = golden.param(moe + "mu").dim(2);
  const Tensor& image = golden.in("image");
  const int64_t tokens = image.dim(1) / m.patch * (image.dim(2) / m.patch) + (m.head == HeadKind::token ? 1 : 0);
  config.router.group_images = c.at("moe").at("group_size").get<int64_t>() / tokens;
  config.train.micro_batch = config.train.batch_size = config.router.group_images * image.dim(0);
  return config;
}

/// Our projections are packed: the columns of ".wqkv" are the file's wq, wk, wv side by side.
struct Packed {
  std::string_view ending;
  std::vector<std::string> parts;
};
const Packed kPacked[] = {{".wqkv", {".wq", ".wk", ".wv"}},
                          {".bqkv", {".bq", ".bk", ".bv"}},
                          {".wkv", {".wk", ".wv"}},
                          {".bkv", {".bk", ".bv"}}};

/// The file's names for a parameter of ours, from left to right.
std::vector<std::string> file_names(const std::string& ours) {
  for (const Packed& p : kPacked) {
    if (!ours.ends_with(p.ending)) continue;
    std::vector<std::string> names;
    for (const std::string& part : p.parts) names.push_back(ours.substr(0, ours.size() - p.ending.size()) + part);
    return names;
  }
  return {ours};
}

/// Copies columns [first, first + wide) of `packed` (rows, columns) to or from a tensor of (rows, wide).
void copy_columns(const Tensor& packed, int64_t columns, int64_t first, const Tensor& part, bool to_packed) {
  const int64_t rows = packed.size() / columns, wide = part.size() / rows;
  for (int64_t i = 0; i < rows; ++i) {
    float *ours = packed.f32() + i * columns + first, *theirs = part.f32() + i * wide;
    std::memcpy(to_packed ? ours : theirs, to_packed ? theirs : ours, static_cast<size_t>(wide) * sizeof(float));
  }
}

template <class Use>
void for_parts(const Parameter& p, Use&& use) {
  const std::vector<std::string> names = file_names(p.name);
  const int64_t columns = p.shape.rank() == 0 ? 1 : p.shape[-1], wide = columns / static_cast<int64_t>(names.size());
  for (size_t i = 0; i < names.size(); ++i) use(names[i], columns, static_cast<int64_t>(i) * wide);
}

void load(const GoldenCase& golden, const ParameterSet& parameters) {
  for (const Parameter& p : parameters.all())
    for_parts(p, [&](const std::string& name, int64_t columns, int64_t first) {
      copy_columns(p.value, columns, first, golden.param(name), /*to_packed=*/true);
    });
}

void add_gradients(const GoldenCase& golden, const ParameterSet& parameters, GoldenResults& results) {
  for (const Parameter& p : parameters.all())
    for_parts(p, [&](const std::string& name, int64_t columns, int64_t first) {
      const Buffer part(golden.param(name).shape());
      copy_columns(p.gradient, columns, first, part, /*to_packed=*/false);
      results.add("grad.param." + name, part);
    });
}

/// The routing tensors live in the arena until the pass is over: the value can simply be kept.
struct KeepRouting : RoutingObserver {
  Routing routing;
  void see(const Routing& seen) override { routing = seen; }
};

LossKind loss_kind(const GoldenCase& golden) {
  return golden.config.at("loss") == "sigmoid_xent" ? LossKind::sigmoid : LossKind::softmax;
}

void run_on_device(const GoldenCase& golden, VisionTransformer& model, GoldenResults& results) {
  const Tensor &images = golden.in("image"), &labels = golden.in("labels");
  const auto pass = run_model_on_device(golden, model, loss_kind(golden));
  const double aux = pass->routing.weighted_aux, n = static_cast<double>(images.dim(0));
  results.add("out.logits_class", Tensor(const_cast<float*>(pass->result.logits), {images.dim(0), labels.dim(1)}));
  results.add("out.aux_total", aux);
  results.add("out.loss", pass->result.loss / n + aux);
  add_routing(pass->routing, model.config().router, results);
  results.add("grad.in.image", Tensor(const_cast<float*>(pass->result.input_gradient), images.shape()));
  add_gradients(golden, model.parameters(), results);
  results.parity = compare_layers(*pass->model, model, images, model.config().router, Precision::float32);
  results.parity->device = pass->model->description();
  results.parity->set = "the images of " + golden.name;
}

}  // namespace

void conform_vit(const GoldenCase& golden, GoldenResults& results) {
  const RunConfig config = run_config(golden);
  const Tensor &images = golden.in("image"), &labels = golden.in("labels");
  VisionTransformer model(config, {images.dim(1), images.dim(2), images.dim(3), labels.dim(1)});
  model.parameters().allocate(host_memory(), 0);
  load(golden, model.parameters());

  if (golden.device) return run_on_device(golden, model, results);
  Arena arena;
  KeepRouting seen;
  Pass pass;
  pass.arena = &arena;
  pass.router = &config.router;
  pass.training = pass.backward = true;
  pass.given_noise = golden.file.find("in.noise");
  pass.observer = &seen;
  const Tensor logits = model.forward(images, pass);
  const Tensor dlogits = arena.make(logits.shape()), dimages = arena.make(images.shape());
  const LossKind kind = loss_kind(golden);
  const double n = static_cast<double>(images.dim(0));
  const double class_loss = cross_entropy(kind, logits, labels, dlogits, static_cast<float>(1 / n)) / n;
  results.add("out.logits_class", logits);
  results.add("out.aux_total", model.aux_loss());
  results.add("out.loss", class_loss + model.aux_loss());
  add_routing(seen.routing, config.router, results);
  model.backward(dlogits, pass, 1.0, dimages);
  results.add("grad.in.image", dimages);
  add_gradients(golden, model.parameters(), results);
}

}  // namespace moescope
