// A thread that does what it is given, in order, and something small in between at regular times.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace moescope {

class Worker {
 public:
  /// failed: told, on the thread, of what a task or a tick has thrown; the thread goes on. tick: called every `every`
  /// while nothing else is done; none: never.
  explicit Worker(std::function<void(std::string words)> failed, std::function<void()> tick = {},
                  std::chrono::milliseconds every = std::chrono::milliseconds(500));
  /// Waits for what is being done; what has not begun is never done.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void post(std::function<void()> task);

 private:
  void work();

  const std::function<void(std::string)> failed_;
  const std::function<void()> tick_;
  const std::chrono::milliseconds every_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool leaving_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace moescope
