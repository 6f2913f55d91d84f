// The insides of the machine, shared by its files: the block that runs, its threads, and who waits where.
#pragma once

#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "compute/cuda/on_host/access.h"
#include "compute/cuda/on_host/device.h"
#include "compute/cuda/on_host/fiber.h"

namespace moescope::cuda::on_host {

enum class State : unsigned char { fresh, ready, at_barrier, at_warp, done };

struct Thread {
  uint3 index{};
  int number = 0;
  State state = State::fresh;
  unsigned warp_barriers = 0;
  Place place{};  // where it waits
  Context context;
};

/// Lanes of a warp that meet in a warp function under one mask. Two sets of values, because a lane may be in the next
/// call while another still has to read from this one.
struct Meeting {
  unsigned mask = 0, arrived = 0, generation = 0;
  WarpCall call{};
  uint64_t value[2][32];
};

inline constexpr int kWarps = kMostThreads / 32;
inline constexpr int kMeetings = 8;               // masks in use at once in a warp
inline constexpr size_t kSharedLimit = 48 << 10;  // what every GPU gives a block without asking
inline constexpr size_t kSharedGap = 64;          // between arrays: an overrun hits no neighbour
inline constexpr size_t kSharedBytes = kSharedLimit + 64 * kSharedGap;

struct SharedArray {
  const void* site;
  size_t begin;
};

struct Machine {
  std::mutex one_grid;
  Stacks stacks;
  Thread threads[kMostThreads];
  Meeting meetings[kWarps][kMeetings];
  int num_meetings[kWarps] = {};
  Context host;
  Thread* current = nullptr;  // null while host code runs
  std::vector<int> order;     // of the block's threads
  size_t position = 0;        // in it
  int num_threads = 0, num_live = 0, num_at_barrier = 0;
  unsigned num_barriers = 0;
  unsigned long long num_launches = 0;
  ThreadOrder thread_order = ThreadOrder::forward;
  std::mt19937 random;
  Grid grid{};
  void (*call)(const void*) = nullptr;
  const char* arguments = nullptr;
  size_t argument_bytes = 0;
  unsigned block = 0;  // linear
  bool failed = false;
  std::string report;
  std::vector<SharedArray> shared_arrays;
  size_t shared_used = 0;
  AccessLog log;
  bool has_hooks = false;
  cudaError_t (*submit)(cudaStream_t, Work) = nullptr;
  alignas(128) char shared[kSharedBytes];
};

Machine& machine();
/// Records the report and leaves the grid; its fibers are dropped.
[[noreturn]] void fail(Place place, const std::string& what);
/// The current thread waits; others run until it is ready again.
void wait(State state, Place place);

}  // namespace moescope::cuda::on_host
