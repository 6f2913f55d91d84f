// Preparation and the order of work: a single step before an evaluation, an evaluation before the next step.
#include "compute/train/run_loop.h"

#include <cmath>

#include "compute/core/clock.h"
#include "compute/eval/peak.h"
#include "compute/models/cost.h"
#include "compute/records/config_fields.h"
#include "compute/train/environment.h"

namespace moescope {

namespace {

/// A checkpoint's configuration, with what may differ on another machine taken from the one asked for.
RunConfig resumed_config(const RunConfig& saved, const RunConfig& asked) {
  RunConfig config = saved;
  config.name = asked.name;
  config.data.path = asked.data.path;
  config.data.workers = asked.data.workers;
  config.compute = asked.compute;
  return config;
}

}  // namespace

RunLoop::RunLoop(RunSetup setup, RunChannels channels)
    : setup_(std::move(setup)), channels_(channels), began_(Clock::now()) {}

RunLoop::~RunLoop() = default;

void RunLoop::prepare() {
  post();
  std::optional<Checkpoint> checkpoint;
  if (setup_.resume_from) {
    checkpoint = read_checkpoint(*setup_.resume_from, setup_.resume_name);
    setup_.config = resumed_config(checkpoint->head.config, setup_.config);
  }
  if (setup_.stop_rule) stop_rule_ = parse_stop_rule(*setup_.stop_rule);
  backend_ = make_backend(setup_.config.compute);
  peak_gflops_ = measured_peak_gflops();
  dataset_ = setup_.dataset ? setup_.dataset : open_dataset(setup_.config.data);
  watcher_ = std::make_unique<Watcher>(dataset_, setup_.config.data.scale);
  make_trainer(setup_.config);
  if (!setup_.stop_rule) {
    if (checkpoint)
      stop_rule_ = parse_stop_rule(checkpoint->head.place.stop_rule);
    else if (setup_.config.train.epochs > 0)
      stop_rule_.epochs = setup_.config.train.epochs;
  }
  if (checkpoint) restore(*checkpoint);
  std::vector<Changed> changes;
  const int64_t num_parameters = trainer_->model().parameters().count();
  const double gflops = model_cost(trainer_->model()).forward_flops * 1e-9;
  for (const SetField& field : setup_.first_fields)
    for (Changed& one : change(field)) changes.push_back(std::move(one));
  Environment environment =
      describe_environment(computing_device(*backend_, trainer_->device().get()), dataset_->info(), peak_gflops_);
  environment.insert(environment.end(), setup_.facts.begin(), setup_.facts.end());
  if (!setup_.branched_from.empty()) environment.emplace_back("branched_from", setup_.branched_from);
  if (checkpoint && checkpoint->head.dataset_hash != dataset_->info().content_hash)
    environment.emplace_back("trained_before_on", checkpoint->head.dataset_hash);
  channels_.events.push(RunStarted{setup_.config, std::move(environment), num_parameters, gflops});
  if (checkpoint) {
    wall_before_ = checkpoint->head.place.wall_secs;
    last_good_ = {setup_.resume_from, trainer_->steps_done()};
    evaluation_wanted_ = evaluation_due();
  }
  for (const Changed& one : changes) applied(one.key, one.old_value, get_field(trainer_->config(), one.key));
  std::erase_if(setup_.watched, [&](const WatchedImage& w) { return w.test_index >= dataset_->info().num_test; });
  if (!setup_.watched.empty()) apply(Watch{setup_.watched, -1});
  began_ = last_checkpoint_time_ = Clock::now();
  // A run that is killed before its first rolling checkpoint must have something to go on from.
  const bool stored_already = checkpoint && setup_.branched_from.empty();
  if (!stored_already && trainer_->config().train.checkpoint_secs > 0) take_checkpoint("start", true);
  change_state(setup_.start_paused ? RunState::paused : RunState::running, "");
}

void RunLoop::make_trainer(const RunConfig& config) {
  evaluation_.reset();
  trainer_ = std::make_unique<Trainer>(config, dataset_, *backend_);
  ++weights_version_;
}

void RunLoop::leave_cores() {
  if (setup_.weights) setup_.weights->set_busy(false);
}

bool RunLoop::turn() {
  const bool idle = work_to_do() == Work::nothing;
  if (setup_.weights) setup_.weights->set_busy(!idle);
  const auto commands = idle ? channels_.commands.wait_drain(idle_wait()) : channels_.commands.drain();
  for (const Command& command : commands) apply(command);
  if (channels_.commands.closed() && commands.empty()) leaving_ = true;
  if (leaving_) {
    // A run that diverged or ended by itself keeps its last word.
    if (state_ != RunState::finished && state_ != RunState::diverged) end_run("stopped by request");
    post();
    return false;
  }
  const auto begin = Clock::now();
  switch (work_to_do()) {
    case Work::step: do_step(); break;
    case Work::evaluation: evaluation_slice(); break;
    case Work::nothing: break;
  }
  if (!idle) active_secs_ += secs_since(begin);
  roll_checkpoint();
  publish_weights();
  if (post_due()) post();
  return !(setup_.leave_when_finished && state_ == RunState::finished);
}

RunLoop::Work RunLoop::work_to_do() const {
  if (single_steps_ > 0) return Work::step;
  if (evaluating()) return Work::evaluation;
  return state_ == RunState::running ? Work::step : Work::nothing;
}

void RunLoop::do_step() {
  if (!trainer_->mid_step()) {
    if (!stop_reason(stop_rule_, progress()).empty() && single_steps_ == 0) {  // a run resumed at its end
      end_run(stop_reason(stop_rule_, progress()));
      return;
    }
    if (setup_.before_step) setup_.before_step(*trainer_);
    // A single step changes what an evaluation in progress looks at: it begins anew afterwards.
    if (evaluation_) {
      evaluation_.reset();
      evaluation_wanted_ = true;
    }
  }
  switch (trainer_->advance()) {
    case Trainer::Advance::working: return;
    case Trainer::Advance::stepped: after_step(); return;
    case Trainer::Advance::diverged: diverge(trainer_->divergence()); return;
  }
}

void RunLoop::after_step() {
  const StepReport& report = trainer_->report();
  // The mean over about ten steps: steady enough to read, quick enough to follow.
  const double weight = step_secs_ == 0 ? 1 : 0.1;
  step_secs_ += weight * (report.step_secs - step_secs_);
  step_gflops_ += weight * (report.gflop / report.step_secs - step_gflops_);
  channels_.events.push(
      MetricsTaken{to_metrics(report, trainer_->config().train.batch_size, wall_secs(), peak_gflops_)});
  changed_ = look_again_ = true;
  ++weights_version_;
  if (single_steps_ > 0 && --single_steps_ == 0 && state_ == RunState::running) change_state(RunState::paused, "");
  apply_deferred();
  if (evaluation_due()) evaluation_wanted_ = true;
  const std::string reason = stop_reason(stop_rule_, progress());
  if (!reason.empty() && test_step_ != trainer_->steps_done()) evaluation_wanted_ = true;
  if (evaluation_wanted_) return;  // the end of the run and of an epoch wait for it
  if (!reason.empty())
    end_run(reason);
  else
    checkpoint_at_epoch_end();
}

bool RunLoop::evaluation_due() const {
  const int64_t step = trainer_->steps_done(), every = trainer_->config().train.eval_every;
  if (step == 0 || step == test_step_) return false;
  return step % (every > 0 ? every : trainer_->steps_per_epoch()) == 0;
}

void RunLoop::begin_evaluation() {
  evaluation_wanted_ = false;
  EvalOptions options = EvalOptions::of(trainer_->config());
  options.device = trainer_->device();
  evaluation_.emplace(trainer_->model(), dataset_, std::move(options), trainer_->arena());
}

void RunLoop::evaluation_slice() {
  if (!evaluation_) begin_evaluation();
  changed_ = true;
  if (!evaluation_->slice()) after_evaluation();
}

void RunLoop::after_evaluation() {
  const EvalResult result = evaluation_->result();
  evaluation_.reset();
  const int64_t step = trainer_->steps_done();
  test_accuracy_ = result.accuracy, test_loss_ = result.loss, test_step_ = step;
  channels_.events.push(Evaluated{step, wall_secs(), "test", result.num_images, result.accuracy, result.loss, ""});
  channels_.events.push(MetricsTaken{{{"eval/test/accuracy", step, wall_secs(), result.accuracy},
                                      {"eval/test/loss", step, wall_secs(), result.loss},
                                      {"eval/test/images_per_sec", step, wall_secs(), result.images_per_sec},
                                      {"eval/test/gflops_per_image", step, wall_secs(), result.gflops_per_image}}});
  for (const ImageView& view : trainer_->look(*watcher_)) {
    for (const RoutingMap& map : view.routing) channels_.events.push(RoutingTaken{view.image.label, map});
  }
  if (!std::isfinite(result.loss)) return diverge(bad_evaluation());
  const std::string reason = stop_reason(stop_rule_, progress());
  const bool going = state_ == RunState::running || state_ == RunState::paused;
  if (!reason.empty() && going)
    end_run(reason);
  else
    checkpoint_at_epoch_end();
}

void RunLoop::end_run(const std::string& reason) {
  trainer_->abandon_step();
  evaluation_.reset();
  evaluation_wanted_ = false;
  single_steps_ = 0;
  if (take_checkpoint("end", false)) change_state(RunState::finished, reason);
}

void RunLoop::change_state(RunState state, const std::string& message) {
  state_ = state;
  message_ = message;
  changed_ = true;
  last_post_ = {};  // shown at once
  channels_.events.push(StateChanged{trainer_ ? trainer_->steps_done() : 0, wall_secs(), state, message});
}

}  // namespace moescope
