// Runs grids, blocks in an order of choice, and knows the device memory that they may touch.
#include "support/ptx/machine.h"

#include <algorithm>
#include <mutex>
#include <numeric>

namespace moescope::cuda {
namespace ptx {
namespace {

struct Machine {
  std::mutex one_grid;
  on_host::AccessLog log;
  on_host::ThreadOrder order = on_host::ThreadOrder::forward;
  std::mt19937 random;
  std::string report;
  unsigned long long num_launches = 0;
  cudaError_t (*submit)(cudaStream_t, on_host::Work) = nullptr;
  TrafficTable* traffic = nullptr;
};

Machine& machine() {
  static Machine& one = *new Machine;  // outlives whoever still holds device memory at exit
  return one;
}

bool launchable(const Shape& s) {
  const size_t threads = size_t{s.threads.x} * s.threads.y * s.threads.z;
  return threads > 0 && threads <= 1024 && s.threads.z <= 64 && s.blocks.x > 0 && s.blocks.x <= 0x7FFFFFFFu &&
         s.blocks.y > 0 && s.blocks.y <= 65535 && s.blocks.z > 0 && s.blocks.z <= 65535;
}

std::string wrong_memory(const Kernel& kernel, const Shape& shape) {
  if (kernel.shared_bytes + shape.dynamic_bytes > kSharedLimit)
    return kernel.plain_name() + ": shared memory of " + std::to_string(kernel.shared_bytes + shape.dynamic_bytes) +
           " bytes goes beyond the 48 KiB of a block";
  if (kernel.uses_dynamic_shared && shape.dynamic_bytes == 0)
    return kernel.plain_name() + ": the kernel uses dynamic shared memory and the launch gives it none";
  return {};
}

std::vector<unsigned> order_of_blocks(const Shape& shape) {
  std::vector<unsigned> blocks(size_t{shape.blocks.x} * shape.blocks.y * shape.blocks.z);
  std::iota(blocks.begin(), blocks.end(), 0u);
  if (machine().order == on_host::ThreadOrder::reverse) std::reverse(blocks.begin(), blocks.end());
  if (machine().order == on_host::ThreadOrder::random) std::shuffle(blocks.begin(), blocks.end(), machine().random);
  return blocks;
}

}  // namespace

cudaError_t fail(const std::string& report) {
  machine().report = report;
  return cudaErrorLaunchFailure;
}

cudaError_t run_grid(const Kernel& kernel, const Shape& shape, std::vector<char> parameters) {
  Machine& m = machine();
  const std::lock_guard lock(m.one_grid);
  if (!launchable(shape)) return cudaErrorInvalidConfiguration;
  if (const std::string wrong = wrong_memory(kernel, shape); !wrong.empty()) return fail(wrong);
  Launch launch{&kernel, shape.blocks, shape.threads, shape.dynamic_bytes, std::move(parameters)};
  launch.number = ++m.num_launches;
  launch.order = m.order, launch.random = &m.random, launch.log = &m.log;
  if (m.traffic) launch.traffic = &(*m.traffic)[{kernel.file, kernel.plain_name()}];
  Block block(launch);
  try {
    for (const unsigned number : order_of_blocks(shape)) block.run(number);
  } catch (const Fault& fault) { return fail(fault.what()); }
  return cudaSuccess;
}

void count_traffic(TrafficTable* table) { machine().traffic = table; }

cudaError_t submit(cudaStream_t stream, on_host::Work work) {
  return machine().submit ? machine().submit(stream, std::move(work)) : work();
}

}  // namespace ptx

namespace on_host {

void set_order(ThreadOrder order, unsigned seed) {
  ptx::machine().order = order;
  ptx::machine().random.seed(seed);
}
void set_submit(cudaError_t (*submit)(cudaStream_t stream, Work work)) { ptx::machine().submit = submit; }
void register_allocation(void* p, size_t bytes) { ptx::machine().log.add(p, bytes); }
void unregister_allocation(void* p) { ptx::machine().log.remove(p); }
void mark_initialised(const void* p, size_t bytes) { ptx::machine().log.mark_initialised(p, bytes); }
const char* last_report() { return ptx::machine().report.c_str(); }
unsigned long long num_launches() { return ptx::machine().num_launches; }
bool reports_accesses() { return true; }

}  // namespace on_host
}  // namespace moescope::cuda
