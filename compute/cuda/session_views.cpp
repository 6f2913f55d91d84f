// What is seen of a step that has ended, where it stands in the page-locked memory of its slot.
#include "compute/cuda/session.h"

namespace moescope::cuda {

device_api::RoutingView Session::routing(int32_t number, int64_t part, int64_t layer) const {
  const Slot& slot = slots_[static_cast<size_t>(number)];
  const RoutingLayout& l = slot.out->routing.at(static_cast<size_t>(part * extents_.layers + layer));
  const auto f32 = [&](int64_t offset) {
    return offset < 0 ? nullptr : reinterpret_cast<const float*>(slot.host_out.data() + offset);
  };
  const auto i32 = [&](int64_t offset) {
    return offset < 0 ? nullptr : reinterpret_cast<const int32_t*>(slot.host_out.data() + offset);
  };
  return {f32(l.logits),       f32(l.noisy_logits), f32(l.clean_gates),
          f32(l.gates),        i32(l.expert),       i32(l.place),
          i32(l.chosen),       i32(l.slot_token),   f32(l.slot_weight),
          f32(l.group_losses), f32(l.group_sums),   f32(l.dispatch),
          f32(l.combine),      f32(l.scale),        reinterpret_cast<const uint8_t*>(i32(l.unit_off)),
          f32(l.scored)};
}

device_api::LayersView Session::layers(int32_t number, int64_t part) const {
  const Slot& slot = slots_[static_cast<size_t>(number)];
  const std::byte* at = slot.host_out.data() + slot.out->layers.at(static_cast<size_t>(part));
  return {reinterpret_cast<const float*>(at), num_layer_stretches(extents_),
          slot.plan.images * extents_.tokens * extents_.features};
}

device_api::AttentionView Session::attention_maps(int32_t number, int64_t part) const {
  const Slot& slot = slots_[static_cast<size_t>(number)];
  const std::byte* at = slot.host_out.data() + slot.out->attention.at(static_cast<size_t>(part));
  return {reinterpret_cast<const float*>(at), slot.plan.attention_end - slot.plan.attention_begin,
          attention_floats(slot.plan, extents_)};
}

std::string Session::attention() const {
  if (shape_.precision != Precision::bfloat16) return "attention by our own kernels in float32";
  if (!steps_.fused_attention) return "attention by our own kernels, as no cuDNN 9.13 or later is installed";
  const int version = cudnn_version();
  const std::string cudnn = "cuDNN " + std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100);
  const std::optional<bool> fused = steps_.network ? steps_.network->attention_is_fused() : std::nullopt;
  if (!fused) return "attention by " + cudnn + " where it has a plan";
  return *fused ? "attention by " + cudnn : "attention by our own kernels, as " + cudnn + " has no plan for its shape";
}

}  // namespace moescope::cuda
