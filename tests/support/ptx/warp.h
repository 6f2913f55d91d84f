// Thirty-two lanes with an instruction counter each. Those that stand at the same instruction run it together; of
// several such groups one is chosen by the thread order, the one furthest behind when it is `forward`, which brings
// diverged lanes back together as a compiler expects. A device may choose any.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>

#include "support/ptx/instruction.h"

namespace moescope::cuda::ptx {

class Block;

/// What a kernel did wrong; the lane that did, where it was one.
struct Fault : std::runtime_error {
  explicit Fault(const std::string& what, std::optional<unsigned> lane_ = std::nullopt)
      : std::runtime_error(what), lane(lane_) {}
  std::optional<unsigned> lane;
};

class Warp {
 public:
  Warp(Block& block, unsigned number);

  /// At the kernel's first instruction again.
  void start();
  /// Runs until no lane is ready or, about, for that many instructions.
  void run(unsigned long budget);

  uint32_t ready() const { return ready_; }
  uint32_t at_barrier() const { return at_barrier_; }
  uint32_t at_function() const { return at_function_; }
  uint32_t returned() const { return present_ & ~(ready_ | at_barrier_ | at_function_); }
  uint32_t present() const { return present_; }
  /// Lanes at the block's barrier go on.
  void pass_barrier();

  Block& block() { return block_; }
  uint64_t* slot(uint32_t number) { return &slots_[size_t{kLanes} * number]; }
  unsigned thread(unsigned lane) const { return number_ * kLanes + lane; }
  const Instruction& instruction_of(unsigned lane) const;
  /// The instruction that runs or ran last.
  const Instruction& current() const { return *current_; }

  uint32_t warp_barriers(unsigned lane) const { return warp_barriers_[lane]; }
  void count_warp_barrier(uint32_t lanes) {
    for_lanes(lanes, [&](unsigned lane) { ++warp_barriers_[lane]; });
  }

 private:
  /// Lanes at one instruction, and where it meets the next other lanes, going on without branches.
  struct Group {
    uint32_t lanes, at, stop;
  };
  Group choose() const;
  void run_group(Group group, unsigned long& budget);
  uint32_t passing_guard(const Instruction& i, uint32_t lanes);
  void move(uint32_t lanes, uint32_t to) {
    for_lanes(lanes, [&](unsigned lane) { counter_[lane] = to; });
  }
  /// Lets those go on whose mask is complete, now that some more lanes have come.
  void meet(const Instruction& i, uint32_t at, uint32_t arriving);
  uint32_t mask_of(unsigned lane) const;
  void check_mask(unsigned lane, uint32_t mask) const;
  /// Lanes have returned: nobody may wait for them.
  void check_who_waits();
  void check_company(unsigned lane, uint32_t mask, uint32_t arrived) const;

  Block& block_;
  unsigned number_;
  std::vector<uint64_t> slots_;
  uint32_t present_, ready_ = 0, at_barrier_ = 0, at_function_ = 0;
  std::array<uint32_t, kLanes> counter_{}, warp_barriers_{};
  const Instruction* current_ = nullptr;
};

}  // namespace moescope::cuda::ptx
