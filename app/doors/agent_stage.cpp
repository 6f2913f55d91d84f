// The player's thread: asks in, views out, a step of the game whenever one is due.
#include "app/doors/agent_stage.h"

#include <cmath>
#include <map>
#include <utility>

#include "app/agents/episode_file.h"
#include "compute/backends/thread_pool.h"
#include "compute/core/clock.h"
#include "compute/records/error.h"

namespace moescope {
namespace {

using std::chrono::milliseconds;

constexpr auto kViewEvery = milliseconds(33);  // views a second that an eye can tell apart
constexpr auto kWeightsEvery = milliseconds(500);
constexpr auto kBetweenEpisodes = milliseconds(600);  // the last state stays so long
constexpr auto kBurst = milliseconds(8);              // as fast as it goes: so long between two looks around
constexpr int64_t kReplaySample = 512;

/// A move that does nothing, where the game has one: what a person who holds no key does.
int idle_move(const rl::EnvironmentInfo& info) {
  const auto found = std::find(info.actions.begin(), info.actions.end(), "none");
  return found == info.actions.end() ? 0 : static_cast<int>(found - info.actions.begin());
}

}  // namespace

AgentStage::AgentStage(std::filesystem::path store, std::filesystem::path folder, int64_t threads)
    : store_path_(std::move(store)), folder_(std::move(folder)), threads_(threads), thread_([this] { work(); }) {}

AgentStage::~AgentStage() {
  set_waker(nullptr);
  {
    const std::lock_guard lock(mutex_);
    leaving_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

// ---- the UI thread's side

void AgentStage::show() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(shown_, true)) return;
    news_ = true;
  }
  changed_.notify_all();
}

void AgentStage::rest() {
  const std::lock_guard lock(mutex_);
  shown_ = false;
}

void AgentStage::ask(AgentAsk ask) {
  {
    const std::lock_guard lock(mutex_);
    asks_.push_back(std::move(ask));
  }
  changed_.notify_all();
}

AgentTrainingState AgentStage::training() const {
  const std::lock_guard lock(mutex_);
  return training_ ? training_->state() : AgentTrainingState{};
}

AgentMetrics AgentStage::take_metrics() {
  const std::lock_guard lock(mutex_);
  return std::exchange(metrics_, {});
}

std::vector<std::string> AgentStage::drain_notices() {
  const std::lock_guard lock(mutex_);
  return std::exchange(notices_, {});
}

void AgentStage::set_waker(std::function<void()> wake_window) { wake_.set(std::move(wake_window)); }

// ---- the player's thread

void AgentStage::notice(std::string text) {
  {
    const std::lock_guard lock(mutex_);
    notices_.push_back(std::move(text));
  }
  wake_();
}

void AgentStage::work() {
  work_alone_on_this_thread(true);
  for (;;) {
    const bool news = wait();
    {
      const std::lock_guard lock(mutex_);
      if (leaving_) break;
    }
    try {
      take_asks();
      take_news(news);
      advance();
      if (view_due_ && Clock::now() >= next_view_) post_view();
    } catch (const std::exception& error) {
      playing_ = false;
      notice(error.what());
    }
  }
  std::shared_ptr<AgentTraining> last;
  {
    const std::lock_guard lock(mutex_);
    last = std::exchange(training_, nullptr);
  }
}

/// Until somebody asks, news came (then true), or something is due.
bool AgentStage::wait() {
  std::unique_lock lock(mutex_);
  Clock::time_point due = Clock::now() + milliseconds(500);
  if (shown_ && playing_ && spectator_) due = std::min(due, next_step_);
  if (shown_ && view_due_) due = std::min(due, next_view_);
  changed_.wait_until(lock, due, [this] { return leaving_ || news_ || !asks_.empty(); });
  return std::exchange(news_, false);
}

void AgentStage::take_asks() {
  for (bool any = false;; any = true) {
    AgentAsk ask;
    {
      const std::lock_guard lock(mutex_);
      if (asks_.empty()) {
        if (any) wake_();  // what was on view may be gone, the training paused
        return;
      }
      ask = std::move(asks_.front());
      asks_.pop_front();
    }
    std::visit([this](const auto& one) { handle(one); }, ask);
    view_due_ = true;
  }
}

/// The metrics of the run in training since the last look; the store's, when they were more than it keeps.
void AgentStage::take_curves() {
  AgentMetrics news = training_->take_metrics();
  if (const int64_t run_id = training_->state().run_id; news.of_another && run_id != 0) load_curves(run_id);
  const std::lock_guard lock(mutex_);
  // What the store has given is not told twice.
  std::map<std::string, int64_t> known;
  for (const Metric& metric : metrics_.metrics) known[metric.key] = std::max(known[metric.key], metric.step);
  for (Metric& metric : news.metrics)
    if (const auto last = known.find(metric.key); last == known.end() || metric.step > last->second)
      metrics_.metrics.push_back(std::move(metric));
}

/// `of_training`: it has something new.
void AgentStage::take_news(bool of_training) {
  bool shown = false;
  {
    const std::lock_guard lock(mutex_);
    shown = shown_;
  }
  if (!shown) return;
  if (Clock::now() >= next_lines_) read_lines();
  const std::shared_ptr<AgentTraining> training = training_;
  if (!training) return;
  if (live_) {
    take_curves();
    if (Clock::now() >= next_weights_) {
      training->want_weights();
      next_weights_ = Clock::now() + kWeightsEvery;
    }
  }
  std::shared_ptr<const AgentWeights> weights;
  if (network_ && training->take_weights(weights)) {
    std::copy(weights->values.begin(), weights->values.end(), network_->parameters().values().f32());
    if (live_ && !spectator_) spectator_ = std::make_unique<rl::Spectator>(*network_, kSeed), playing_ = true;
    if (live_) spectator_->set_weights_step(weights->step);
    view_due_ = true;
  }
  std::shared_ptr<const rl::ReplayExcerpt> excerpt;
  if (live_ && training->take_replay(excerpt)) value_replay(*excerpt);
  if (of_training) wake_();  // the numbers of the run
}

