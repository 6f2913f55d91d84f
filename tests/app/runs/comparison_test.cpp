// Runs compared in every respect, on a store whose numbers are chosen so that each line can be said by heart.
#include "app/runs/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "sessions/run_writer.h"
#include "sessions/tensorboard.h"
#include "support/run_program.h"
#include "support/temp_folder.h"

namespace {

using namespace moescope;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

RoutingMap top1(const std::vector<int32_t>& experts, int64_t step) {
  RoutingMap map;
  map.router = RouterKind::tokens_choice;
  map.layer = 3;
  map.step = step;
  map.grid_height = 1;
  map.grid_width = map.num_tokens = static_cast<int64_t>(experts.size());
  map.num_experts = 2;
  map.k = 1;
  map.capacity = 8;
  map.expert = experts;
  map.weight.assign(experts.size(), 1.0f);
  map.place.assign(experts.size(), 0);
  map.drop.assign(experts.size(), DropReason::none);
  map.gates.assign(experts.size() * 2, 0.5f);
  map.expert_off.assign(2, 0);
  return map;
}

/// Runs 1 and 2 are two seeds; run 3 has two experts a token, cost twice as much and had a knob turned.
class Comparison : public testing::Test {
 protected:
  Comparison() {
    add(1, 1, {2, 1}, 0.5, 0.25, {0, 0, 1, 1});
    add(2, 1, {4, 3}, 0.7, 0.25, {1, 1, 0, 0});
    add(1, 2, {2, 2}, 0.6, 0.5, {0, 1, 1, 1});
  }
  void add(int64_t seed, int64_t k, std::vector<double> losses, double accuracy, double gflops,
           std::vector<int32_t> experts) {
    const SessionStore store(store_, SessionStore::Access::write);
    RunStarted start;
    start.config.name = k == 1 ? "one" : "two";
    start.config.train.seed = seed;
    start.config.router.kind = RouterKind::tokens_choice;
    start.config.router.k = k;
    start.gflops_per_image = gflops;
    start.num_parameters = 1000 * k;
    std::vector<Event> events = {start, RoutingTaken{"test 0", top1({0, 0, 0, 0}, 10)}};
    for (int64_t i = 0; i < 2; ++i) {
      events.emplace_back(MetricsTaken{{{"train/loss", 10 * (i + 1), 1, losses[static_cast<size_t>(i)]}}});
    }
    if (k == 2) events.emplace_back(CommandApplied{10, 1, "router.noise_std", "1", "0"});
    events.emplace_back(Evaluated{20, 2, "test", 100, accuracy, 0.5, ""});
    events.emplace_back(MetricsTaken{{{"eval/test/images_per_sec", 20, 2, 1000.0 * static_cast<double>(k)}}});
    events.emplace_back(RoutingTaken{"test 0", top1(experts, 20)});
    RunWriter(store).write(events);
  }
  Outcome compare(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"runs", "compare"});
    arguments.insert(arguments.end(), {"--store", store_});
    return run_program(arguments);
  }

  const TempFolder temp_;
  std::string store_ = temp_ / "runs.db";
};

TEST_F(Comparison, SeedsOfOneExperimentAreOneCurve) {
  const SessionStore store(store_, SessionStore::Access::read);
  const RunReader reader(store);
  std::vector<ComparedRun> runs;
  for (const char* run : {"1", "2", "3"}) runs.push_back(find_compared(reader, run));
  const auto groups = seed_groups(runs);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_THAT(groups[0].runs, ElementsAre(0, 1));
  EXPECT_EQ(groups[0].label, "one, runs 1 2");
  const MeanCurve curve = group_curve(reader, runs, groups[0], "train/loss");
  EXPECT_THAT(curve.x, ElementsAre(10, 20));
  EXPECT_EQ(curve.y[0].mean, 3);
  EXPECT_EQ(curve.y[1].low, 1);
  EXPECT_EQ(curve.y[1].high, 3);
}

TEST_F(Comparison, RoutingIsComparedOnTheLastImagesThatBothKept) {
  const SessionStore store(store_, SessionStore::Access::read);
  const RunReader reader(store);
  const auto swapped = stored_routing_distance(reader, find_compared(reader, "1"), find_compared(reader, "2"));
  ASSERT_EQ(swapped.size(), 1u);
  EXPECT_EQ(swapped[0].changed, 1);
  EXPECT_EQ(swapped[0].matched_changed, 0);
  const auto moved = stored_routing_distance(reader, find_compared(reader, "1"), find_compared(reader, "3"));
  EXPECT_EQ(moved[0].matched_changed, 0.25);
  // Two moments of one run: at step 10 all patches went to expert 0.
  const auto time = stored_routing_distance(reader, find_compared(reader, "1@19"), find_compared(reader, "1@20"));
  EXPECT_EQ(time[0].changed, 0.5);
  EXPECT_THAT(stored_routing_distance(reader, find_compared(reader, "1@5"), find_compared(reader, "1")), IsEmpty());
}

