// A slot for the newest value: the writer overwrites, the reader takes what is there. For what is looked at.
#pragma once

#include <mutex>
#include <utility>

namespace moescope {

template <class T>
class Mailbox {
 public:
  void post(T value) {
    {
      std::lock_guard lock(mutex_);
      std::swap(slot_, value);
      full_ = true;
    }
    // the old value dies here, outside the lock
  }
  /// Moves the newest value into `out`; false when nothing came since the last take.
  bool take(T& out) {
    std::lock_guard lock(mutex_);
    if (!full_) return false;
    out = std::move(slot_);
    full_ = false;
    return true;
  }

 private:
  std::mutex mutex_;
  T slot_{};
  bool full_ = false;
};

}  // namespace moescope
