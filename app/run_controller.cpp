// One thread opens, starts, and then passes events on: to the recorder whole, to the window what it draws.
#include "app/run_controller.h"

#include <chrono>
#include <utility>

#include "app/dropped_files.h"
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

RunController::RunController(PreparedRun run) : run_(std::move(run)) {
  for (SetField& field : run_.first_fields) early_.emplace_back(std::move(field));
  run_.setup.weights = weights_;
  explorer_.set_waker([this] { wake(); });
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
  images_.reset();  // its thread calls wake(): before the waker's lock goes
}

// ---- the UI thread's side

bool RunController::take(std::shared_ptr<const Snapshot>& out) {
  const std::lock_guard lock(mutex_);
  if (failure_) {
    out = std::exchange(failure_, nullptr);
    return true;
  }
  if (!trainer_ || !trainer_->snapshots().take(out)) return false;
  if (out->run_id == 0 && recorder_ && recorder_->run_id() != 0) {  // the row was made after the run began
    auto named = std::make_shared<Snapshot>(*out);
    named->run_id = recorder_->run_id();
    out = std::move(named);
  }
  return true;
}

void RunController::send(Command command) {
  const std::lock_guard lock(mutex_);
  if (trainer_)
    trainer_->commands().push(std::move(command));
  else
    early_.push_back(std::move(command));
}

std::vector<Metric> RunController::drain_metrics() {
  const std::lock_guard lock(mutex_);
  return std::exchange(metrics_, {});
}

std::vector<CommandApplied> RunController::drain_applied() {
  const std::lock_guard lock(mutex_);
  return std::exchange(applied_, {});
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
  status.name = run_.store.filename().string();
  if (!recorder_) return status;
  const RecorderState state = recorder_->state();
  if (state.num_stored > 0) status.saved_secs_ago = state.last_write_secs_ago;
  status.message = state.banner;
  return status;
}

void RunController::open_files(std::vector<std::string> paths) {
  for (std::string& path : paths) files_.push(std::move(path));
}

void RunController::set_waker(std::function<void()> wake_window) {
  const std::lock_guard lock(waker_mutex_);
  waker_ = std::move(wake_window);
}

void RunController::explore_checkpoint(int64_t checkpoint_id) {
  if (checkpoint_id < 0)
    explorer_.use_live();
  else
    explorer_.use([this, checkpoint_id] { return load_replica(checkpoint_id); });
}

RoutingMap RunController::reroute(const RoutingMap& map, const WhatIf& what_if, const RouterConfig& router) {
  return rerouted(map, what_if, router);
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
  const SessionStore store(run_.store, SessionStore::Access::read);
  const std::vector<std::byte> bytes = load_checkpoint(store.database(), checkpoint_id);
  ModelLabel label;
  label.run_id = run_id;
  label.checkpoint_id = checkpoint_id;
  Replica replica = Replica::of_checkpoint(bytes, "checkpoint " + std::to_string(checkpoint_id), label, dataset);
  replica.label.text = "checkpoint of step " + std::to_string(replica.label.step);
  return replica;
}

// ---- the controller's own thread

void RunController::wake() {
  const std::lock_guard lock(waker_mutex_);
  if (waker_) waker_();
}

void RunController::work() {
  try {
    start();
  } catch (const std::exception& error) {
    fail(error.what());
    return;
  }
  Queue<Event>& events = trainer_->events();
  for (bool over = false; !over;) {
    over = events.closed();  // before the last look, so that nothing pushed earlier is missed
    carry(events.wait_drain(over ? std::chrono::milliseconds(0) : kLook));
    read_files();
  }
  to_record_.close();
}

void RunController::start() {
  if (run_.store.has_parent_path()) std::filesystem::create_directories(run_.store.parent_path());
  if (!run_.setup.dataset) run_.setup.dataset = open_dataset(run_.setup.config.data);
  {
    const std::lock_guard lock(mutex_);
    dataset_ = run_.setup.dataset;
  }
  publish_gallery(*run_.setup.dataset);
  load_history();
  RecorderOptions recording;
  recording.store = run_.store;
  recording.resume = run_.resume;
  recording.wait_for_store = true;  // a store held by another program is a banner, not the end of training
  auto recorder = std::make_unique<Recorder>(to_record_, recording);
  auto trainer = std::make_unique<TrainerThread>(run_.setup);
  const std::lock_guard lock(mutex_);
  trainer_ = std::move(trainer);
  recorder_ = std::move(recorder);
  for (Command& command : early_) trainer_->commands().push(std::move(command));
  early_.clear();
  if (leaving_) trainer_->commands().push(Finish{});
}

/// A resumed run's curves begin where the run began.
void RunController::load_history() {
  if (!run_.resume) return;
  const SessionStore store(run_.store, SessionStore::Access::read);
  const RunReader reader(store);
  const std::lock_guard lock(mutex_);
  for (const char* key : kDrawnKeys) {
    const MetricSeries series = reader.load_metrics(run_.resume->run_id, key, 0, run_.resume->step);
    for (size_t i = 0; i < series.steps.size(); ++i)
      metrics_.push_back({key, series.steps[i], series.wall_secs[i], series.values[i]});
  }
}

void RunController::carry(std::deque<Event> events) {
  if (events.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    for (const Event& event : events) {
      if (const auto* taken = std::get_if<MetricsTaken>(&event)) append(metrics_, taken->metrics);
      if (const auto* command = std::get_if<CommandApplied>(&event)) applied_.push_back(*command);
    }
  }
  for (Event& event : events) to_record_.push(std::move(event));
  wake();
}

void RunController::read_files() {
  const auto tell = [this](std::string notice) {
    const std::lock_guard lock(mutex_);
    notices_.push_back(std::move(notice));
  };
  for (const std::string& dropped : files_.drain()) {
    std::vector<std::string> paths;
    try {
      paths = files_of_dropped(dropped);
    } catch (const DataError& error) { tell(error.what()); }
    for (const std::string& path : paths) try {
        WatchedImage image = read_dropped(path);
        const std::lock_guard lock(mutex_);
        next_gallery_.own.push_back(std::move(image));
        gallery_changed_ = true;
      } catch (const DataError& error) { tell(error.what()); }
    wake();
  }
}

void RunController::publish_gallery(const Dataset& dataset) {
  auto images = std::make_unique<GalleryImages>(run_.setup.dataset, [this] { wake(); });
  const std::shared_ptr<const Dataset> data = run_.setup.dataset;
  const std::lock_guard lock(mutex_);
  images_ = std::move(images);
  next_gallery_.count = dataset.info().num_test;
  next_gallery_.name = dataset.info().name + ", test set";
  next_gallery_.pixels = [this](int64_t index) { return images_->pixels(index); };
  next_gallery_.label = [data](int64_t index) { return int64_t{data->label(Split::test, index)}; };
  for (const std::string& warning : dataset.info().warnings) notices_.push_back(warning);
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
  wake();
}

}  // namespace moescope
