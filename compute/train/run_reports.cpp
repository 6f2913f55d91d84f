// What a run lets others see and keep: snapshots, checkpoints, and where it stands.
#include <algorithm>
#include <cmath>

#include "compute/core/clock.h"
#include "compute/records/config_fields.h"
#include "compute/train/environment.h"
#include "compute/train/run_loop.h"
#include "compute/train/schedule.h"

namespace moescope {

namespace {

// A picture 30 times a second is fluent; looking may take one part in twenty of the time, whatever it costs.
constexpr double kPostIntervalSecs = 1.0 / 30;
constexpr double kLookShare = 1.0 / 20;
// A command wakes an idle run at once; this long it takes until it looks whether a checkpoint is due.
constexpr std::chrono::milliseconds kIdleWait(50);

/// Gives `config` the routers of `other`; false when it has them already.
bool take_routers(RunConfig& config, const RunConfig& other) {
  bool changed = false;
  for (const FieldText& field : list_fields(other)) {
    if (field.field.adjust != Adjust::reroute || get_field(config, field.field.key) == field.value) continue;
    set_field(config, field.field.key, field.value);
    changed = true;
  }
  return changed;
}

bool is_finite(const ImageView& view) {
  return std::all_of(view.probabilities.begin(), view.probabilities.end(), [](float p) { return std::isfinite(p); });
}

}  // namespace

double RunLoop::wall_secs() const { return wall_before_ + secs_since(began_); }

RunPlace RunLoop::place() const {
  return {.step = trainer_->steps_done(),
          .wall_secs = wall_secs(),
          .active_secs = active_secs_,
          .stop_rule = to_text(stop_rule_),
          .test_accuracy = test_accuracy_,
          .test_loss = test_loss_,
          .test_step = test_step_};
}

Progress RunLoop::progress() const {
  return {.step = trainer_->steps_done(),
          .steps_per_epoch = trainer_->steps_per_epoch(),
          .active_secs = active_secs_,
          .step_secs = step_secs_,
          .accuracy = test_accuracy_};
}

/// False, and the run has diverged, when there is nothing good to keep.
bool RunLoop::take_checkpoint(const std::string& reason, bool rolling) {
  if (!weights_are_finite()) return false;
  auto bytes = std::make_shared<const std::vector<std::byte>>(trainer_->save(place()));
  if (trainer_->steps_done() != last_good_.step) good_before_ = last_good_;
  last_good_ = {std::move(bytes), trainer_->steps_done()};
  last_checkpoint_time_ = Clock::now();
  channels_.events.push(CheckpointTaken{last_good_.step, wall_secs(), rolling, reason, last_good_.bytes,
                                        trainer_->config().train.checkpoint_ring_mib << 20});
  return true;
}

void RunLoop::roll_checkpoint() {
  const int64_t every_secs = trainer_->config().train.checkpoint_secs;
  if (every_secs == 0 || state_ == RunState::diverged || trainer_->steps_done() == last_good_.step) return;
  if (secs_since(last_checkpoint_time_) >= static_cast<double>(every_secs)) take_checkpoint("rolling", true);
}

void RunLoop::checkpoint_at_epoch_end() {
  const int64_t step = trainer_->steps_done();
  if (step == 0 || step % trainer_->steps_per_epoch() != 0 || step == last_epoch_step_) return;
  last_epoch_step_ = step;
  take_checkpoint("epoch " + std::to_string(step / trainer_->steps_per_epoch()), false);
}

void RunLoop::restore(const Checkpoint& checkpoint) {
  RunConfig config = trainer_->config();
  if (take_routers(config, checkpoint.head.config)) make_trainer(config);
  trainer_->restore(checkpoint, setup_.other_data);
  ++weights_version_;
  const RunPlace& place = checkpoint.head.place;
  active_secs_ = place.active_secs;
  test_accuracy_ = place.test_accuracy, test_loss_ = place.test_loss, test_step_ = place.test_step;
}

double RunLoop::secs_to_post() const {
  const double interval = std::max(kPostIntervalSecs, observe_ms_ * 1e-3 / kLookShare);
  return interval - secs_since(last_post_);
}

bool RunLoop::post_due() const { return changed_ && secs_to_post() <= 0; }

std::chrono::milliseconds RunLoop::idle_wait() const {
  if (!changed_) return kIdleWait;
  return std::clamp(std::chrono::milliseconds(std::lround(secs_to_post() * 1e3)), std::chrono::milliseconds(0),
                    kIdleWait);
}

void RunLoop::post() {
  const auto begin = Clock::now();
  look();
  auto snapshot = std::make_shared<Snapshot>();
  fill(*snapshot);
  observe_ms_ = secs_since(begin) * 1e3;
  snapshot->observe_ms = observe_ms_;
  channels_.snapshots.post(std::move(snapshot));
  last_post_ = Clock::now();
  changed_ = false;
}

void RunLoop::look() {
  if (!trainer_ || !setup_.look_between_evaluations) return;
  const auto show = [&](std::vector<ImageView> views) {
    // Weights that have just gone bad show nothing: the last good look stays on view.
    if (std::all_of(views.begin(), views.end(), is_finite)) views_ = std::move(views);
  };
  if (auto begun = trainer_->end_look(*watcher_)) show(*std::move(begun));
  if (!look_again_) return;
  // While a GPU trains, its look runs beside the next steps, and is shown with the next snapshot.
  const bool may_wait = state_ == RunState::running && !look_at_once_;
  if (!may_wait || !trainer_->begin_look(*watcher_)) show(trainer_->look(*watcher_));
  look_again_ = look_at_once_ = false;
}

void RunLoop::publish_weights() {
  // Values that have just gone bad are not shown: whoever looks keeps the last good ones.
  if (!setup_.weights || state_ == RunState::diverged || !setup_.weights->wanted(weights_version_)) return;
  PublishedWeights label;
  label.config = trainer_->config();
  label.dataset = dataset_;
  if (setup_.run_id) label.run_id = setup_.run_id();
  label.step = trainer_->steps_done();
  label.version = weights_version_;
  setup_.weights->publish(trainer_->model(), std::move(label));
}

/// What a schedule does that nobody can have meant, which is said and not left to be found out: past its end at a rate
/// of 0 steps change nothing; a warm-up longer than the run never ends.
std::string RunLoop::schedule_note() const {
  const TrainConfig& train = trainer_->config().train;
  const int64_t length = trainer_->schedule_steps(), step = trainer_->steps_done();
  const bool warms_up = train.schedule != ScheduleKind::constant && state_ == RunState::running && step < length;
  if (warms_up && train.warmup_steps >= length)
    return "train.warmup_steps " + std::to_string(train.warmup_steps) + " is not over when the run of " +
           std::to_string(length) + " steps is: the learning rate only rises; shorten it or train longer";
  if (state_ != RunState::running || length == 0 || step < length || learning_rate(train, length, step) > 0) return "";
  return "the learning-rate schedule ended at step " + std::to_string(length) +
         " with a rate of 0, so nothing is learned any more; train.epochs (now " +
         get_field(trainer_->config(), "train.epochs") + ") or train.schedule_steps makes it longer";
}

void RunLoop::fill(Snapshot& s) const {
  s.state = state_;
  s.message = refusal_.empty() ? message_ : refusal_;
  if (setup_.run_id) s.run_id = setup_.run_id();
  s.config = trainer_ ? trainer_->config() : setup_.config;
  s.wall_secs = wall_secs();
  s.rss_bytes = resident_bytes();
  s.images = views_;
  if (backend_) s.device = computing_device(*backend_, trainer_ ? trainer_->device().get() : nullptr);
  if (!trainer_) return;
  if (s.message.empty()) s.message = schedule_note();
  const StepReport& report = trainer_->report();
  s.step = trainer_->steps_done();
  s.total_steps = last_step(stop_rule_, trainer_->steps_per_epoch());
  s.epoch = static_cast<double>(s.step) / static_cast<double>(trainer_->steps_per_epoch());
  s.eta_secs = eta_secs(stop_rule_, progress());
  s.stop_rule = to_text(stop_rule_);
  s.loss = report.loss, s.aux_loss = report.aux_loss, s.accuracy = report.accuracy;
  s.learning_rate = report.learning_rate, s.gradient_norm = report.gradient_norm;
  s.layers = report.layers;
  s.test_accuracy = test_accuracy_, s.test_loss = test_loss_, s.test_step = test_step_;
  if (step_secs_ > 0) s.images_per_sec = static_cast<double>(s.config.train.batch_size) / step_secs_;
  s.gflops = step_gflops_;
  s.peak_share = peak_gflops_ > 0 ? step_gflops_ / peak_gflops_ : 0;
  s.arena_bytes = trainer_->arena().capacity_bytes();
  s.class_names = dataset_->info().class_names;
  if (evaluation_) s.job = "evaluating " + std::to_string(static_cast<int>(evaluation_->progress() * 100)) + " %";
}

void RunLoop::fail(const std::string& message) {
  look_again_ = false;  // the last images stay
  if (trainer_) trainer_->forget_look();
  change_state(RunState::failed, message);
  post();
}

}  // namespace moescope
