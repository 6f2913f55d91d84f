// Runs a grid: blocks in an order of choice, a block's threads as fibers that switch where they wait.
#include "compute/cuda/on_host/machine.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>

#include "compute/cuda/on_host/hooks.h"
#include "compute/cuda/on_host/machine_state.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes)
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes)
#endif

namespace moescope::cuda::on_host {

// The toolkit declares these for kernels as constants; they are set at each switch.
uint3 thread_index __asm__("threadIdx");
uint3 block_index __asm__("blockIdx");
dim3 block_size __asm__("blockDim");
dim3 grid_size __asm__("gridDim");
int warp_size __asm__("warpSize") = 32;

Machine& machine() {
  static Machine& one = *new Machine;  // outlives whoever still holds device memory at exit
  return one;
}

namespace {

std::string text_of(Place place) {
  const char* slash = std::strrchr(place.file, '/');
  return std::string(slash ? slash + 1 : place.file) + ":" + std::to_string(place.line);
}

std::string block_text() {
  return "block (" + std::to_string(block_index.x) + "," + std::to_string(block_index.y) + "," +
         std::to_string(block_index.z) + ")";
}

std::string who_waits_where() {
  const Machine& m = machine();
  std::string text;
  int listed = 0;
  for (int i = 0; i < m.num_threads && listed < 8; ++i) {
    const Thread& t = m.threads[i];
    if (t.state != State::at_barrier && t.state != State::at_warp) continue;
    text += " thread " + std::to_string(i) +
            (t.state == State::at_warp ? " in a warp function at " : " at a barrier at ") + text_of(t.place) + ";";
    ++listed;
  }
  return text;
}

void switch_to(Thread* to) {
  Machine& m = machine();
  Thread* from = m.current;
  m.current = to;
  if (to) thread_index = to->index;
  switch_context(from ? from->context : m.host, to ? to->context : m.host, from && from->state == State::done);
}

/// The next thread that can run, in the block's order; null when there is none.
Thread* next_thread() {
  Machine& m = machine();
  for (int tried = 0; tried < m.num_threads; ++tried) {
    if (++m.position >= m.order.size()) m.position = 0;
    Thread* t = &m.threads[m.order[m.position]];
    if (t->state == State::fresh || t->state == State::ready) return t;
  }
  return nullptr;
}

[[noreturn]] void run_threads() {
  context_entered();
  Machine& m = machine();
  for (;;) {
    Thread* me = m.current;
    me->state = State::ready;
    m.call(m.arguments);
    me->state = State::done;
    --m.num_live;
    if (m.num_at_barrier > 0)
      fail(m.grid.place, "barrier divergence: thread " + std::to_string(me->number) + " of " + block_text() +
                             " returns while " + std::to_string(m.num_at_barrier) + " threads wait at a barrier");
    Thread* next = next_thread();
    if (!next && m.num_live > 0)
      fail(m.grid.place,
           "deadlock in " + block_text() + ": threads wait for others that have returned:" + who_waits_where());
    if (next && next->state == State::fresh) {  // goes on in this fiber: a kernel without barriers never switches
      next->context = me->context;
      m.current = next;
      thread_index = next->index;
      continue;
    }
    m.stacks.give(me->context.stack);
    switch_to(next);
  }
}

void start_fiber(Thread* t) { make_context(t->context, machine().stacks.take(), run_threads); }

void start_block(unsigned x, unsigned y, unsigned z) {
  Machine& m = machine();
  block_index = {x, y, z};
  m.block = x + m.grid.blocks.x * (y + m.grid.blocks.y * z);
  for (int i = 0; i < m.num_threads; ++i) {
    Thread& t = m.threads[i];
    t.state = State::fresh;
    t.warp_barriers = 0;
    t.context = {};
  }
  std::fill(std::begin(m.num_meetings), std::end(m.num_meetings), 0);
  m.num_live = m.num_threads;
  m.num_at_barrier = 0;
  m.num_barriers = 0;
  m.position = m.order.size() - 1;
  if (m.thread_order == ThreadOrder::random) std::shuffle(m.order.begin(), m.order.end(), m.random);
  m.shared_arrays.clear();
  m.log.start_block(m.shared, kSharedBytes);
  m.shared_used = 0;
  ASAN_POISON_MEMORY_REGION(m.shared, kSharedBytes);
  if (m.grid.shared_bytes > 0) shared_array(nullptr, m.grid.shared_bytes, "dynamic");
}

void run_block() {
  Thread* first = next_thread();
  start_fiber(first);
  switch_to(first);
}

bool launchable(const Grid& g) {
  const size_t threads = static_cast<size_t>(g.threads.x) * g.threads.y * g.threads.z;
  return threads > 0 && threads <= static_cast<size_t>(kMostThreads) && g.threads.z <= 64 && g.blocks.x > 0 &&
         g.blocks.x <= 0x7FFFFFFFu && g.blocks.y > 0 && g.blocks.y <= 65535 && g.blocks.z > 0 && g.blocks.z <= 65535 &&
         g.shared_bytes <= kSharedLimit;
}

void lay_out_threads() {
  Machine& m = machine();
  const dim3 size = m.grid.threads;
  m.num_threads = static_cast<int>(size.x * size.y * size.z);
  m.order.resize(static_cast<size_t>(m.num_threads));
  std::iota(m.order.begin(), m.order.end(), 0);
  if (m.thread_order == ThreadOrder::reverse) std::reverse(m.order.begin(), m.order.end());
  for (int i = 0; i < m.num_threads; ++i) {
    const auto n = static_cast<unsigned>(i);
    m.threads[i].number = i;
    m.threads[i].index = {n % size.x, n / size.x % size.y, n / (size.x * size.y)};
  }
}

}  // namespace

void fail(Place place, const std::string& what) {
  Machine& m = machine();
  if (!m.failed) m.report = text_of(place) + ": " + what;
  m.failed = true;
  if (m.current) switch_to(nullptr);
  std::abort();  // only kernels fail
}

void wait(State state, Place place) {
  Machine& m = machine();
  m.current->state = state;
  m.current->place = place;
  Thread* next = next_thread();
  if (!next) fail(place, "deadlock in " + block_text() + ": every live thread waits:" + who_waits_where());
  if (next->state == State::fresh) start_fiber(next);
  switch_to(next);
}

void barrier(Place place) {
  Machine& m = machine();
  Thread* me = m.current;
  if (m.num_live < m.num_threads)
    fail(place, "barrier divergence: thread " + std::to_string(me->number) + " of " + block_text() + " waits but " +
                    std::to_string(m.num_threads - m.num_live) + " threads of the block have returned");
  if (++m.num_at_barrier < m.num_threads) return wait(State::at_barrier, place);
  for (int i = 0; i < m.num_threads; ++i) {
    Thread& t = m.threads[i];
    if (&t == me) continue;
    if (t.place.line != place.line || std::strcmp(t.place.file, place.file) != 0)
      fail(place, "barrier divergence: thread " + std::to_string(me->number) + " is here, thread " + std::to_string(i) +
                      " at " + text_of(t.place));
    t.state = State::ready;
  }
  m.num_at_barrier = 0;
  ++m.num_barriers;
  if (m.thread_order == ThreadOrder::random) std::shuffle(m.order.begin(), m.order.end(), m.random);
}

void* shared_array(const void* site, size_t bytes, const char* name) {
  Machine& m = machine();
  for (const SharedArray& a : m.shared_arrays)
    if (a.site == site) return m.shared + a.begin;
  const size_t begin = (m.shared_used + 15) / 16 * 16;
  const size_t gaps = m.shared_arrays.size() * kSharedGap;
  if (begin + bytes > kSharedLimit + gaps)
    fail(m.grid.place, std::string("shared array ") + name + " goes beyond the 48 KiB of a block");
  m.shared_arrays.push_back({site, begin});
  m.shared_used = begin + bytes + kSharedGap;
  ASAN_UNPOISON_MEMORY_REGION(m.shared + begin, bytes);
  std::memset(m.shared + begin, 0xff, bytes);  // NaN: what is left of the last block must not look right
  m.log.add_shared(m.shared + begin, bytes);
  return m.shared + begin;
}

void* dynamic_shared_array() {
  Machine& m = machine();
  if (m.grid.shared_bytes == 0)
    fail(m.grid.place, "the kernel uses dynamic shared memory and the launch gives it none");
  return m.shared;  // always the first
}

cudaError_t run_grid(const Grid& grid, void (*call)(const void*), const void* arguments, size_t bytes) {
  Machine& m = machine();
  const std::lock_guard lock(m.one_grid);
  if (!launchable(grid)) return cudaErrorInvalidConfiguration;
  m.grid = grid, m.call = call, m.arguments = static_cast<const char*>(arguments), m.argument_bytes = bytes;
  ++m.num_launches;
  m.stacks.reset();
  m.failed = false;
  lay_out_threads();
  grid_size = grid.blocks, block_size = grid.threads;
  std::vector<unsigned> blocks(static_cast<size_t>(grid.blocks.x) * grid.blocks.y * grid.blocks.z);
  std::iota(blocks.begin(), blocks.end(), 0u);
  if (m.thread_order == ThreadOrder::reverse) std::reverse(blocks.begin(), blocks.end());
  if (m.thread_order == ThreadOrder::random) std::shuffle(blocks.begin(), blocks.end(), m.random);
  for (unsigned b : blocks) {
    if (m.failed) break;
    start_block(b % grid.blocks.x, b / grid.blocks.x % grid.blocks.y, b / (grid.blocks.x * grid.blocks.y));
    run_block();
  }
  m.current = nullptr;
  return m.failed ? cudaErrorLaunchFailure : cudaSuccess;
}

cudaError_t submit_or_run(cudaStream_t stream, Work work) {
  Machine& m = machine();
  return m.submit ? m.submit(stream, std::move(work)) : work();
}

void set_submit(cudaError_t (*submit)(cudaStream_t stream, Work work)) { machine().submit = submit; }

void set_order(ThreadOrder order, unsigned seed) {
  machine().thread_order = order;
  machine().random.seed(seed);
}

const char* last_report() { return machine().report.c_str(); }
unsigned long long num_launches() { return machine().num_launches; }

}  // namespace moescope::cuda::on_host
