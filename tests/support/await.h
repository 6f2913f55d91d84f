// Waiting for another thread to have something to give: woken by it, never by the clock.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

namespace moescope {

/// Give wake() to whoever calls a waker; until() returns when the condition holds. False after a minute, which only a
/// hung thread or a machine with many times more work than cores needs.
class Await {
 public:
  std::function<void()> wake() {
    return [this] {
      {
        const std::lock_guard lock(mutex_);
        woken_ = true;
      }
      changed_.notify_all();
    };
  }
  bool until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!condition()) {
      std::unique_lock lock(mutex_);
      if (!changed_.wait_until(lock, end, [this] { return woken_; })) return condition();
      woken_ = false;
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

}  // namespace moescope
