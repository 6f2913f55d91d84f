// Full groups in one pass, what is left in another.
#include "compute/eval/device_inference.h"

#include <algorithm>
#include <stdexcept>

#include "compute/core/error.h"
#include "compute/models/cost.h"
#include "compute/moe/capacity.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/records/config_fields.h"

namespace moescope {
namespace {

using device_api::kLookSlot;

/// What a plan and its input say of a what_if.
struct Interventions {
  std::vector<uint8_t> off;  // (MoE layers, E)
  std::vector<device_api::ForcedToken> forced;
};

Interventions interventions(const VisionTransformer& model, const Pass& pass, device_api::StepPlan& plan) {
  Interventions all;
  if (!pass.what_if) return all;
  const WhatIf& w = *pass.what_if;
  const std::vector<int64_t>& blocks = model.moe_blocks();
  for (const int64_t block : blocks) {
    std::vector<uint8_t> off = experts_off(w, block, pass.router->num_experts);
    off.resize(static_cast<size_t>(pass.router->num_experts));
    all.off.insert(all.off.end(), off.begin(), off.end());
  }
  for (const PatchForced& one : w.forced) {
    const auto layer = std::find(blocks.begin(), blocks.end(), one.layer) - blocks.begin();
    all.forced.push_back({layer, one.patch + (model.has_class_token() ? 1 : 0), one.expert});
  }
  plan.experts_off = !w.off.empty();
  plan.num_forced = static_cast<int64_t>(all.forced.size());
  plan.kept = w.kept.count;
  plan.kept_by_load = w.kept.by == KeepBy::load;
  return all;
}

/// Images [begin, end), routed in groups of `group` images.
void infer(DeviceModel& device, const VisionTransformer& model, const Tensor& images, int64_t group_tokens,
           bool partial, const Pass& pass, const Tensor& logits) {
  if (images.dim(0) == 0) return;
  device_api::StepPlan plan = empty_plan();
  set_router(*pass.router, group_tokens, false, plan);
  if (partial && pass.router->kind != RouterKind::soft && pass.router->kind != RouterKind::dense)
    plan.capacity = partial_group_capacity(*pass.router, group_tokens, false);
  plan.parts = 1;
  plan.images = images.dim(0);
  plan.keep_outputs = 1;
  plan.keep_routing = plan.keep_logits = pass.observer != nullptr;
  const Interventions changed = interventions(model, pass, plan);
  device_api::StepInput input{};
  input.images = images.f32();
  input.off = changed.off.data(), input.forced = changed.forced.data();
  device.begin(kLookSlot, plan, input);
  const device_api::StepResult result = device.end(kLookSlot);
  std::copy_n(result.logits, logits.size(), logits.f32());
  for (int64_t layer = 0; pass.observer && layer < device.num_layers(); ++layer)
    pass.observer->see(device.routing(kLookSlot, 0, layer, *pass.router, *pass.arena));
}

}  // namespace

bool intervenes(const WhatIf& w) { return !w.off.empty() || !w.forced.empty() || w.kept.count > 0; }

bool runs_on_device(const WhatIf& w) {
  const bool random = w.kept.count > 0 && w.kept.by == KeepBy::random;
  return w.replaced.empty() && !w.slots_per_expert && !random;
}

Tensor infer_on_device(DeviceModel& device, const VisionTransformer& model, const Tensor& images, const Pass& pass) {
  if (pass.experts_off) throw std::logic_error("a GPU program is asked with Pass::experts_off; ask with a what_if");
  if (pass.what_if && !runs_on_device(*pass.what_if))
    throw ConfigError(
        "compute.device=cuda replaces no experts, keeps none at random and takes no slots away; use compute.device=cpu "
        "for that");
  const int64_t n = images.dim(0), group = group_images(*pass.router), tokens = model.tokens_per_image();
  const bool routes = pass.router->kind != RouterKind::dense;
  const int64_t whole = routes ? n / group * group : n;
  if (pass.observer && pass.what_if && intervenes(*pass.what_if))
    throw ConfigError("compute.device=cuda does not show the routing that an intervention changes");
  if (pass.observer && whole < n)
    throw ConfigError("compute.device=cuda does not show the routing of a group that the data's end cuts short");
  const Tensor logits = pass.arena->make({n, model.image().classes});
  infer(device, model, images.rows(0, whole), routes ? group * tokens : tokens, false, pass, logits.rows(0, whole));
  if (whole < n) infer(device, model, images.rows(whole, n), (n - whole) * tokens, true, pass, logits.rows(whole, n));
  count_flops(static_cast<int64_t>(model_cost(model).forward_flops) * n);
  return logits;
}

}  // namespace moescope
