// Memory for the insides of an op: grows to the largest size asked for and is kept, so a steady step allocates nothing.
#pragma once

#include "compute/core/arena.h"

namespace moescope {

/// Make one `thread_local` per use. The numbers are not kept from one call to the next.
class Scratch {
 public:
  /// At least n floats, 64-byte aligned, uninitialised.
  float* floats(int64_t n) {
    if (n > buffer_.size() || !buffer_.f32()) buffer_ = Buffer(Shape{n});
    return buffer_.f32();
  }
  float* zeros(int64_t n) {
    float* p = floats(n);
    for (int64_t i = 0; i < n; ++i) p[i] = 0;
    return p;
  }

 private:
  Buffer buffer_;
};

}  // namespace moescope