TEST_F(Comparison, TheReportSaysWhatDiffersAndOnlyThat) {
  const Outcome outcome = compare({"1", "2", "3"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(compare({"1", "2", "3", "--format", "csv"}).out,
              AllOf(HasSubstr("router.k,1,1,2\n"), HasSubstr("train.seed,1,2,1\n"), Not(HasSubstr("model.width"))));
  EXPECT_THAT(outcome.out, HasSubstr("10  router.noise_std 1 -> 0  -      -      yes"));
  EXPECT_THAT(outcome.out, HasSubstr("3.0000 (2.0000 to 4.0000)"));  // the mean of two seeds at step 10
  // Run 2 reaches most for least compute and fewest parameters; run 3 is the fastest, and run 1 is beaten everywhere.
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("1 one         0.5000        0.2500     1.000         1 k\n"),
                                 HasSubstr("2 one         0.7000      0.2500 *   1.000 *       1 k *\n"),
                                 HasSubstr("3 two         0.6000        0.5000   0.500 *         2 k\n")));
  EXPECT_THAT(outcome.out, HasSubstr("3        4  1.0000      0.0000       1.0000           0.0000  0>1 1>0"));
}

TEST_F(Comparison, AgentsAreComparedByTheirOwnSettingsAndReturns) {
  const auto add_agent = [&](int64_t seed, const std::string& layer, double earned) {
    const SessionStore store(store_, SessionStore::Access::write);
    RunStarted start;
    start.config.name = "agent";
    start.config.train.seed = seed;
    start.further_params = {{"rl.game", "breakout"}, {"rl.layer", layer}, {"rl.seed", std::to_string(seed)}};
    const std::vector<Event> events = {start, MetricsTaken{{{"rl/return", 10, 1, earned}}}};
    RunWriter(store).write(events);
  };
  add_agent(1, "dense", 2), add_agent(2, "dense", 3), add_agent(1, "soft", 7);  // runs 4, 5, 6
  const SessionStore store(store_, SessionStore::Access::read);
  const RunReader reader(store);
  std::vector<ComparedRun> runs;
  for (const char* run : {"4", "5", "6"}) runs.push_back(find_compared(reader, run));
  EXPECT_EQ(seed_groups(runs).size(), 2u) << "the layer makes another experiment, the seed does not";
  const RunComparison differs = what_differs(reader, runs);
  const auto values = [](const std::vector<ComparedValue>& rows, const std::string& name) {
    for (const ComparedValue& one : rows)
      if (one.name == name) return one.values;
    return std::vector<std::string>();
  };
  EXPECT_THAT(values(differs.results, "return"), ElementsAre("2.00", "3.00", "7.00"));
  EXPECT_THAT(values(differs.settings, "rl.layer"), ElementsAre("dense", "dense", "soft"));
  EXPECT_THAT(values(differs.settings, "rl.game"), IsEmpty()) << "all have it alike";
}

TEST_F(Comparison, WhatAnotherProgramRecordedHasNoSettings) {
  const SessionStore store(store_, SessionStore::Access::write);
  const RunReader reader(store);
  export_tensorboard(reader, 1, temp_.path() / "logs");
  const int64_t imported = import_tensorboard(store, temp_.path() / "logs", "theirs").run_id;
  const RunComparison differs =
      what_differs(reader, {find_compared(reader, "3"), find_compared(reader, std::to_string(imported))});
  const auto setting = [&](const std::string& name) {
    return std::find_if(differs.settings.begin(), differs.settings.end(),
                        [&](const ComparedValue& one) { return one.name == name; });
  };
  ASSERT_NE(setting("router.k"), differs.settings.end());
  EXPECT_THAT(setting("router.k")->values, ElementsAre("2", "-"));
  ASSERT_NE(setting("train.learning_rate"), differs.settings.end()) << "the default's value is no setting of theirs";
  EXPECT_EQ(setting("train.learning_rate")->values.back(), "-");
}

