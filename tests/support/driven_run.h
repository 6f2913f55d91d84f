// A run driven turn by turn on synthetic images, with everything it says kept for a test to look at.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "compute/train/run_loop.h"
#include "support/synthetic_dataset.h"

namespace moescope {

/// A loop with its channels, and everything it has said so far.
struct Driven {
  Queue<Command> commands;
  Mailbox<std::shared_ptr<const Snapshot>> snapshots;
  Queue<Event> events;
  RunLoop loop;
  std::vector<Event> said;
  std::shared_ptr<const Snapshot> shown;
  bool left = false;

  explicit Driven(RunSetup setup) : loop(std::move(setup), RunChannels{commands, snapshots, events}) {
    loop.prepare();
    gather();
  }
  void gather() {
    for (Event& event : events.drain()) said.push_back(std::move(event));
    snapshots.take(shown);
  }
  void turn() {
    left = !loop.turn();
    gather();
  }
  /// Gives a command and the one turn that answers it.
  void tell(Command command) {
    commands.push(std::move(command));
    turn();
  }
  template <class Condition>
  void turn_until(Condition&& condition) {
    for (int turns = 0; turns < 20000 && !left; ++turns) {
      if (condition()) return;
      turn();
    }
    ASSERT_TRUE(condition()) << "20000 turns were not enough";
  }
  void turn_to_step(int64_t step) {
    turn_until([&] { return loop.trainer().steps_done() >= step; });
  }
  template <class Kind>
  std::vector<Kind> all() const {
    std::vector<Kind> found;
    for (const Event& event : said) {
      if (const auto* one = std::get_if<Kind>(&event)) found.push_back(*one);
    }
    return found;
  }
  std::vector<double> losses() const {
    std::vector<double> values;
    for (const MetricsTaken& taken : all<MetricsTaken>()) {
      for (const Metric& metric : taken.metrics) {
        if (metric.key == "train/loss") values.push_back(metric.value);
      }
    }
    return values;
  }
  std::vector<std::string> commands_said() const {
    std::vector<std::string> lines;
    for (const CommandApplied& c : all<CommandApplied>()) {
      lines.push_back(std::to_string(c.step) + " " + c.key + ": " + c.old_value + " -> " + c.new_value);
    }
    return lines;
  }
};

inline RunSetup setup(const std::string& stop_rule = "") {
  RunSetup s;
  s.config = tiny_config();
  s.dataset = std::make_shared<SyntheticDataset>();
  s.stop_rule = stop_rule;
  return s;
}

}  // namespace moescope
