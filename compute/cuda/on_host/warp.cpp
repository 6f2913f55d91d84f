// Warp functions: lanes meet under their mask, leave a value and read another's.
#include "compute/cuda/on_host/machine_state.h"

namespace moescope::cuda::on_host {
namespace {

std::string hex(unsigned mask) {
  char text[16];
  snprintf(text, sizeof text, "%08x", mask);
  return text;
}

Meeting& meeting_of(int warp, unsigned mask, Place place) {
  Machine& m = machine();
  Meeting* idle = nullptr;
  for (int i = 0; i < m.num_meetings[warp]; ++i) {
    Meeting& one = m.meetings[warp][i];
    if (one.mask == mask) return one;
    if (one.arrived == 0) idle = &one;
  }
  if (m.num_meetings[warp] < kMeetings) idle = &m.meetings[warp][m.num_meetings[warp]++];
  if (!idle) fail(place, "more masks at once in a warp than the machine can hold");
  idle->mask = mask;
  idle->arrived = 0;
  return *idle;
}

/// The lane that `lane` reads from; itself where the hardware would leave the value alone.
int source_lane(WarpCall call, int lane, int argument, int width) {
  const int first = lane & ~(width - 1);
  switch (call) {
    case WarpCall::shuffle_index: return first + (argument & (width - 1));
    case WarpCall::shuffle_up: return lane - argument < first ? lane : lane - argument;
    case WarpCall::shuffle_down: return lane + argument >= first + width ? lane : lane + argument;
    case WarpCall::shuffle_xor: return (lane ^ argument) >= first + width ? lane : lane ^ argument;
    default: return lane;
  }
}

/// Waits until all lanes of the mask have come; returns the values they brought.
const uint64_t* meet(Thread* me, int warp, unsigned mask, WarpCall call, uint64_t value, Place place) {
  Machine& m = machine();
  const unsigned bit = 1u << (me->number & 31);
  Meeting& meeting = meeting_of(warp, mask, place);
  const unsigned set = meeting.generation & 1;
  if (meeting.arrived == 0)
    meeting.call = call;
  else if (meeting.call != call)
    fail(place, "lanes of a warp meet in different warp functions");
  meeting.value[set][me->number & 31] = value;
  meeting.arrived |= bit;
  if (meeting.arrived != mask) {
    wait(State::at_warp, place);
    return meeting.value[set];
  }
  meeting.arrived = 0;
  ++meeting.generation;
  for (int lane = 0; lane < 32; ++lane)
    if ((mask >> lane & 1) != 0 && lane != (me->number & 31)) m.threads[warp * 32 + lane].state = State::ready;
  return meeting.value[set];
}

}  // namespace

uint64_t warp_call(WarpCall call, unsigned mask, uint64_t value, int argument, int width, Place place) {
  Machine& m = machine();
  Thread* me = m.current;
  const int lane = me->number & 31, warp = me->number / 32, lanes = m.num_threads - warp * 32;
  if ((mask >> lane & 1) == 0)
    fail(place, "lane " + std::to_string(lane) + " calls a warp function with mask " + hex(mask) + ", which lacks it");
  if (lanes < 32) mask &= (1u << lanes) - 1;
  for (int other = 0; other < 32 && other < lanes; ++other)
    if ((mask >> other & 1) != 0 && m.threads[warp * 32 + other].state == State::done)
      fail(place, "mask " + hex(mask) + " names lane " + std::to_string(other) + ", which has returned");
  const uint64_t* values = meet(me, warp, mask, call, value, place);
  if (call == WarpCall::barrier) {
    ++me->warp_barriers;
    return 0;
  }
  if (call == WarpCall::ballot) {
    uint64_t bits = 0;
    for (int i = 0; i < 32; ++i)
      if ((mask >> i & 1) != 0) bits |= values[i] << i;
    return bits;
  }
  const int source = source_lane(call, lane, argument, width);
  if (source < 0 || source > 31 || (mask >> source & 1) == 0)
    fail(place, "a shuffle reads lane " + std::to_string(source) + ", which is not in mask " + hex(mask));
  return values[source];
}

}  // namespace moescope::cuda::on_host