TEST_F(Comparison, ReportsAreWrittenByTheirEnding) {
  const auto written = [&](const std::string& name) {
    EXPECT_EQ(compare({"1", "3", "--to", temp_ / name}).status, 0);
    std::ifstream file(temp_ / name);
    return (std::ostringstream() << file.rdbuf()).str();
  };
  EXPECT_THAT(written("report.md"), AllOf(HasSubstr("# Runs 1 one, 3 two\n"), HasSubstr("| router.k | 1 | 2 |\n")));
  EXPECT_THAT(
      written("report.html"),
      AllOf(HasSubstr("<!doctype html>"), HasSubstr("<td>router.k</td><td class=\"number\">1</td>"),
            HasSubstr("router.noise_std 1 -&gt; 0"), HasSubstr("<img alt=\"figure\" src=\"data:image/svg+xml,%3C")));
  EXPECT_EQ(compare({"1", "3", "--to", temp_ / "report.pdf"}).status, 2);
  EXPECT_THAT(compare({"1", "3@21"}).err, HasSubstr("has done 20 steps; 21 is beyond them"));
  EXPECT_THAT(compare({"1", "3@x"}).err, HasSubstr("names no step"));
}

TEST_F(Comparison, SettingsAndCostAreThoseOfTheStepThatIsCompared) {
  const SessionStore store(store_, SessionStore::Access::write);
  RunWriter writer(store);
  writer.resume_run(3, 20);
  writer.write(
      std::vector<Event>{CommandApplied{20, 3, "router.k", "2", "1"},
                         MetricsTaken{{{"eval/test/gflops_per_image", 30, 4, 0.125}, {"train/loss", 30, 4, 2}}},
                         Evaluated{30, 4, "test", 100, 0.65, 0.5, ""}});
  const RunReader reader(store);
  const ComparedRun before = find_compared(reader, "3@19"), after = find_compared(reader, "3");
  EXPECT_EQ(before.run.config.router.k, 2);
  EXPECT_EQ(after.run.config.router.k, 1);
  EXPECT_EQ(cost_of(reader, before).gflops_per_image, 0.5);
  EXPECT_EQ(cost_of(reader, after).gflops_per_image, 0.125);
  const RunComparison both = compared_runs(reader, {{1, -1}, {3, -1}});
  const auto noise = std::find_if(both.settings.begin(), both.settings.end(),
                                  [](const ComparedValue& value) { return value.name == "router.noise_std"; });
  ASSERT_NE(noise, both.settings.end());
  EXPECT_THAT(noise->values, ElementsAre("1", "0"));
  EXPECT_THAT(noise->turned, ElementsAre(0, 1));
  EXPECT_THAT(both.settings, testing::Not(testing::Contains(testing::Field(&ComparedValue::name, "router.k"))));
}

TEST_F(Comparison, ResultsOfAMomentAreThoseOfThatMoment) {
  {
    const SessionStore store(store_, SessionStore::Access::write);
    RunWriter writer(store);
    writer.resume_run(1, 20);
    writer.write(std::vector<Event>{MetricsTaken{{{"train/loss", 30, 4, 0.125}}},
                                    Evaluated{30, 4, "test", 100, 0.75, 0.25, ""}});
  }
  const SessionStore store(store_, SessionStore::Access::read);
  const RunComparison both = compared_runs(RunReader(store), {{1, 20}, {1, -1}});
  const auto values = [&](const std::string& name) {
    for (const ComparedValue& value : both.results)
      if (value.name == name) return value.values;
    return std::vector<std::string>();
  };
  EXPECT_THAT(values("step"), ElementsAre("20", "30"));
  EXPECT_THAT(values("training loss"), ElementsAre("1.0000", "0.1250"));
  EXPECT_THAT(values("test accuracy"), ElementsAre("0.5000", "0.7500"));
  EXPECT_THAT(values("test loss"), ElementsAre("0.5000", "0.2500"));
  EXPECT_THAT(values("time"), ElementsAre("1 s", "4 s"));
}

TEST_F(Comparison, ASeedThatIsThereTwiceCountsOnce) {
  add(2, 1, {4, 3}, 0.7, 0.25, {1, 1, 0, 0});  // run 4 is run 2 once more
  const SessionStore store(store_, SessionStore::Access::read);
  const RunReader reader(store);
  std::vector<ComparedRun> runs;
  for (const char* run : {"1", "2", "4"}) runs.push_back(find_compared(reader, run));
  const std::vector<SeedGroup> groups = seed_groups(runs);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_THAT(groups[0].runs, ElementsAre(0u, 1u));
  EXPECT_THAT(groups[1].runs, ElementsAre(2u));
}

}  // namespace
