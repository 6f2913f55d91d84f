// Full groups in one pass, what is left in another.
#include "compute/eval/device_inference.h"

#include <algorithm>

#include "compute/core/error.h"
#include "compute/models/cost.h"
#include "compute/moe/capacity.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/records/config_fields.h"

namespace moescope {
namespace {

/// Images [begin, end), routed in groups of `group` images.
void infer(DeviceModel& device, const Tensor& images, int64_t group_tokens, bool partial, const Pass& pass,
           const Tensor& logits) {
  if (images.dim(0) == 0) return;
  device_api::StepPlan plan = empty_plan();
  set_router(*pass.router, group_tokens, false, plan);
  if (partial && pass.router->kind != RouterKind::soft && pass.router->kind != RouterKind::dense)
    plan.capacity = partial_group_capacity(*pass.router, group_tokens, false);
  plan.parts = 1;
  plan.images = images.dim(0);
  plan.keep_outputs = 1;
  plan.keep_routing = plan.keep_logits = pass.observer != nullptr;
  device_api::StepInput input{};
  input.images = images.f32();
  device.begin(0, plan, input);
  const device_api::StepResult result = device.end(0);
  std::copy_n(result.logits, logits.size(), logits.f32());
  for (int64_t layer = 0; pass.observer && layer < device.num_layers(); ++layer)
    pass.observer->see(device.routing(0, 0, layer, *pass.router, *pass.arena));
}

}  // namespace

bool runs_on_device(const WhatIf& w) {
  return w.off.empty() && w.replaced.empty() && w.forced.empty() && w.kept.count == 0 && !w.slots_per_expert;
}

Tensor infer_on_device(DeviceModel& device, const VisionTransformer& model, const Tensor& images, const Pass& pass) {
  if (pass.what_if && !runs_on_device(*pass.what_if))
    throw ConfigError(
        "compute.device=cuda makes no interventions (experts off, kept, replaced or forced); use "
        "compute.device=cpu for them");
  const int64_t n = images.dim(0), group = group_images(*pass.router), tokens = model.tokens_per_image();
  const bool routes = pass.router->kind != RouterKind::dense;
  const int64_t whole = routes ? n / group * group : n;
  if (pass.observer && whole < n)
    throw ConfigError("compute.device=cuda does not show the routing of a group that the data's end cuts short");
  const Tensor logits = pass.arena->make({n, model.image().classes});
  infer(device, images.rows(0, whole), routes ? group * tokens : tokens, false, pass, logits.rows(0, whole));
  if (whole < n) infer(device, images.rows(whole, n), (n - whole) * tokens, true, pass, logits.rows(whole, n));
  count_flops(static_cast<int64_t>(model_cost(model).forward_flops) * n);
  return logits;
}

}  // namespace moescope
