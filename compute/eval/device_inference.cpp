// A plan out of a pass's knobs and what-ifs; logits, routings and attention out of its result.
#include "compute/eval/device_inference.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "compute/core/error.h"
#include "compute/models/cost.h"
#include "compute/moe/intervention.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/records/config_fields.h"

namespace moescope {
namespace {

using device_api::kBesideSlot;
using device_api::kLookSlot;

/// What a plan and its input say of a what_if.
struct Interventions {
  std::vector<uint8_t> off;       // (MoE layers, E)
  std::vector<uint8_t> unit_off;  // (MoE layers, inputs, E), when ranks are drawn
  std::vector<device_api::ForcedToken> forced;
  std::vector<device_api::ReplacedExpert> replaced;
};

bool routes(const Pass& pass) { return pass.router->kind != RouterKind::dense; }

bool is_sparse(const Pass& pass) { return routes(pass) && pass.router->kind != RouterKind::soft; }

int64_t moe_index(const VisionTransformer& model, int64_t block) {
  const std::vector<int64_t>& blocks = model.moe_blocks();
  return std::find(blocks.begin(), blocks.end(), block) - blocks.begin();
}

struct SoftSlots {
  int64_t has = 0, takes = 0;  // of an expert of a Soft MoE layer: the model's, and those that this pass looks with
};
SoftSlots soft_slots(const VisionTransformer& model, const Pass& pass) {
  if (!routes(pass) || is_sparse(pass)) return {};
  const double slots = model_cost(model).expert_rows * static_cast<double>(group_images(model.config().router));
  const int64_t has = std::llround(slots) / pass.router->num_experts;
  return {has, pass.what_if ? slots_under(*pass.what_if, has) : has};
}

/// Experts kept at random are drawn here, as the CPU draws them.
void add_random_kept(const VisionTransformer& model, const Pass& pass, int64_t num_images,
                     std::vector<uint8_t>& unit_off) {
  Arena arena;
  Pass drawing = pass;
  drawing.image_tokens = model.tokens_per_image();
  for (const int64_t block : model.moe_blocks()) {
    Routing r;
    r.kind = pass.router->kind, r.layer = block, r.experts = pass.router->num_experts;
    r.total_tokens = num_images * drawing.image_tokens;
    start_interventions(drawing, std::min(group_images(*pass.router), num_images) * drawing.image_tokens, r, arena);
    choose_kept(drawing, r, arena);
    unit_off.insert(unit_off.end(), r.unit_off.u8(), r.unit_off.u8() + r.unit_off.size());
  }
}

Interventions interventions(const VisionTransformer& model, const Pass& pass, int64_t num_images,
                            device_api::StepPlan& plan) {
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
  plan.slots_per_expert = w.slots_per_expert ? soft_slots(model, pass).takes : 0;
  plan.given_kept = w.kept.by == KeepBy::random && w.kept.count > 0 && w.kept.count < pass.router->num_experts;
  if (plan.given_kept) add_random_kept(model, pass, num_images, all.unit_off);
  return all;
}

/// Blocks [begin, end): from the first to the last whose attention the pass wants.
struct Blocks {
  int64_t begin = 0, end = 0;
};

Blocks attended(const VisionTransformer& model, const Pass& pass) {
  Blocks wanted;
  for (int64_t block = 0; pass.attention_probabilities && block < model.config().model.depth; ++block) {
    if (pass.attention_probabilities[block].empty()) continue;
    if (wanted.end == 0) wanted.begin = block;
    wanted.end = block + 1;
  }
  return wanted;
}

void check_asked(const Pass& pass) {
  if (pass.experts_off) throw std::logic_error("a GPU program is asked with Pass::experts_off; ask with a what_if");
}

void begin(DeviceModel& device, const VisionTransformer& model, const Tensor& images, const Pass& pass, int slot,
           bool keep_maps, bool scored) {
  const int64_t tokens = model.tokens_per_image(), group = routes(pass) ? group_images(*pass.router) : 1;
  device_api::StepPlan plan = empty_plan();
  set_router(*pass.router, group * tokens, images.dim(0) * tokens, false, plan);
  plan.parts = 1;
  plan.images = images.dim(0);
  plan.keep_outputs = 1;
  plan.keep_logits = pass.observer != nullptr;
  plan.keep_scored = pass.observer && scored;
  plan.keep_routing = pass.observer || is_sparse(pass);  // to count what the experts did
  plan.keep_maps = keep_maps;
  const Blocks blocks = attended(model, pass);
  plan.attention_begin = blocks.begin, plan.attention_end = blocks.end;
  const Interventions changed = interventions(model, pass, images.dim(0), plan);
  device_api::StepInput input{};
  input.images = images.f32();
  input.off = changed.off.data(), input.unit_off = changed.unit_off.data(), input.forced = changed.forced.data();
  input.replaced = changed.replaced.data(), input.num_replaced = static_cast<int64_t>(changed.replaced.size());
  device.begin(slot, plan, input);
}

/// Rows that the experts of a Soft MoE layer take for so many images. `off`: by hand; empty: none.
int64_t soft_rows(const VisionTransformer& model, const Pass& pass, int64_t images, const std::vector<uint8_t>& off) {
  const int64_t experts = pass.router->num_experts, group = group_images(*pass.router);
  int64_t on = experts - std::count(off.begin(), off.end(), 1);
  if (pass.what_if && pass.what_if->kept.count > 0) on = std::min(on, pass.what_if->kept.count);
  return (images + group - 1) / group * soft_slots(model, pass).takes * on;
}

/// Into the pass's tensors, (images,heads,L,L) each.
void copy_attention(const DeviceModel& device, const VisionTransformer& model, const Pass& pass, int slot) {
  const Blocks blocks = attended(model, pass);
  if (blocks.begin == blocks.end) return;
  const Tensor maps = device.attention(slot, 0);
  for (int64_t block = blocks.begin; block < blocks.end; ++block) {
    const Tensor& to = pass.attention_probabilities[block];
    if (to.empty()) continue;
    const Tensor from = maps.row(block - blocks.begin);
    std::copy_n(from.f32(), from.size(), to.f32());
  }
}

/// Returns the rows that all experts took.
int64_t end(DeviceModel& device, const VisionTransformer& model, const Pass& pass, int slot, const Tensor& logits) {
  const device_api::StepResult result = device.end(slot);
  copy_attention(device, model, pass, slot);
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
void count_work(const VisionTransformer& model, const Pass& pass, int64_t images, int64_t rows) {
  const ModelCost cost = model_cost(model);
  const SoftSlots slots = soft_slots(model, pass);
  const auto layers = static_cast<double>(model.moe_blocks().size());
  // The CPU scores every slot, and mixes those that it looks with, 2 FLOPs a token and feature both ways.
  const double unmixed = 4.0 * static_cast<double>(pass.router->num_experts * (slots.has - slots.takes) *
                                                   model.tokens_per_image() * model.config().model.width);
  const double fixed = cost.forward_flops - layers * (cost.expert_rows * cost.row_flops + unmixed);
  count_flops(std::llround(fixed * static_cast<double>(images) + cost.row_flops * static_cast<double>(rows)));
}

Tensor finish(DeviceModel& device, const VisionTransformer& model, int64_t num_images, const Pass& pass, int slot,
              ImageMaps* maps) {
  const Tensor logits = pass.arena->make({num_images, model.image().classes});
  count_work(model, pass, num_images, end(device, model, pass, slot, logits));
  if (maps) *maps = device.take_maps(slot);
  return logits;
}

}  // namespace

bool intervenes(const WhatIf& w) {
  return !w.off.empty() || !w.forced.empty() || !w.replaced.empty() || w.kept.count > 0 || w.slots_per_expert;
}

Tensor infer_on_device(DeviceModel& device, const VisionTransformer& model, const Tensor& images, const Pass& pass,
                       ImageMaps* maps, bool scored) {
  check_asked(pass);
  // Replaced experts need values of their own.
  const int slot = pass.what_if && !pass.what_if->replaced.empty() ? kBesideSlot : kLookSlot;
  begin(device, model, images, pass, slot, maps != nullptr, scored);
  return finish(device, model, images.dim(0), pass, slot, maps);
}

void begin_inference(DeviceModel& device, const VisionTransformer& model, const Tensor& images, const Pass& pass,
                     bool keep_maps) {
  check_asked(pass);
  begin(device, model, images, pass, kBesideSlot, keep_maps, /*scored=*/false);
}

Tensor end_inference(DeviceModel& device, const VisionTransformer& model, int64_t num_images, const Pass& pass,
                     ImageMaps* maps) {
  return finish(device, model, num_images, pass, kBesideSlot, maps);
}

}  // namespace moescope
