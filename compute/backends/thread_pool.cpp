// Workers sleep on a condition variable after a short spin; the caller takes the first part itself.
#include "compute/backends/thread_pool.h"

#include <omp.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace moescope {
namespace {

// About 20 microseconds: long enough to catch the next op of a step, short enough to leave the core to a window.
constexpr int kSpins = 2000;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

int64_t part_begin(int64_t n, int64_t grain, int parts, int part) {
  const int64_t units = (n + grain - 1) / grain;
  return std::min(n, (units * part / parts) * grain);
}

thread_local bool inside_body = false;
thread_local bool works_alone = false;

}  // namespace

struct ThreadPool::Shared {
  std::mutex in_use;  // one parallel_for at a time
  std::mutex mutex;
  std::condition_variable wake, done;
  std::atomic<uint64_t> generation{0};
  std::atomic<int> pending{0};
  bool stop = false;
  Call call = nullptr;
  void* body = nullptr;
  int64_t n = 0, grain = 1;
  std::exception_ptr failure;  // the first of this parallel_for; guarded by mutex
  std::vector<std::thread> workers;

  void run_part(int parts, int part) {
    const int64_t begin = part_begin(n, grain, parts, part), end = part_begin(n, grain, parts, part + 1);
    if (begin >= end) return;
    inside_body = true;
    try {
      call(body, begin, end, part);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
    inside_body = false;
  }

  void work(int parts, int part) {
    omp_set_num_threads(1);  // oneDNN called from here must not start a team of its own
    uint64_t seen = 0;
    for (;;) {
      uint64_t now = generation.load(std::memory_order_acquire);
      for (int spin = 0; now == seen && spin < kSpins; ++spin)
        relax(), now = generation.load(std::memory_order_acquire);
      if (now == seen) {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return generation.load(std::memory_order_acquire) != seen; });
        now = generation.load(std::memory_order_acquire);
      }
      seen = now;
      if (stop) return;
      run_part(parts, part);
      if (pending.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        std::lock_guard lock(mutex);
        done.notify_one();
      }
    }
  }
};

ThreadPool::ThreadPool(int num_threads) : shared_(std::make_unique<Shared>()), num_threads_(std::max(1, num_threads)) {
  for (int part = 1; part < num_threads_; ++part)
    shared_->workers.emplace_back([this, part] { shared_->work(num_threads_, part); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(shared_->mutex);
    shared_->stop = true;
    shared_->generation.fetch_add(1, std::memory_order_release);
  }
  shared_->wake.notify_all();
  for (std::thread& worker : shared_->workers) worker.join();
}

void ThreadPool::run(int64_t n, int64_t grain, Call call, void* body) {
  if (n <= 0) return;
  grain = std::max<int64_t>(1, grain);
  Shared& s = *shared_;
  const auto one_after_the_other = [&] {
    for (int part = 0; part < num_threads_; ++part) {
      const int64_t begin = part_begin(n, grain, num_threads_, part),
                    end = part_begin(n, grain, num_threads_, part + 1);
      if (begin < end) call(body, begin, end, part);
    }
  };
  struct SingleTeam {
    const int saved = omp_get_max_threads();
    SingleTeam() { omp_set_num_threads(1); }
    ~SingleTeam() {
      if (saved != 1) omp_set_num_threads(saved);
    }
  } const single_team;
  // A single grain would go to one worker while the caller waits: cheaper to do it here than to wake anybody.
  if (num_threads_ == 1 || n <= grain || inside_body || works_alone || !s.in_use.try_lock()) {
    one_after_the_other();
  } else {
    std::lock_guard in_use(s.in_use, std::adopt_lock);
    {
      std::lock_guard lock(s.mutex);
      s.call = call, s.body = body, s.n = n, s.grain = grain;
      s.pending.store(num_threads_ - 1, std::memory_order_relaxed);
      s.generation.fetch_add(1, std::memory_order_release);
    }
    s.wake.notify_all();
    s.run_part(num_threads_, 0);
    for (int spin = 0; s.pending.load(std::memory_order_acquire) != 0 && spin < kSpins; ++spin) relax();
    if (s.pending.load(std::memory_order_acquire) != 0) {
      std::unique_lock lock(s.mutex);
      s.done.wait(lock, [&] { return s.pending.load(std::memory_order_acquire) == 0; });
    }
    if (s.failure) std::rethrow_exception(std::exchange(s.failure, nullptr));
  }
}

void work_alone_on_this_thread(bool alone) { works_alone = alone; }

namespace {

/// Pools are kept for ever: somebody may still be inside the one that was in use before.
ThreadPool& pool_of(int num_threads) {
  static std::mutex mutex;
  static std::map<int, ThreadPool> pools;
  const std::lock_guard lock(mutex);
  return pools.try_emplace(num_threads, num_threads).first->second;
}

std::atomic<ThreadPool*>& pool_in_use() {
  static std::atomic<ThreadPool*> pool = &pool_of(static_cast<int>(std::thread::hardware_concurrency()));
  return pool;
}

}  // namespace

ThreadPool& cpu_pool() { return *pool_in_use(); }

void set_cpu_threads(int num_threads) { pool_in_use() = &pool_of(num_threads); }

}  // namespace moescope
