// One pass on each side; the CPU's layers are kept by an observer, the device's come back with the step.
#include "compute/eval/parity.h"

#include <algorithm>
#include <cmath>

#include "compute/core/error.h"
#include "compute/models/layer_observer.h"
#include "compute/ops/reduce/reduce.h"
#include "compute/records/config_fields.h"

namespace moescope {
namespace {

// float32: sums in another order err by about 1e-6 in each product, and a few dozen products follow each other.
// bfloat16: operands are rounded to 8 bits, by up to 2^-8, likewise. tf32: to 11 bits, by up to 2^-10 where a tensor
// core cuts them off rather than rounds: a quarter of it. (NUMERICS expects 1e-3 of a single product.)
constexpr double kFloatTolerance = 1e-4, kTf32Tolerance = 8e-3, kBfloatTolerance = 3e-2;

double tolerance_of(Precision precision) {
  return precision == Precision::bfloat16 ? kBfloatTolerance
         : precision == Precision::tf32   ? kTf32Tolerance
                                          : kFloatTolerance;
}

struct KeptLayers : LayerObserver {
  explicit KeptLayers(const VisionTransformer& watched) : model(watched) {}
  void see_embedding(const Tensor& x) override { keep("embedding", x); }
  void see_block(int64_t block, const Tensor& stream, const Tensor& branch) override {
    const std::string name = "block" + std::to_string(block);
    const std::vector<int64_t>& moe = model.moe_blocks();
    keep(name + ".attn", stream);
    keep(name + (std::find(moe.begin(), moe.end(), block) != moe.end() ? ".moe" : ".mlp"), stream);
    float* sum = layers.back().second.f32();
    for (int64_t i = 0; i < branch.size(); ++i) sum[i] += branch.f32()[i];
  }
  void see_normalized(const Tensor& x) override { keep("norm", x); }
  void keep(const std::string& name, const Tensor& x) {
    Buffer kept(x.shape());
    copy(x, kept);
    layers.emplace_back(name, std::move(kept));
  }
  const VisionTransformer& model;
  std::vector<std::pair<std::string, Buffer>> layers;
};

int64_t best(const Tensor& logits, int64_t row) {
  const float* begin = logits.f32() + row * logits.dim(1);
  return std::max_element(begin, begin + logits.dim(1)) - begin;
}

device_api::StepPlan plan_for(const VisionTransformer& model, const Tensor& images, const RouterConfig& knobs) {
  device_api::StepPlan plan = empty_plan();
  const int64_t group = knobs.kind == RouterKind::dense ? 1 : group_images(knobs);
  set_router(knobs, group * model.tokens_per_image(), false, plan);
  plan.parts = 1, plan.images = images.dim(0);
  plan.keep_outputs = plan.keep_layers = 1;
  return plan;
}

}  // namespace

LayerDeviation deviation_of(std::string layer, const Tensor& got, const Tensor& want, double tolerance) {
  LayerDeviation d;
  d.layer = std::move(layer);
  double difference = 0, size = 0;
  for (int64_t i = 0; i < want.size(); ++i) {
    const double a = static_cast<double>(got.f32()[i]), b = static_cast<double>(want.f32()[i]);
    if (const double distance = std::abs(a - b); !(distance <= d.max_abs) && !std::isnan(d.max_abs))
      d.max_abs = distance;
    difference += (a - b) * (a - b), size += b * b;
  }
  d.relative_rms = difference == 0 ? 0 : std::sqrt(difference / size);
  d.beyond = !(d.relative_rms <= tolerance);
  return d;
}

Parity compare_layers(DeviceModel& device, VisionTransformer& model, const Tensor& images, const RouterConfig& knobs,
                      Precision precision) {
  Arena arena;
  KeptLayers kept(model);
  Pass pass;
  pass.arena = &arena;
  pass.router = &knobs;
  pass.observer = &kept;
  const Tensor want = model.forward(images, pass);

  device_api::StepInput input{};
  input.images = images.f32();
  device.begin(device_api::kLookSlot, plan_for(model, images, knobs), input);
  const device_api::StepResult result = device.end(device_api::kLookSlot);
  const Tensor layers = device.layers(device_api::kLookSlot, 0),
               logits(const_cast<float*>(result.logits), want.shape(), DType::f32);

  Parity parity;
  parity.num_images = images.dim(0);
  parity.tolerance = tolerance_of(precision);
  for (size_t i = 0; i < kept.layers.size(); ++i)
    parity.layers.push_back(deviation_of(kept.layers[i].first,
                                         layers.rows(static_cast<int64_t>(i), static_cast<int64_t>(i) + 1),
                                         kept.layers[i].second, parity.tolerance));
  parity.layers.push_back(deviation_of("head", logits, want, parity.tolerance));
  for (int64_t i = 0; i < parity.num_images; ++i) parity.other_answers += best(logits, i) != best(want, i);
  return parity;
}

}  // namespace moescope
