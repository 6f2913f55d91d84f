// The copy is made outside the lock: the explorer never waits for it.
#include "compute/train/weight_exchange.h"

#include <cstring>
#include <utility>

namespace moescope {

void WeightExchange::set_waker(std::function<void()> published) {
  const std::lock_guard lock(mutex_);
  published_ = std::move(published);
}

void WeightExchange::ask(int64_t seen_version, std::unique_ptr<PublishedWeights> spare) {
  const std::lock_guard lock(mutex_);
  if (spare) spare_ = std::move(spare);
  wanted_above_.store(seen_version, std::memory_order_relaxed);
}

std::unique_ptr<PublishedWeights> WeightExchange::take() {
  const std::lock_guard lock(mutex_);
  return std::move(ready_);
}

void WeightExchange::publish(const VisionTransformer& model, PublishedWeights label) {
  std::unique_ptr<PublishedWeights> out;
  {
    const std::lock_guard lock(mutex_);
    out = std::move(spare_);
  }
  const Tensor& values = model.parameters().values();
  Buffer buffer = out && out->values.size() == values.size() ? std::move(out->values) : Buffer(values.shape());
  std::memcpy(buffer.f32(), values.f32(), static_cast<size_t>(values.bytes()));
  if (!out) out = std::make_unique<PublishedWeights>();
  *out = std::move(label);
  out->image = model.image();
  out->values = std::move(buffer);
  const std::lock_guard lock(mutex_);
  wanted_above_.store(kNothing, std::memory_order_relaxed);
  ready_ = std::move(out);
  if (published_) published_();
}

}  // namespace moescope