void AgentStage::advance() {
  if (!playing_ || !spectator_) return;
  {
    const std::lock_guard lock(mutex_);
    if (!shown_) return;
  }
  const auto begin = Clock::now();
  if (begin < next_step_) return;
  const bool slow = speed_ > 0;
  do {
    if (spectator_->over()) {
      spectator_->begin();
    } else if (by_hand_) {
      spectator_->step(held_ >= 0 ? held_ : idle_move(game_->info()));
    } else {
      spectator_->step();
    }
    view_due_ = true;
    const auto pause = std::chrono::duration<double>(slow ? 1 / speed_ : 0);
    // From the time that was due, unless it is long past: the pace stays even.
    next_step_ = std::max(next_step_, begin - milliseconds(100)) + std::chrono::duration_cast<Clock::duration>(pause);
    if (spectator_->over() && slow && speed_ <= 120) next_step_ = Clock::now() + kBetweenEpisodes;
  } while (Clock::now() < begin + kBurst && Clock::now() >= next_step_);
}

/// 0: it trains, and has no row in the store yet.
int64_t AgentStage::run_on_view() const { return live_ && training_ ? training_->state().run_id : stored_run_; }

void AgentStage::post_view() {
  view_due_ = false;
  if (!spectator_) return;
  const auto begin = Clock::now();
  auto view = std::make_shared<AgentView>(spectator_->view());
  view->serial = ++serial_;
  view->agent = agent_;
  view->live = live_;
  view->run_id = run_on_view();
  view->playing = playing_;
  view->by_hand = by_hand_;
  views_.post(std::move(view));
  next_view_ = begin + kViewEvery;
  wake_();
}

void AgentStage::value_replay(const rl::ReplayExcerpt& excerpt) {
  const rl::QNetwork& network = live_ ? *network_ : stored_->learner().online();
  auto view = std::make_shared<ReplayView>(rl::value_excerpt(excerpt, *game_, network));
  view->serial = ++serial_;
  replays_.post(std::move(view));
  wake_();
}

void AgentStage::step_by(int64_t steps) {
  playing_ = false;
  if (!spectator_) return;
  if (steps < 0) spectator_->go_to(spectator_->position() + steps);
  for (; steps > 0; --steps) spectator_->step();
}

void AgentStage::handle(const agent::Open& open) { open.run_id == 0 ? show_live() : show_stored(open.run_id); }

void AgentStage::handle(const agent::Train& train) {
  rl::RlSetup setup;
  setup.config = train.config;
  setup.config.threads = threads_;
  setup.beside = true;
  { const rl::Agent first(setup.config); }  // what cannot be is said before the run in training ends
  forget_agent();
  handle(agent::StopTraining{});
  auto training = std::make_shared<AgentTraining>(std::move(setup), store_path_, [this] {
    {
      const std::lock_guard lock(mutex_);
      news_ = true;
    }
    changed_.notify_all();
  });
  {
    const std::lock_guard lock(mutex_);
    training_ = std::move(training);
  }
  game_ = rl::make_environment(train.config);
  network_ = std::make_unique<rl::QNetwork>(train.config, game_->info().observation,
                                            static_cast<int64_t>(game_->info().actions.size()));
  show_live();
}

void AgentStage::handle(const agent::PauseTraining& pause) {
  if (training_) training_->pause(pause.paused);
}

void AgentStage::handle(const agent::StopTraining&) {
  std::shared_ptr<AgentTraining> last;
  {
    const std::lock_guard lock(mutex_);
    last = std::exchange(training_, nullptr);
  }
  if (last) last->pause(false);
  last.reset();  // waits until it is stored
  next_lines_ = {};
}

void AgentStage::handle(const agent::Play& play) {
  playing_ = play.on;
  next_step_ = Clock::now();
}

void AgentStage::handle(const agent::StepBy& step) { step_by(step.steps); }

void AgentStage::handle(const agent::GoTo& go) {
  playing_ = false;
  if (spectator_) spectator_->go_to(go.step);
}

void AgentStage::handle(const agent::SetSpeed& speed) {
  speed_ = speed.steps_per_sec;
  next_step_ = Clock::now();
}

void AgentStage::handle(const agent::SwitchOff& off) {
  if (spectator_) spectator_->switch_off(off.experts);
}

void AgentStage::handle(const agent::TakeOver& take) {
  by_hand_ = take.by_hand;
  held_ = -1;
}

void AgentStage::handle(const agent::Act& act) {
  if (!spectator_) return;
  by_hand_ = true;
  if (!playing_) spectator_->step(act.action);
}

void AgentStage::handle(const agent::BeginEpisode&) {
  if (spectator_) spectator_->begin();
}

void AgentStage::handle(const agent::OpenEpisode& open) {
  playing_ = false;
  if (spectator_) spectator_->open(open.index);
}

void AgentStage::handle(const agent::KeepEpisode&) {
  if (!spectator_) return;
  const std::filesystem::path path = write_episode(spectator_->episode(), run_on_view(), folder_);
  notice("episode kept as " + path.string() + "; `moescope rl play --episode` tells it again");
}

void AgentStage::handle(const agent::LookAtReplay&) {
  if (live_ && training_)
    training_->want_replay(kReplaySample);
  else if (stored_)
    value_replay(rl::take_excerpt(stored_->replay(), stored_->environment().info(), kReplaySample));
}

}  // namespace moescope
