// The run loop itself, driven step by step, with each knob handed to it where it was turned.
#include "app/runs/replay.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "compute/records/config_fields.h"
#include "compute/train/environment.h"
#include "compute/train/run_loop.h"
#include "sessions/checkpoints.h"

namespace moescope {

namespace {

constexpr size_t kMostDifferences = 5;

/// Commands that do not change what is learned, and would only cost time.
bool matters(const CommandApplied& command) {
  return command.key.find('.') != std::string::npos && command.key != "train.eval_every" &&
         command.key != "train.checkpoint_secs" && command.key != "train.checkpoint_ring_mib" &&
         find_field(command.key).adjust != Adjust::next_run;
}

std::vector<CommandApplied> knobs_of(const StoredRun& run) {
  std::vector<CommandApplied> knobs;
  for (const CommandApplied& command : run.commands) {
    if (command.key == "restore") {
      std::erase_if(knobs, [&](const CommandApplied& earlier) { return earlier.step > command.step; });
    } else if (matters(command)) {
      knobs.push_back(command);
    }
  }
  return knobs;
}

std::string exact(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

class Replay {
 public:
  Replay(const RunReader& reader, int64_t run_id, int64_t until)
      : reader_(reader), run_(reader.load_run(run_id)), knobs_(knobs_of(run_)) {
    const std::string name = "run " + std::to_string(run_id);
    const MetricSeries losses = reader.load_metrics(run_id, "train/loss");
    if (losses.steps.empty()) throw UserError(name + " has made no step that could be done again");
    // A step that was done twice has two rows, in the order of the clock: the last is what the run went on from.
    for (size_t i = 0; i < losses.steps.size(); ++i) losses_[losses.steps[i]] = losses.values[i];
    result_.last_step = until >= 0 ? std::min(until, losses.steps.back()) : losses.steps.back();
    setup_.config = run_.config;
    setup_.config.train.checkpoint_secs = 0;
    setup_.config.train.eval_every = int64_t{1} << 40;
    find_beginning(name, losses.steps.front());
    setup_.stop_rule = "steps=" + std::to_string(result_.last_step);
    setup_.leave_when_finished = true;
    setup_.look_between_evaluations = false;
    setup_.before_step = [this](Trainer& trainer) { compare_weights(trainer, true); };
  }

  ReplayResult go(const std::function<void(int64_t, int64_t)>& progress) {
    RunLoop loop(setup_, {commands_, snapshots_, events_});
    loop.prepare();
    compare_weights(loop.trainer(), false);
    size_t next = 0;
    while (next < knobs_.size() && knobs_[next].step < result_.first_step) ++next;
    for (bool going = true; going;) {
      for (; next < knobs_.size() && knobs_[next].step <= loop.trainer().steps_done(); ++next) {
        commands_.push(SetField{knobs_[next].key, knobs_[next].new_value});
      }
      going = loop.turn();
      for (const Event& event : events_.drain()) compare(event);
      compare_weights(loop.trainer(), !going);
      if (progress) progress(loop.trainer().steps_done(), result_.last_step);
    }
    return std::move(result_);
  }

 private:
  void find_beginning(const std::string& name, int64_t first_measured) {
    const std::vector<CheckpointInfo>& stored = run_.checkpoints;
    if (first_measured <= 1) return;
    if (stored.empty() || stored.front().step >= result_.last_step) {
      throw UserError(name + " began at a checkpoint of another run, and none of its own is left to begin at");
    }
    setup_.resume_from = std::make_shared<const std::vector<std::byte>>(
        load_checkpoint(reader_.database(), stored.front().checkpoint_id));
    setup_.resume_name = name + "'s checkpoint of step " + std::to_string(stored.front().step);
    setup_.config = read_checkpoint(*setup_.resume_from, setup_.resume_name).head.config;
    setup_.config.train.checkpoint_secs = 0;
    result_.first_step = stored.front().step;
  }

  void differ(const std::string& sentence) {
    if (result_.differences.size() < kMostDifferences) result_.differences.push_back(sentence);
  }

  void compare(const Event& event) {
    if (const auto* started = std::get_if<RunStarted>(&event)) return compare_surroundings(started->environment);
    const auto* taken = std::get_if<MetricsTaken>(&event);
    for (size_t i = 0; taken != nullptr && i < taken->metrics.size(); ++i) {
      const Metric& metric = taken->metrics[i];
      const auto stored = losses_.find(metric.step);
      if (metric.key != "train/loss" || stored == losses_.end()) continue;
      ++result_.num_losses;
      if (std::memcmp(&metric.value, &stored->second, sizeof metric.value) != 0) {
        differ("the loss of step " + std::to_string(metric.step) + " is " + exact(metric.value) + ", was " +
               exact(stored->second));
      }
    }
  }

  void compare_surroundings(const Environment& now) {
    for (const auto& [key, value] : run_.environment) {
      if (is_measured(key)) continue;
      const auto same = std::find_if(now.begin(), now.end(), [&](const auto& fact) { return fact.first == key; });
      if (same != now.end() && same->second != value)
        result_.surroundings.push_back(key + ": " + same->second + ", was " + value);
    }
  }

  /// Once a step, right after it, as most checkpoints are taken; what differs then is looked at again before the next
  /// step (`last_look`), when a router that was replaced in between is in its place.
  void compare_weights(const Trainer& trainer, bool last_look) {
    const int64_t step = trainer.steps_done();
    if (trainer.mid_step() || step == settled_step_ || (step == looked_at_step_ && !last_look)) return;
    looked_at_step_ = step;
    const auto info = std::find_if(run_.checkpoints.begin(), run_.checkpoints.end(),
                                   [&](const CheckpointInfo& c) { return c.step == step; });
    if (info == run_.checkpoints.end()) return;
    const std::vector<std::string> differences = differences_to(*info, trainer);
    if (!differences.empty() && !last_look) return;
    settled_step_ = step;
    ++result_.num_checkpoints;
    for (const std::string& sentence : differences) differ(sentence);
  }

  std::vector<std::string> differences_to(const CheckpointInfo& info, const Trainer& trainer) const {
    const std::string step = std::to_string(info.step), name = "checkpoint of step " + step;
    const std::vector<std::byte> then = load_checkpoint(reader_.database(), info.checkpoint_id), now = trainer.save({});
    const Checkpoint a = read_checkpoint(then, "the stored " + name), b = read_checkpoint(now, "the new " + name);
    if (a.entries.size() != b.entries.size()) return {"after step " + step + " the model has other parameters"};
    std::vector<std::string> differences;
    for (size_t i = 0; i < a.entries.size(); ++i) {
      const bool same = a.entries[i].name == b.entries[i].name &&
                        std::equal(a.entries[i].arrays.begin(), a.entries[i].arrays.end(), b.entries[i].arrays.begin(),
                                   b.entries[i].arrays.end(), [](const auto& x, const auto& y) {
                                     return std::equal(x.begin(), x.end(), y.begin(), y.end());
                                   });
      if (!same) differences.push_back("after step " + step + " " + a.entries[i].name + " has other values or moments");
    }
    return differences;
  }

  const RunReader& reader_;
  StoredRun run_;
  std::vector<CommandApplied> knobs_;
  std::map<int64_t, double> losses_;  // by step
  RunSetup setup_;
  Queue<Command> commands_;
  Mailbox<std::shared_ptr<const Snapshot>> snapshots_;
  Queue<Event> events_;
  int64_t looked_at_step_ = -1, settled_step_ = -1;
  ReplayResult result_;
};

}  // namespace

ReplayResult replay_run(const RunReader& reader, int64_t run_id, int64_t until,
                        const std::function<void(int64_t step, int64_t last)>& progress) {
  return Replay(reader, run_id, until).go(progress);
}

}  // namespace moescope
