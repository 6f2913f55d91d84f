// One thread opens, starts, and then passes events on: to the recorder whole, to the window what it draws.
#include "app/doors/run_controller.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "app/doors/dropped_files.h"
#include "app/options/store_path.h"
#include "compute/core/error.h"
#include "compute/moe/reroute.h"
#include "sessions/checkpoints.h"
#include "sessions/run_reader.h"
#include "sessions/session_store.h"

namespace moescope {
namespace {

constexpr auto kLook = std::chrono::milliseconds(50);
/// What the window draws over the whole of a run.
const char* const kDrawnKeys[] = {"train/loss", "train/accuracy", "eval/test/accuracy", "eval/test/loss"};

template <class T>
void append(std::vector<T>& to, std::vector<T> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

RunController::RunController(PreparedRun run) : store_(run.store), run_(std::move(run)) {
  run_.setup.weights = weights_;
  explorer_.set_waker([this] { wake_(); });
  thread_ = std::thread([this] { work(); });
}

RunController::~RunController() {
  set_waker(nullptr);
  explorer_.set_waker(nullptr);
  {
    const std::lock_guard lock(mutex_);
    leaving_ = true;
    if (trainer_) trainer_->commands().push(Finish{});
  }
  thread_.join();
  if (trainer_) trainer_->join();
  if (recorder_) recorder_->close();
  images_.reset();  // its thread calls wake_: before the waker's lock goes
}

// ---- the UI thread's side

bool RunController::take(std::shared_ptr<const Snapshot>& out) {
  const std::lock_guard lock(mutex_);
  if (failure_) {
    out = std::exchange(failure_, nullptr);
    return true;
  }
  if (!trainer_) return false;
  const bool fresh = trainer_->snapshots().take(out);
  if (fresh) unnamed_ = out->run_id == 0 ? out : nullptr;
  const int64_t run_id = unnamed_ && recorder_ ? recorder_->run_id() : 0;
  if (run_id != 0) {  // the row was made after it; a run that stands still sends no other
    auto named = std::make_shared<Snapshot>(*std::exchange(unnamed_, nullptr));
    named->run_id = run_id;
    out = std::move(named);
    return true;
  }
  return fresh;
}

void RunController::send(Command command) {
  const std::lock_guard lock(mutex_);
  if (const auto* watch = std::get_if<Watch>(&command)) watched_ = *watch;
  if (const auto* rule = std::get_if<SetStopRule>(&command)) stop_rule_ = rule->rule;
  if (trainer_)
    trainer_->commands().push(std::move(command));
  else
    early_.push_back(std::move(command));
}

RunNews RunController::take_news() {
  const std::lock_guard lock(mutex_);
  return std::exchange(news_, {});
}

void RunController::branch(int64_t step) {
  const std::lock_guard lock(mutex_);
  branch_at_ = step;
}

std::vector<std::string> RunController::drain_notices() {
  const std::lock_guard lock(mutex_);
  return std::exchange(notices_, {});
}

const panels::GallerySource& RunController::gallery() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(gallery_changed_, false)) gallery_ = next_gallery_;
  return gallery_;
}

panels::StoreStatus RunController::store_status() {
  const std::lock_guard lock(mutex_);
  panels::StoreStatus status;
  status.name = store_.filename().string();
  if (!recorder_) return status;
  const RecorderState state = recorder_->state();
  if (state.num_stored > 0) status.saved_secs_ago = state.last_write_secs_ago;
  status.message = state.banner;
  return status;
}

void RunController::open_files(std::vector<std::string> paths) {
  for (std::string& path : paths) files_.push(std::move(path));
}

void RunController::set_waker(std::function<void()> wake_window) { wake_.set(std::move(wake_window)); }

void RunController::explore_checkpoint(int64_t checkpoint_id) {
  if (checkpoint_id < 0)
    explorer_.use_live();
  else
    explorer_.use([this, checkpoint_id] { return load_replica(checkpoint_id); });
}

RoutingMap RunController::reroute(const RoutingMap& map, const WhatIf& what_if, const RouterConfig& router,
                                  int64_t image) {
  return rerouted(map, what_if, router, image);
}

// ---- the explorer's thread

Replica RunController::load_replica(int64_t checkpoint_id) {
  std::shared_ptr<const Dataset> dataset;
  int64_t run_id = 0;
  {
    const std::lock_guard lock(mutex_);
    dataset = dataset_;
    if (recorder_) run_id = recorder_->run_id();
  }
  if (!dataset) throw UserError("the data set is still being opened; choose the checkpoint again in a moment");
  const SessionStore store(store_, SessionStore::Access::read);
  const std::vector<std::byte> bytes = load_checkpoint(store.database(), checkpoint_id);
  ModelLabel label;
  label.run_id = run_id;
  label.checkpoint_id = checkpoint_id;
  Replica replica = Replica::of_checkpoint(bytes, "checkpoint " + std::to_string(checkpoint_id), label, dataset);
  replica.label.text = "checkpoint of step " + std::to_string(replica.label.step);
  return replica;
}

// ---- the controller's own thread

void RunController::work() {
  do {
    try {
      start();
      follow();
    } catch (const std::exception& error) { fail(error.what()); }
  } while (begin_branch() || wait_for_branch());
}

/// A run that failed has left its trainer; what it stored can still be branched from. False when the window is leaving.
bool RunController::wait_for_branch() {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (leaving_) return false;
    }
    try {
      read_files();
      prepare_branch();
      if (next_) return begin_branch();
    } catch (const std::exception& error) { tell(error.what()); }
    std::this_thread::sleep_for(kLook);
  }
}

