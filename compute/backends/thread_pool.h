// Our own threads: they wait without spinning for long, because a window wants the same two cores.
//
// Work is split into one contiguous range per thread, always in the same way, so that with the same number of threads
// every sum is added in the same order and a run repeats bit for bit.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <type_traits>

namespace moescope {

class ThreadPool {
 public:
  explicit ThreadPool(int num_threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int num_threads() const { return num_threads_; }

  /// Calls body(begin, end, thread) once per thread on a part of [0, n); parts differ by at most one `grain`. Ranges
  /// begin at multiples of grain. Threads without work are not called. Returns when all are done. A call from inside a
  /// body, or while another thread uses the pool, runs the same parts one after the other: same results, no deadlock. What a body
  /// throws is thrown here when all parts are done; the first, if several throw.
  template <class Body>
  void parallel_for(int64_t n, int64_t grain, Body&& body) {
    using B = std::remove_reference_t<Body>;
    run(
        n, grain, [](void* b, int64_t begin, int64_t end, int thread) { (*static_cast<B*>(b))(begin, end, thread); },
        const_cast<void*>(static_cast<const void*>(&body)));
  }

 private:
  using Call = void (*)(void* body, int64_t begin, int64_t end, int thread);
  void run(int64_t n, int64_t grain, Call call, void* body);
  struct Shared;
  std::unique_ptr<Shared> shared_;
  int num_threads_;
};

/// From now on (or, false, no longer) the calling thread does all of its parallel_for by itself, on any pool: for work
/// beside the trainer, which keeps the pool. Results stay the same, since the parts do.
void work_alone_on_this_thread(bool alone);

/// The pool that ops on the CPU use. One per process; make_backend sizes it.
ThreadPool& cpu_pool();
void set_cpu_threads(int num_threads);  // from the next parallel_for on

/// parallel_for on cpu_pool().
template <class Body>
void parallel_for(int64_t n, int64_t grain, Body&& body) {
  cpu_pool().parallel_for(n, grain, std::forward<Body>(body));
}

}  // namespace moescope
