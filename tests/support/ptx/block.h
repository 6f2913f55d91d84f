// A grid as it is launched, and one of its blocks: warps that take turns, shared memory, the barrier.
#pragma once

#include <cuda_runtime_api.h>

#include <memory>
#include <random>

#include "compute/cuda/on_host/access.h"
#include "compute/cuda/on_host/machine.h"
#include "support/ptx/traffic.h"
#include "support/ptx/warp.h"

namespace moescope::cuda::ptx {

struct Launch {
  const Kernel* kernel = nullptr;
  dim3 blocks, threads;
  size_t dynamic_bytes = 0;
  std::vector<char> parameters;
  uint64_t number = 0;  // from 1
  on_host::ThreadOrder order = on_host::ThreadOrder::forward;
  std::mt19937* random = nullptr;
  on_host::AccessLog* log = nullptr;
  Traffic* traffic = nullptr;  // counted where there is one

  unsigned num_threads() const { return threads.x * threads.y * threads.z; }
  dim3 thread_index(unsigned thread) const {
    return {thread % threads.x, thread / threads.x % threads.y, thread / (threads.x * threads.y)};
  }
};

class Block {
 public:
  explicit Block(const Launch& launch);
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  /// Runs block `number` of the grid. Throws Fault, whose words name the place, the kernel and the thread.
  void run(unsigned number);

  const Launch& launch() const { return launch_; }
  dim3 index() const { return index_; }
  uint64_t shared_address() const { return reinterpret_cast<uintptr_t>(shared_.get()); }
  /// A random number below `end`.
  unsigned draw(unsigned end) const { return static_cast<unsigned>((*launch_.random)() % end); }
  /// "softmax.cu:18 (softmax.ptx:57)".
  std::string place_of(const Instruction& i) const;

  /// The access of a lane, checked: where it goes on this machine.
  char* access(const Warp& warp, unsigned lane, Space space, uint64_t address, size_t bytes, bool write, bool atomic);
  const char* parameter(uint64_t offset, size_t bytes, unsigned lane) const;

 private:
  Warp* next_warp();
  void pass_barrier();
  std::string who_waits_where() const;
  [[noreturn]] void fail(const Warp& warp, const Fault& fault) const;

  const Launch& launch_;
  dim3 index_;
  unsigned number_ = 0;
  uint32_t barriers_ = 0;
  std::vector<Warp> warps_;
  std::unique_ptr<char[]> shared_;  // new aligns to 16 bytes, as much as an access can ask for
};

}  // namespace moescope::cuda::ptx