/// Until the trainer has left.
void RunController::follow() {
  Queue<Event>& events = trainer_->events();
  for (bool over = false; !over;) {
    over = events.closed();  // before the last look, so that nothing pushed earlier is missed
    carry(events.wait_drain(over ? std::chrono::milliseconds(0) : kLook));
    try {
      read_files();
      list_stored_steps();
      prepare_branch();
    } catch (const std::exception& error) { tell(error.what()); }  // what is recorded must not depend on these
  }
  to_record_->close();
}

/// Looks the wanted step up while the present run still trains: what is wrong with it costs nothing.
void RunController::prepare_branch() {
  std::optional<int64_t> step;
  std::optional<std::string> stop_rule = run_.setup.stop_rule;
  int64_t run_id = 0;
  {
    const std::lock_guard lock(mutex_);
    step = std::exchange(branch_at_, std::nullopt);
    if (stop_rule_) stop_rule = stop_rule_;
    if (recorder_) run_id = recorder_->run_id();
  }
  if (!step || next_) return;
  RunRequest request;
  request.store = store_.string();
  request.branch = std::to_string(run_id) + "@" + std::to_string(*step);
  try {
    next_ = prepare_run(request);
  } catch (const UserError& error) { return tell(error.what()); }
  next_->setup.dataset = run_.setup.dataset;
  next_->setup.other_data = run_.setup.other_data;
  next_->setup.weights = weights_;
  next_->setup.stop_rule = std::move(stop_rule);  // what is set now, not what the checkpoint was to end at
  next_->setup.start_paused = last_state_ != RunState::running;
  next_->setup.watched = run_.setup.watched;
  if (trainer_) trainer_->commands().push(Finish{});
}

/// Puts the prepared run in the place of the one that was left; false when there is none, or the window is leaving.
bool RunController::begin_branch() {
  if (!next_) return false;
  std::unique_ptr<TrainerThread> trainer;
  std::unique_ptr<Recorder> recorder;
  {
    const std::lock_guard lock(mutex_);
    if (leaving_) return false;
    trainer = std::move(trainer_), recorder = std::move(recorder_);
  }
  if (trainer) trainer->join();
  if (recorder) recorder->close();
  weights_->take();  // of the run that was left, should nobody have fetched them
  explorer_.use_live();
  run_ = std::move(*next_);
  next_.reset();
  listed_ = -1;
  const std::lock_guard lock(mutex_);
  news_ = {};
  news_.other_run = true;
  news_.checkpoints.emplace();
  if (watched_) early_.insert(early_.begin(), *watched_);
  return true;
}

void RunController::list_stored_steps() {
  const RecorderState state = recorder_->state();
  if (state.run_id == 0 || state.num_checkpoints == listed_) return;
  try {
    const SessionStore store(store_, SessionStore::Access::read);
    std::vector<CheckpointInfo> stored = list_checkpoints(store.database(), state.run_id);
    std::stable_sort(stored.begin(), stored.end(), [](const CheckpointInfo& a, const CheckpointInfo& b) {
      return std::pair(a.step, a.rolling) < std::pair(b.step, b.rolling);  // of one step, the one that stays
    });
    const auto same_step = [](const CheckpointInfo& a, const CheckpointInfo& b) { return a.step == b.step; };
    stored.erase(std::unique(stored.begin(), stored.end(), same_step), stored.end());
    listed_ = state.num_checkpoints;
    const std::lock_guard lock(mutex_);
    news_.checkpoints = std::move(stored);
  } catch (const StoreError& error) {  // asked again at the next look
    if (std::exchange(listing_trouble_, error.what()) != error.what()) tell(error.what());
    return;
  }
  listing_trouble_.clear();
  wake_();
}

