// A queue between two threads: nothing is lost, order is kept. For what must be kept.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace moescope {

template <class T>
class Queue {
 public:
  void push(T value) {
    {
      std::lock_guard lock(mutex_);
      items_.push_back(std::move(value));
    }
    ready_.notify_one();
  }
  /// Everything queued so far, oldest first; empty when there is nothing. Never waits.
  std::deque<T> drain() {
    std::lock_guard lock(mutex_);
    return std::exchange(items_, {});
  }
  /// Like drain, but waits until something comes, the queue is closed, or the time is over.
  std::deque<T> wait_drain(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, at_most, [&] { return !items_.empty() || closed_; });
    return std::exchange(items_, {});
  }
  /// No more will come: wakes the reader for good.
  void close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }
  bool closed() const {
    std::lock_guard lock(mutex_);
    return closed_;
  }
  size_t size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<T> items_;
  bool closed_ = false;
};

}  // namespace moescope
