// Buffers that go round.
#include "compute/cuda/kept_maps.h"

#include <algorithm>

namespace moescope::cuda {
namespace {

constexpr size_t kMostFree = 4;  // of sizes that nobody asks for any more, as when other images are watched

}  // namespace

std::unique_ptr<MapBuffer> MapPool::take(int64_t bytes) {
  std::unique_ptr<MapBuffer> taken, superfluous;
  {
    const std::lock_guard lock(mutex_);
    const auto fits =
        std::find_if(free_.begin(), free_.end(), [&](const auto& one) { return one->buffer.tensor().size() == bytes; });
    if (fits != free_.end()) {
      taken = std::move(*fits);
      free_.erase(fits);
    } else if (free_.size() > kMostFree) {
      superfluous = std::move(free_.front());
      free_.erase(free_.begin());
    }
  }
  return taken ? std::move(taken) : std::make_unique<MapBuffer>(bytes);
}

void MapPool::give_back(std::unique_ptr<MapBuffer> buffer) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(buffer));
}

KeptMaps::KeptMaps(std::shared_ptr<MapPool> pool, const OutputLayout& out, int64_t tokens, int64_t columns,
                   const void* from, const Stream& stream)
    : pool_(std::move(pool)),
      buffer_(pool_->take(out.maps_bytes)),
      layers_(out.maps),
      tokens_(tokens),
      columns_(columns) {
  buffer_->ready.hold(stream);  // an earlier look of another stream may still be filling it
  if (buffer_->was_read) buffer_->read.hold(stream);
  check(cudaMemcpyAsync(buffer_->buffer.tensor().data(), from, static_cast<size_t>(out.maps_bytes),
                        cudaMemcpyDeviceToDevice, stream),
        "cudaMemcpyAsync");
  buffer_->ready.record(stream);
}

KeptMaps::~KeptMaps() {
  if (buffer_) pool_->give_back(std::move(buffer_));
}

const float* KeptMaps::weights(int64_t layer, MapWeights kind) const {
  const MapLayout& at = layers_.at(static_cast<size_t>(layer));
  const int64_t offset = kind == MapWeights::dispatch  ? at.dispatch
                         : kind == MapWeights::combine ? at.combine
                                                       : at.gates;
  if (offset < 0) return nullptr;
  return reinterpret_cast<const float*>(static_cast<const std::byte*>(buffer_->buffer.tensor().data()) + offset);
}

void KeptMaps::end_reading(const Stream& stream) {
  buffer_->read.record(stream);
  buffer_->was_read = true;
}

}  // namespace moescope::cuda
