// What the lanes of a mask do together, once all have come: shuffles, votes, the warp's barrier. And what ends or
// branches, which the warp itself carries out.
#include <algorithm>

#include "support/ptx/operations.h"

namespace moescope::cuda::ptx {
namespace {

enum class Shuffle { index, up, down, butterfly };

struct Source {
  unsigned lane;
  bool in_range;  // else a lane keeps its own value
};

/// As the PTX manual computes it: `bounds` has the last lane of a segment in its low bits, the segment's mask in bits 8
/// to 12.
template <Shuffle how>
Source source_of(unsigned lane, uint32_t by, uint32_t bounds) {
  const unsigned segment = bounds >> 8 & 31, last = (lane & segment) | (bounds & 31 & ~segment), first = lane & segment;
  by &= 31;
  if constexpr (how == Shuffle::index) {
    const unsigned from = first | (by & ~segment);
    return {from, from <= last};
  } else if constexpr (how == Shuffle::up) {
    return {lane - by, static_cast<int>(lane - by) >= static_cast<int>(last)};
  } else {
    const unsigned from = how == Shuffle::down ? lane + by : lane ^ by;
    return {from, from <= last};
  }
}

template <Shuffle how>
void shuffle(Warp& warp, const Instruction& i, uint32_t lanes) {
  uint64_t *const to = warp.slot(i.slots[0]), *const in_range = warp.slot(i.slots[1]);
  const uint64_t *const by = warp.slot(i.slots[3]), *const bounds = warp.slot(i.slots[4]);
  uint64_t values[kLanes];
  std::copy_n(warp.slot(i.slots[2]), kLanes, values);
  for_lanes(lanes, [&](unsigned lane) {
    const Source source = source_of<how>(lane, value_of<uint32_t>(by[lane]), value_of<uint32_t>(bounds[lane]));
    const unsigned from = source.in_range ? source.lane : lane;
    if ((lanes >> from & 1) == 0)
      throw Fault("a shuffle reads lane " + std::to_string(from) + ", which is not in mask", lane);
    to[lane] = values[from];
    in_range[lane] = source.in_range;
  });
}

uint32_t votes(Warp& warp, const Instruction& i, uint32_t lanes) {
  const uint64_t* const predicate = warp.slot(i.slots[1]);
  uint32_t result = 0;
  for_lanes(lanes, [&](unsigned lane) { result |= value_of<bool>(predicate[lane]) ? 1u << lane : 0; });
  return result;
}

enum class Vote { ballot, any, all };

template <Vote how>
void vote(Warp& warp, const Instruction& i, uint32_t lanes) {
  const uint32_t given = votes(warp, i, lanes);
  const uint64_t result = how == Vote::ballot ? given : how == Vote::any ? given != 0 : given == lanes;
  for_lanes(lanes, [&](unsigned lane) { warp.slot(i.slots[0])[lane] = result; });
}

void meet_at_barrier(Warp& warp, const Instruction&, uint32_t lanes) { warp.count_warp_barrier(lanes); }

}  // namespace

void add_warp_functions(Operations& to) {
  constexpr Flow kTogether = Flow::warp_function;
  to["shfl.sync.idx.b32"] = {shuffle<Shuffle::index>, 6, kTogether};
  to["shfl.sync.up.b32"] = {shuffle<Shuffle::up>, 6, kTogether};
  to["shfl.sync.down.b32"] = {shuffle<Shuffle::down>, 6, kTogether};
  to["shfl.sync.bfly.b32"] = {shuffle<Shuffle::butterfly>, 6, kTogether};
  to["vote.sync.ballot.b32"] = {vote<Vote::ballot>, 3, kTogether};
  to["vote.sync.any.pred"] = {vote<Vote::any>, 3, kTogether};
  to["vote.sync.all.pred"] = {vote<Vote::all>, 3, kTogether};
  to["bar.warp.sync"] = {meet_at_barrier, 1, kTogether};
  to["bar.sync"] = {nullptr, 1, Flow::block_barrier};
  to["bra"] = to["bra.uni"] = {nullptr, 0, Flow::branch};
  to["ret"] = to["exit"] = {nullptr, 0, Flow::end};
}

}  // namespace moescope::cuda::ptx
