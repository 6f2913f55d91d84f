// Chooses lanes, runs them until they branch or wait, and lets those go on that meet in a warp function.
#include "support/ptx/warp.h"

#include <algorithm>

#include "support/ptx/block.h"

namespace moescope::cuda::ptx {
namespace {

constexpr uint32_t kNowhere = 0xFFFFFFFFu;

std::string hex(uint32_t mask) {
  char text[16];
  snprintf(text, sizeof text, "%08x", mask);
  return text;
}

uint64_t special_value(const Kernel::SpecialSlot& special, const Block& block, unsigned thread) {
  const Launch& launch = block.launch();
  const auto axis = [&](dim3 of) { return special.axis == 0 ? of.x : special.axis == 1 ? of.y : of.z; };
  switch (special.what) {
    case Special::thread: return axis(launch.thread_index(thread));
    case Special::block_size: return axis(launch.threads);
    case Special::block: return axis(block.index());
    case Special::grid_size: return axis(launch.blocks);
    case Special::lane: return thread % kLanes;
  }
  return 0;
}

}  // namespace

Warp::Warp(Block& block, unsigned number)
    : block_(block),
      number_(number),
      slots_(size_t{kLanes} * block.launch().kernel->num_slots,
             ~uint64_t{0}) {  // NaN: what nobody set must not look right
  const unsigned left = block.launch().num_threads() - number * kLanes;
  present_ = left >= kLanes ? kEveryLane : (1u << left) - 1;
  for (const Kernel::Constant& constant : block.launch().kernel->constants)
    std::fill_n(slot(constant.slot), kLanes, constant.bits);
}

void Warp::start() {
  for (const Kernel::SpecialSlot& special : block_.launch().kernel->specials)
    for_lanes(present_,
              [&](unsigned lane) { slot(special.slot)[lane] = special_value(special, block_, thread(lane)); });
  ready_ = present_;
  at_barrier_ = at_function_ = 0;
  counter_.fill(0);
  warp_barriers_.fill(0);
}

const Instruction& Warp::instruction_of(unsigned lane) const { return block_.launch().kernel->code[counter_[lane]]; }

void Warp::pass_barrier() {
  for_lanes(at_barrier_, [&](unsigned lane) { ++counter_[lane]; });
  ready_ |= at_barrier_;
  at_barrier_ = 0;
}

void Warp::run(unsigned long budget) {
  while (ready_ != 0 && budget > 0) run_group(choose(), budget);
}

Warp::Group Warp::choose() const {
  const auto first = static_cast<unsigned>(std::countr_zero(ready_));
  uint32_t least = counter_[first], largest = least;
  for_lanes(ready_, [&](unsigned lane) {
    least = std::min(least, counter_[lane]);
    largest = std::max(largest, counter_[lane]);
  });
  if (least == largest) return {ready_, least, kNowhere};
  Group group{0, least, kNowhere};
  if (block_.launch().order == on_host::ThreadOrder::reverse) group.at = largest;
  if (block_.launch().order == on_host::ThreadOrder::random) {
    auto skip = block_.draw(static_cast<unsigned>(std::popcount(ready_)));
    for_lanes(ready_, [&](unsigned lane) { group.at = skip-- == 0 ? counter_[lane] : group.at; });
  }
  for_lanes(ready_, [&](unsigned lane) {
    if (counter_[lane] == group.at) group.lanes |= 1u << lane;
    if (counter_[lane] > group.at) group.stop = std::min(group.stop, counter_[lane]);
  });
  return group;
}

uint32_t Warp::passing_guard(const Instruction& i, uint32_t lanes) {
  if (i.guard == kNoSlot) return lanes;
  const uint64_t* const predicate = slot(i.guard);
  uint32_t set = 0;
  for (unsigned lane = 0; lane < kLanes; ++lane) set |= static_cast<uint32_t>(predicate[lane] & 1) << lane;
  return lanes & (i.guard_negated ? ~set : set);
}

void Warp::run_group(Group group, unsigned long& budget) {
  const std::vector<Instruction>& code = block_.launch().kernel->code;
  const bool has_others = group.lanes != ready_;
  uint32_t at = group.at;
  for (; at < group.stop && budget > 0; --budget) {
    const Instruction& i = code[at];
    current_ = &i;
    const uint32_t lanes = passing_guard(i, group.lanes), others = group.lanes & ~lanes;
    if (lanes == 0) {
      ++at;
      continue;
    }
    if (i.operation->flow == Flow::next) {
      i.operation->execute(*this, i, lanes);
      ++at;
      continue;
    }
    move(others, at + 1);
    if (i.operation->flow == Flow::branch) {
      if (others == 0 && !has_others) {
        at = i.target;
        continue;
      }
      move(lanes, i.target);
      return;
    }
    move(lanes, at);
    ready_ &= ~lanes;
    if (i.operation->flow == Flow::end) check_who_waits();
    if (i.operation->flow == Flow::block_barrier) at_barrier_ |= lanes;
    if (i.operation->flow == Flow::warp_function) {
      at_function_ |= lanes;
      meet(i, at, lanes);
    }
    return;
  }
  move(group.lanes, at);
}

uint32_t Warp::mask_of(unsigned lane) const {
  const Instruction& i = instruction_of(lane);
  const uint32_t slot_number = i.slots[i.operation->num_operands - 1u];
  return value_of<uint32_t>(slots_[size_t{kLanes} * slot_number + lane]) & present_;
}

void Warp::meet(const Instruction& i, uint32_t at, uint32_t arriving) {
  const uint64_t* const masks = slot(i.slots[i.operation->num_operands - 1u]);
  const auto mask_here = [&](unsigned lane) { return value_of<uint32_t>(masks[lane]) & present_; };
  for_lanes(arriving, [&](unsigned lane) { check_mask(lane, mask_here(lane)); });
  uint32_t here = 0;
  for_lanes(at_function_, [&](unsigned lane) { here |= counter_[lane] == at ? 1u << lane : 0; });
  while (here != 0) {
    const auto lane = static_cast<unsigned>(std::countr_zero(here));
    const uint32_t mask = mask_here(lane);
    uint32_t arrived = 0;
    for_lanes(here, [&](unsigned other) { arrived |= mask_here(other) == mask ? 1u << other : 0; });
    here &= ~arrived;
    if (arrived != mask) {  // the others will come, unless they wait elsewhere
      check_company(lane, mask, arrived);
      continue;
    }
    i.operation->execute(*this, i, mask);
    at_function_ &= ~mask;
    ready_ |= mask;
    move(mask, at + 1);
  }
}

void Warp::check_mask(unsigned lane, uint32_t mask) const {
  if ((mask >> lane & 1) == 0)
    throw Fault("lane " + std::to_string(lane) + " calls a warp function with mask " + hex(mask) + ", which lacks it",
                lane);
  if (const uint32_t missing = mask & returned(); missing != 0)
    throw Fault(
        "mask " + hex(mask) + " names lane " + std::to_string(std::countr_zero(missing)) + ", which has returned",
        lane);
}

void Warp::check_who_waits() {
  for_lanes(at_function_, [&](unsigned lane) {
    current_ = &instruction_of(lane);
    check_mask(lane, mask_of(lane));
  });
}

void Warp::check_company(unsigned lane, uint32_t mask, uint32_t arrived) const {
  for_lanes(mask & at_function_ & ~arrived, [&](unsigned other) {
    if ((mask_of(other) >> lane & 1) != 0)
      throw Fault("lanes of a warp meet in different warp functions: lane " + std::to_string(other) + " at " +
                      block_.place_of(instruction_of(other)),
                  lane);
  });
}

}  // namespace moescope::cuda::ptx
