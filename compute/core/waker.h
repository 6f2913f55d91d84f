// Whom to wake when there is news: set by one thread, called by others.
#pragma once

#include <functional>
#include <mutex>
#include <utility>

namespace moescope {

class Waker {
 public:
  /// null: nobody. Waits for a call in progress, so that whoever takes the waker away is not called after that.
  void set(std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
  }
  void operator()() const {
    const std::lock_guard lock(mutex_);
    if (wake_) wake_();
  }

 private:
  mutable std::mutex mutex_;
  std::function<void()> wake_;
};

}  // namespace moescope