void RunController::tell(std::string notice) {
  {
    const std::lock_guard lock(mutex_);
    notices_.push_back(std::move(notice));
  }
  wake_();
}

void RunController::start() {
  make_store_folder(store_);
  if (!run_.setup.dataset) run_.setup.dataset = open_dataset(run_.setup.config.data);
  {
    const std::lock_guard lock(mutex_);
    dataset_ = run_.setup.dataset;
  }
  if (!images_) {
    publish_gallery(*run_.setup.dataset);
    for (const std::string& note : notes_before(run_, run_.setup.dataset->info())) tell(note);
  }
  load_history();
  RecorderOptions recording;
  recording.store = store_;
  recording.resume = run_.resume;
  recording.wait_for_store = true;  // a store held by another program is a banner, not the end of training
  to_record_ = std::make_unique<Queue<Event>>();
  auto recorder = std::make_unique<Recorder>(*to_record_, recording);
  run_.setup.run_id = [recorder = recorder.get()] { return recorder->run_id(); };  // the trainer leaves first
  auto trainer = std::make_unique<TrainerThread>(run_.setup);
  const std::lock_guard lock(mutex_);
  trainer_ = std::move(trainer);
  recorder_ = std::move(recorder);
  for (Command& command : early_) trainer_->commands().push(std::move(command));
  early_.clear();
  if (leaving_) trainer_->commands().push(Finish{});
}

/// The curves of a run that goes on, or that branched from another, begin where the first one began, with the marks of
/// what was changed.
void RunController::load_history() {
  if (!run_.history) return;
  const SessionStore store(store_, SessionStore::Access::read);
  const RunReader reader(store);
  RunNews past;
  for (const char* key : kDrawnKeys) {
    const MetricSeries series = reader.load_metrics(run_.history->run_id, key, 0, run_.history->step);
    for (size_t i = 0; i < series.steps.size(); ++i)
      past.metrics.push_back({key, series.steps[i], series.wall_secs[i], series.values[i]});
  }
  past.applied = reader.load_run(run_.history->run_id).commands;
  std::erase_if(past.applied, [&](const CommandApplied& one) { return one.step > run_.history->step; });
  const std::lock_guard lock(mutex_);
  append(news_.metrics, std::move(past.metrics));
  append(news_.applied, std::move(past.applied));
}

void RunController::carry(std::deque<Event> events) {
  if (events.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    for (const Event& event : events) {
      if (const auto* taken = std::get_if<MetricsTaken>(&event)) append(news_.metrics, taken->metrics);
      if (const auto* command = std::get_if<CommandApplied>(&event)) news_.applied.push_back(*command);
      if (const auto* changed = std::get_if<StateChanged>(&event)) last_state_ = changed->state;
    }
  }
  for (Event& event : events) to_record_->push(std::move(event));
  wake_();
}

void RunController::read_files() {
  for (const std::string& dropped : files_.drain()) {
    DroppedFiles found;
    try {
      found = files_of_dropped(dropped);
    } catch (const DataError& error) { tell(error.what()); }
    if (found.num_left_out > 0)
      tell("the first " + std::to_string(found.files.size()) + " images of " + dropped + " are shown, " +
           std::to_string(found.num_left_out) + " are left out; drop single files to see those");
    for (const std::string& path : found.files) try {
        WatchedImage image = read_dropped(path);
        const std::lock_guard lock(mutex_);
        next_gallery_.own.push_back(std::move(image));
        gallery_changed_ = true;
      } catch (const DataError& error) { tell(error.what()); }
    wake_();
  }
}

void RunController::publish_gallery(const Dataset& dataset) {
  auto images = std::make_unique<GalleryImages>(run_.setup.dataset, [this] { wake_(); });
  const std::shared_ptr<const Dataset> data = run_.setup.dataset;
  const std::lock_guard lock(mutex_);
  images_ = std::move(images);
  next_gallery_.count = dataset.info().num_test;
  next_gallery_.name = dataset.info().name + ", test set";
  next_gallery_.pixels = [this](int64_t index) { return images_->pixels(index); };
  next_gallery_.label = [data](int64_t index) { return int64_t{data->label(Split::test, index)}; };
  gallery_changed_ = true;
}

void RunController::fail(const std::string& message) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->state = RunState::failed;
  snapshot->message = message;
  snapshot->config = run_.setup.config;
  {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(snapshot);
  }
  wake_();
}

}  // namespace moescope
