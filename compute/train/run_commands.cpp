// What each command does to a run. A command that cannot be obeyed changes nothing and says why in the snapshot.
#include "compute/records/config_fields.h"
#include "compute/train/run_loop.h"

namespace moescope {

namespace {

const char* running_or_paused(bool running) { return running ? "running" : "paused"; }

}  // namespace

void RunLoop::apply(const Command& command) {
  if (leaving_) return;
  changed_ = true;
  last_post_ = {};  // a command is answered at once
  try {
    refusal_.clear();
    std::visit([this](const auto& c) { on(c); }, command);
  } catch (const UserError& error) { refusal_ = error.what(); }
}

void RunLoop::apply_deferred() {
  for (const SetField& field : std::exchange(deferred_, {})) apply(field);
}

void RunLoop::applied(std::string key, std::string old_value, std::string new_value) {
  channels_.events.push(
      CommandApplied{trainer_->steps_done(), wall_secs(), std::move(key), std::move(old_value), std::move(new_value)});
}

void RunLoop::on(const SetRunning& c) {
  if (c.running == (state_ == RunState::running)) return;
  if (c.running && state_ == RunState::diverged) {
    throw ConfigError(message_ + "; restore the last good checkpoint before going on");
  }
  if (c.running) {
    if (const std::string reason = stop_reason(stop_rule_, progress()); !reason.empty()) {
      throw ConfigError("the run is at its end (" + reason + "); change the stop rule to go on");
    }
  } else if (state_ != RunState::running) {
    return;  // finished and diverged runs stand still already
  }
  applied("run", running_or_paused(!c.running), running_or_paused(c.running));
  single_steps_ = 0;
  trainer_->abandon_step();  // done again, to the same numbers, when the run goes on
  apply_deferred();
  change_state(c.running ? RunState::running : RunState::paused, "");
}

void RunLoop::on(const SingleStep&) {
  if (state_ == RunState::diverged) throw ConfigError(message_ + "; restore the last good checkpoint before going on");
  applied("run", running_or_paused(state_ == RunState::running), "single step");
  if (state_ == RunState::finished) change_state(RunState::paused, "");
  ++single_steps_;
}

void RunLoop::on(const SetField& c) {
  if (trainer_->mid_step()) {
    deferred_.push_back(c);
    return;
  }
  for (const Changed& one : change(c)) applied(one.key, one.old_value, get_field(trainer_->config(), one.key));
}

/// Returns the values before: of this field, and of those that change with it.
std::vector<RunLoop::Changed> RunLoop::change(const SetField& c) {
  const RunConfig before = trainer_->config();
  std::vector<Changed> changed = {{c.key, get_field(before, c.key)}};
  if (find_field(c.key).adjust == Adjust::reroute) {
    RunConfig config = before;
    set_field(config, c.key, c.value);
    // Groups of the size that is the old kind's own are no wish: another kind has its own, too. Soft MoE on groups of 8
    // images would let an image's routing depend on its neighbours in the batch.
    const bool own_groups = config.router.group_images == default_group_images(before.router.kind);
    if (config.router.kind != before.router.kind && own_groups) {
      changed.push_back({"router.group_images", get_field(before, "router.group_images")});
      config.router.group_images = 0;
    }
    reroute(config);
  } else {
    trainer_->set_field(c.key, c.value);
  }
  ++weights_version_;
  look_again_ = true;
  return changed;
}

void RunLoop::reroute(const RunConfig& changed) {
  const RouterKind before = trainer_->config().router.kind, after = changed.router.kind;
  if ((before == RouterKind::dense) != (after == RouterKind::dense)) {
    throw ConfigError(
        "router.kind cannot change between dense and a mixture on a running model, whose experts a dense " +
        std::string("model has not; start a new run with router.kind=") + std::string(choice_name(after)));
  }
  auto next = std::make_unique<Trainer>(changed, dataset_, *backend_);
  next->take_over(*trainer_);
  if (evaluation_) evaluation_wanted_ = true;  // of the model as it is now
  evaluation_.reset();
  trainer_ = std::move(next);
}

void RunLoop::on(const Watch& c) {
  watcher_->watch(c.images, c.layer);
  trainer_->forget_look();
  look_again_ = look_at_once_ = true;
}

void RunLoop::on(const SetStopRule& c) {
  const StopRule rule = parse_stop_rule(c.rule);
  applied("stop_rule", to_text(stop_rule_), to_text(rule));
  stop_rule_ = rule;
  if (state_ == RunState::finished && stop_reason(stop_rule_, progress()).empty()) change_state(RunState::paused, "");
}

void RunLoop::on(const SaveCheckpoint&) {
  if (state_ == RunState::diverged)
    throw ConfigError("a diverged run is not saved; restore the last good checkpoint first");
  take_checkpoint("asked", false);
}

void RunLoop::on(const EvaluateNow&) {
  evaluation_.reset();
  evaluation_wanted_ = true;
}

void RunLoop::on(const RestoreLastGood&) {
  const int64_t before = trainer_->steps_done();
  const RunConfig config_before = trainer_->config();
  evaluation_.reset();
  evaluation_wanted_ = false;
  single_steps_ = 0;
  deferred_.clear();
  if (last_good_.bytes) {
    restore(read_checkpoint(*last_good_.bytes, "the last good checkpoint"));
  } else {  // nothing saved yet: the beginning is the last good state
    make_trainer(setup_.config);
    test_accuracy_ = test_loss_ = -1, test_step_ = -1;
  }
  applied("restore", std::to_string(before), std::to_string(trainer_->steps_done()));
  // A knob that was turned at the very step of the checkpoint, after it was taken, goes back too.
  for (const FieldText& field : list_fields(trainer_->config())) {
    const std::string key(field.field.key);
    if (const std::string old_value = get_field(config_before, key); old_value != field.value)
      applied(key, old_value, field.value);
  }
  change_state(RunState::paused, "back at step " + std::to_string(trainer_->steps_done()));
  look_again_ = true;
}

void RunLoop::on(const Finish&) { leaving_ = true; }

}  // namespace moescope
