// A strict fake of the CUDA runtime and of cuBLASLt: what every file of it shares. For tests alone, never shipped.
//
// It proves how the library is called, not what the library computes. Work is queued, and runs as late as the API
// allows: when something waits for it, and then only what the wait needs. A seed runs other streams early and at random
// instead, which finds what overwrites a buffer too soon. New memory is NaN; sizes, directions and capture rules are
// checked; an error inside queued work is sticky, as on a device.
#pragma once

#include <cuda_runtime_api.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace cuda_fake {

using Work = std::function<cudaError_t()>;

enum class MemoryKind { device, pinned };

struct Allocation {
  size_t bytes = 0;
  MemoryKind kind = MemoryKind::device;
};

struct Event;

struct Operation {
  Work work;                       // empty: a wait or a record
  std::shared_ptr<uint64_t> wait;  // ticket of a record that must have been reached
  uint64_t ticket = 0;             // of this record; 0: none
};

struct Stream {
  std::deque<Operation> queue;
  struct Graph* capturing = nullptr;
  bool origin = false;  // of the capture
  uint64_t number = 0;  // in order of creation
};

struct Event {
  uint64_t ticket = 0;       // of the last record; 0: never recorded
  Stream* stream = nullptr;  // that it was recorded in
  struct Graph* captured = nullptr;
};

struct Graph {
  std::vector<Work> nodes;
  std::set<Stream*> joined;  // streams that must come back to the origin
  std::map<Stream*, bool> unjoined;
  bool broken = false;
};

/// All state. Calls hold `mutex`, so any thread may call.
struct World {
  std::recursive_mutex mutex;
  std::map<const std::byte*, Allocation> memory;
  std::set<Stream*> streams;
  std::set<Event*> events;
  std::set<Graph*> graphs, executables;
  std::set<uint64_t> reached;  // tickets
  uint64_t next_ticket = 1;
  std::map<std::thread::id, Graph*> captures;  // in progress, one a thread
  cudaError_t last = cudaSuccess, sticky = cudaSuccess;
  std::string message;  // of the last refusal, in words
  std::mt19937 random;
  uint64_t seed = 0, next_stream = 0;
  bool early = false;  // run work of other streams at random instead of as late as possible
  // what a test can change: see control()
  int64_t devices = 1, driver = 13000, memory_limit = int64_t{8} << 30, in_use = 0, most_in_use = 0;
  int64_t bytes_to_device = 0, bytes_to_host = 0, copies_to_fail = 0;
  int64_t launches = 0, lose_after = -1, host_waits = 0, ignored_waits = 0, waits_to_ignore = 0, graph_launches = 0;
  std::array<int64_t, 3> products{};  // asked of cuBLASLt, by what their operands are rounded to
  int64_t gl_device = -1, gl_writes = 0, gl_misuses = 0;
};

World& world();

/// Says why in world().message and makes it the last error.
cudaError_t refuse(cudaError_t error, const std::string& why);
/// An error that no call survives.
cudaError_t break_device(cudaError_t error, const std::string& why);
/// Success, or the sticky error.
cudaError_t healthy();

/// Queues work on a stream or adds it to the stream's capture.
cudaError_t submit(cudaStream_t stream, Work work);
/// The stream, or null with the error set when it is not one. The default stream is refused: the back end uses its own.
Stream* stream_of(cudaStream_t stream, const char* call);
/// True, with the capture broken, when a call that must not happen during a capture happens.
bool illegal_in_capture(const char* call);

/// Runs a stream's queue to its end, or until `ticket` is reached.
cudaError_t run(Stream& stream, uint64_t ticket = 0);
cudaError_t run_all();
/// With a seed: some of the queued work, at random.
void run_some();

/// The allocation that holds all of [p, p + bytes); null when none does.
const Allocation* holding(const void* p, size_t bytes);
/// Fills with 0xFF, a NaN in every format.
void poison(void* p, size_t bytes);

}  // namespace cuda_fake

/// For tests, found by name in a plug-in built on the fake. Sets "seed" (0: late), "devices", "driver", "memory"
/// (bytes), "lose_after" (launches until the device is lost; -1: never), "ignore_wait" (how many of the next event
/// waits are forgotten), "fail_copy" (how many of the next copies to the device are refused), "gl_device" (the device
/// that the OpenGL context runs on; -2: on none, as at the start), "reset" (all as at the start; memory stays). Reads
/// with value -1: "launches", "host_waits", "in_use", "most_in_use", "graph_launches", "bytes_to_device" (asked for),
/// "bytes_to_host" (done), "float32_products", "tf32_products", "bf16_products" (asked for), "gl_writes" (textures that
/// were mapped and came back), "gl_misuses". Returns the value, -1 for a name that is none of these.
extern "C" __attribute__((visibility("default"))) int64_t cuda_fake_control(const char* what, int64_t value);
extern "C" __attribute__((visibility("default"))) const char* cuda_fake_message();
