// One atomic read a step is what being watched costs a run while nobody wants anything.
#include "app/doors/agent_training.h"

#include <utility>

#include "app/options/store_path.h"
#include "compute/core/clock.h"

namespace moescope {
namespace {

constexpr std::ptrdiff_t kMostMetrics = 20'000;  // a thousand reports or so

}  // namespace

AgentTraining::AgentTraining(rl::RlSetup setup, std::filesystem::path store, std::function<void()> news)
    : setup_(std::move(setup)), store_(std::move(store)), news_(std::move(news)) {
  setup_.after_step = [this](const rl::Agent& agent) { return between_steps(agent); };
  state_.exists = true;
  state_.name = setup_.config.name;
  thread_ = std::thread([this] { work(); });
}

AgentTraining::~AgentTraining() {
  {
    const std::lock_guard lock(mutex_);
    leaving_ = true;
    asked_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void AgentTraining::pause(bool paused) {
  {
    const std::lock_guard lock(mutex_);
    paused_ = state_.paused = paused;
    asked_ = true;
  }
  changed_.notify_all();
}

void AgentTraining::want_weights() {
  {
    const std::lock_guard lock(mutex_);
    weights_wanted_ = true;
    asked_ = true;
  }
  changed_.notify_all();
}

void AgentTraining::want_replay(int64_t transitions) {
  {
    const std::lock_guard lock(mutex_);
    replay_wanted_ = transitions;
    asked_ = true;
  }
  changed_.notify_all();
}

AgentTrainingState AgentTraining::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

AgentMetrics AgentTraining::take_metrics() {
  const std::lock_guard lock(mutex_);
  return std::exchange(metrics_, {});
}

// ---- the training thread's side

bool AgentTraining::between_steps(const rl::Agent& agent) {
  if (!asked_.load(std::memory_order_relaxed)) return true;
  std::unique_lock lock(mutex_);
  for (;;) {
    hand_out(agent, lock);
    if (leaving_) return false;
    if (!paused_) break;
    const auto begin = std::chrono::steady_clock::now();
    changed_.wait(lock, [this] { return leaving_ || !paused_ || is_wanted(); });
    run_->leave_out(secs_since(begin));
  }
  asked_ = false;
  return true;
}

void AgentTraining::after_the_end(const rl::Agent& agent) {
  std::unique_lock lock(mutex_);
  while (!leaving_) {
    hand_out(agent, lock);
    changed_.wait(lock, [this] { return leaving_ || is_wanted(); });
  }
}

void AgentTraining::hand_out(const rl::Agent& agent, std::unique_lock<std::mutex>& lock) {
  while (is_wanted()) {
    const bool weights = std::exchange(weights_wanted_, false);
    const int64_t transitions = std::exchange(replay_wanted_, 0);
    lock.unlock();  // copying takes a while, and whoever hears of it may ask for state()
    if (weights) {
      const Tensor& values = agent.learner().online().parameters().values();
      weights_.post(std::make_shared<const AgentWeights>(
          AgentWeights{agent.steps(), std::vector<float>(values.f32(), values.f32() + values.size())}));
      news_();
    }
    if (transitions > 0) {
      replay_.post(std::make_shared<const rl::ReplayExcerpt>(
          rl::take_excerpt(agent.replay(), agent.environment().info(), transitions)));
      news_();
    }
    lock.lock();
  }
}

void AgentTraining::carry(const rl::RlProgress& progress) {
  std::deque<Event> events = events_.drain();
  {
    const std::lock_guard lock(mutex_);
    std::vector<Metric>& kept = metrics_.metrics;
    for (const Event& event : events)
      if (const auto* taken = std::get_if<MetricsTaken>(&event))
        kept.insert(kept.end(), taken->metrics.begin(), taken->metrics.end());
    if (std::ssize(kept) > kMostMetrics) {  // nobody looks
      kept.erase(kept.begin(), kept.end() - kMostMetrics / 2);
      metrics_.of_another = true;
    }
    state_.state = progress.state, state_.message = progress.message;
    state_.steps = progress.steps, state_.episodes = progress.episodes;
    state_.recent_return = progress.recent_return, state_.steps_per_sec = progress.steps_per_sec;
    if (recorder_) {
      state_.run_id = recorder_->run_id();
      if (const std::string banner = recorder_->state().banner; !banner.empty()) state_.message = banner;
    }
  }
  for (Event& event : events) to_record_.push(std::move(event));
  news_();
}

void AgentTraining::fail(const std::string& message) {
  {
    const std::lock_guard lock(mutex_);
    state_.state = RunState::failed;
    state_.message = message;
  }
  news_();
}

void AgentTraining::train(rl::RlRun& run) {
  for (bool going = true; going;) {
    going = run.turn();
    bool leaving = false;
    {
      const std::lock_guard lock(mutex_);
      leaving = leaving_;
    }
    if (going && leaving) {
      run.finish(rl::kStoppedByRequest);
      going = false;
    }
    carry(run.progress());
  }
}

void AgentTraining::work() {
  try {
    rl::RlRun run(std::move(setup_), events_);
    run_ = &run;
    run.prepare();
    make_store_folder(store_);
    RecorderOptions recording;
    recording.store = store_;
    recording.beside = recording.wait_for_store = true;
    recorder_ = std::make_unique<Recorder>(to_record_, recording);
    carry(run.progress());
    try {
      train(run);
    } catch (const std::exception& error) {
      run.fail(error.what());
      carry(run.progress());
    }
    recorder_->close();
    if (const RecorderState state = recorder_->state(); state.num_waiting > 0) fail(state.banner);
    after_the_end(run.agent());
  } catch (const std::exception& error) { fail(error.what()); }
}

}  // namespace moescope
