// Where an environment takes its chance from: a generator in earnest, a recorded sequence when a trace is followed.
#pragma once

#include <cstdint>

#include "compute/core/rng.h"

namespace moescope::rl {

class Draws {
 public:
  virtual ~Draws() = default;
  /// In [0, 1).
  virtual double uniform() = 0;
  /// A whole number in [low, high).
  virtual int64_t integer(int64_t low, int64_t high) = 0;
};

/// Drawn from a stream of its own; equal seeds give equal games.
class RandomDraws : public Draws {
 public:
  explicit RandomDraws(uint64_t seed, uint64_t stream = 0) : rng_(seed, kPurpose, 0, stream) {}
  double uniform() override { return rng_.uniform(); }
  int64_t integer(int64_t low, int64_t high) override { return low + rng_.below(high - low); }

 private:
  static constexpr RngPurpose kPurpose{100};  // from here on the numbers are this room's
  Rng rng_;
};

}  // namespace moescope::rl
