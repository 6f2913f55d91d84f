// One thread and its line of tasks.
#include "app/tools/worker.h"

namespace moescope {

Worker::Worker(std::function<void(std::string)> failed, std::function<void()> tick, std::chrono::milliseconds every)
    : failed_(std::move(failed)), tick_(std::move(tick)), every_(every), thread_([this] { work(); }) {}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    leaving_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Worker::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  changed_.notify_one();
}

void Worker::work() {
  for (;;) {
    std::function<void()> task = tick_;
    {
      std::unique_lock lock(mutex_);
      const auto due = [this] { return leaving_ || !tasks_.empty(); };
      if (tick_)
        changed_.wait_for(lock, every_, due);
      else
        changed_.wait(lock, due);
      if (leaving_) return;
      if (!tasks_.empty()) {
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
    }
    if (!task) continue;
    try {
      task();
    } catch (const std::exception& error) { failed_(error.what()); }
  }
}

}  // namespace moescope
