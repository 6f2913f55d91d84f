// The routing weights of a look in memory of their own, for heat maps that are drawn while the next looks run.
//
// A look is a captured graph and leaves its weights where the next one will. They are copied from there into a buffer
// that nobody else holds, on the look's stream. Who draws waits for `ready`, and the next look that is given the buffer
// for `read`, both on the device: neither side's host waits for the other. As many buffers are made as are held at
// once, a handful: what the trainer shows, what waits to be taken, what the window shows.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "compute/cuda/gpu.h"
#include "compute/cuda/step_layout.h"

namespace moescope::cuda {

struct MapBuffer {
  explicit MapBuffer(int64_t bytes) : buffer(memory, {bytes}, DType::u8) {}
  DeviceMemory memory;
  Buffer buffer;
  Event ready, read;  // its copy was made; it was last drawn from
  bool was_read = false;
};

/// The buffers of a session that nobody holds. Any thread.
class MapPool {
 public:
  std::unique_ptr<MapBuffer> take(int64_t bytes);
  void give_back(std::unique_ptr<MapBuffer> buffer);

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<MapBuffer>> free_;
};

class KeptMaps {
 public:
  /// Copies the weights from `from`, where the step whose layout is `out` left them, behind the step on its stream.
  /// columns: of a layer's weights. Throws DeviceError out_of_memory.
  KeptMaps(std::shared_ptr<MapPool> pool, const OutputLayout& out, int64_t tokens, int64_t columns, const void* from,
           const Stream& stream);
  ~KeptMaps();
  KeptMaps(const KeptMaps&) = delete;
  KeptMaps& operator=(const KeptMaps&) = delete;

  /// (tokens, columns) of MoE layer `layer`; null: it has none of the kind.
  const float* weights(int64_t layer, MapWeights kind) const;
  int64_t tokens() const { return tokens_; }
  int64_t columns() const { return columns_; }
  /// What is queued on `stream` in between sees the weights, and they stay until it is done.
  void begin_reading(const Stream& stream) const { buffer_->ready.hold(stream); }
  void end_reading(const Stream& stream);

 private:
  std::shared_ptr<MapPool> pool_;
  std::unique_ptr<MapBuffer> buffer_;
  std::vector<MapLayout> layers_;
  int64_t tokens_, columns_;
};

}  // namespace moescope::cuda
