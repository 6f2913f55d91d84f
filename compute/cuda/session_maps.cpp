// What heat maps show stays on the device: into the slot while the step runs, from there into memory of its own.
#include "compute/cuda/session.h"

namespace moescope::cuda {
namespace {

constexpr int64_t kFloat = sizeof(float);

}  // namespace

void Session::queue_maps(const Run& run, const Slot& slot) const {
  const RoutingLayout sizes = routing_sizes(slot.plan, extents_);
  for (size_t layer = 0; layer < slot.out->maps.size(); ++layer) {
    const device_api::RoutingView from = slot.lane->network->mixtures()[layer]->routing();
    const MapLayout& to = slot.out->maps[layer];
    const auto keep = [&](const float* weights, int64_t offset, int64_t size) {
      if (offset >= 0) run.copy(weights, device_out(slot, slot.out->maps_begin + offset), size * kFloat);
    };
    keep(from.dispatch, to.dispatch, sizes.dispatch);
    keep(from.combine, to.combine, sizes.combine);
    keep(from.gates, to.gates, sizes.gates);
  }
}

/// Without room for them the look goes on, and take_maps says it.
void Session::keep_maps(Slot& slot) {
  slot.maps.reset();
  if (slot.out->maps_bytes == 0) return;
  const int64_t tokens = slot.plan.images * extents_.tokens;
  const int64_t columns =
      extents_.experts * (shape_.router == RouterKind::soft ? slots_per_expert(slot.plan, extents_) : 1);
  try {
    slot.maps = std::make_unique<KeptMaps>(maps_, *slot.out, tokens, columns, device_out(slot, slot.out->maps_begin),
                                           slot.lane->stream);
  } catch (const DeviceError& error) {
    if (error.fault != device_api::Fault::out_of_memory) throw;
  }
}

std::unique_ptr<KeptMaps> Session::take_maps(int32_t number) {
  Slot& slot = slots_[static_cast<size_t>(number)];
  if (slot.plan.keep_maps && slot.out->maps_bytes > 0 && !slot.maps)
    throw DeviceError(device_api::Fault::out_of_memory, "no room beside the model");
  return std::move(slot.maps);
}

}  // namespace moescope::cuda
