// Figures of stored runs: made, listed, and made again to the last bit.
#include "app/figures/figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sessions/run_edits.h"
#include "sessions/run_writer.h"
#include "support/run_program.h"
#include "support/temp_folder.h"

namespace {

using namespace moescope;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// Runs 1 and 2 are two seeds of 100 steps, with a NaN at step 50 of run 2; run 3 is long and had a knob turned.
class Figures : public testing::Test {
 protected:
  Figures() {
    add(1, 1, 100, std::nan(""));
    add(2, 1, 100, 1);
    add(1, 2, 5000, 1);
  }
  void add(int64_t seed, int64_t k, int64_t steps, double at_50) {
    const SessionStore store(store_, SessionStore::Access::write);
    RunStarted start;
    start.config.name = "k" + std::to_string(k);
    start.config.train.seed = seed;
    start.config.router.k = k;
    start.gflops_per_image = 0.5 * static_cast<double>(k);
    MetricsTaken taken;
    for (int64_t step = 1; step <= steps; ++step) {
      taken.metrics.push_back({"train/loss", step, 1, step == 50 ? at_50 : 1.0 / static_cast<double>(step + seed)});
      for (int64_t e = 0; e < 2; ++e)
        taken.metrics.push_back({"layer3/load/e" + std::to_string(e), step, 1, e == 0 ? 0.5 : 1.5});
    }
    RunWriter(store).write(
        std::vector<Event>{start, taken, CommandApplied{20, 1, "router.noise_std", "1", "0"},
                           Evaluated{steps, 2, "test", 100, 0.5 + 0.1 * static_cast<double>(seed), 0.5, ""}});
  }
  Outcome figure(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "figure");
    arguments.insert(arguments.end(), {"--store", store_});
    return run_program(arguments);
  }
  static std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return (std::ostringstream() << file.rdbuf()).str();
  }
  figure::Panel panel(const std::string& kind, std::vector<std::string> runs) {
    const SessionStore store(store_, SessionStore::Access::read);
    FigureSpec spec;
    spec.kind = kind;
    spec.runs = spec.labels = std::move(runs);
    if (kind == "pareto") spec.x = "gflops";
    return build_figure(RunReader(store), spec).panels.at(0);
  }

  const TempFolder temp_;
  std::string store_ = temp_ / "runs.db";
};

TEST_F(Figures, APartOfALongRunIsDrawnPointByPoint) {
  const SessionStore store(store_, SessionStore::Access::read);
  FigureSpec spec;
  spec.kind = "curves";
  spec.runs = spec.labels = {"3"};
  spec.first_step = 40, spec.last_step = 139;
  const figure::Panel part = build_figure(RunReader(store), spec).panels.at(0);
  ASSERT_EQ(part.marks.size(), 1u);  // no band: nothing is summed up
  EXPECT_EQ(std::get<figure::Line>(part.marks[0]).x.size(), 100u);
  EXPECT_EQ(part.shown, "");
  EXPECT_TRUE(part.events.empty());  // the knob of step 20 lies outside
}

TEST_F(Figures, ASpecFromBeforePartsWereThereShowsAll) {
  FigureSpec spec;
  spec.kind = "curves";
  spec.runs = {"1@100"}, spec.labels = {"1 k1"};
  std::string text = to_json(spec);
  const size_t at = text.find("\"first_step\"");
  text.erase(at, text.find("\"layer\"") - at);
  EXPECT_EQ(figure_spec_from_json(text).last_step, -1);
}

TEST_F(Figures, SeedsAreOneLineWithABandAndALongRunIsAnEnvelope) {
  const figure::Panel both = panel("curves", {"1", "2", "3"});
  ASSERT_EQ(both.marks.size(), 4u);
  const auto& mean = std::get<figure::Line>(both.marks[1]);
  EXPECT_EQ(mean.name, "1 (2 seeds)");
  EXPECT_DOUBLE_EQ(mean.y[0], (1.0 / 2 + 1.0 / 3) / 2);
  EXPECT_TRUE(std::isnan(mean.y[49]));
  const auto& envelope = std::get<figure::Band>(both.marks[2]);
  EXPECT_EQ(envelope.high[0], 1);  // that of step 50, which a sample of every 64th would miss
  EXPECT_THAT(both.shown, HasSubstr("5 000 values as 79 pieces"));
  ASSERT_EQ(both.events.size(), 1u);  // of the run that stands alone
  EXPECT_EQ(both.events[0].x, 20);
}

TEST_F(Figures, OtherKinds) {
  const auto points = std::get<figure::Scatter>(panel("pareto", {"1", "2", "3"}).marks[1]);
  EXPECT_THAT(points.y, ElementsAre(0.6, 0.7, 0.6));
  EXPECT_THAT(points.faded, ElementsAre(1, 0, 1));
  const auto bars = std::get<figure::Bars>(panel("bars", {"1", "2", "3"}).marks[0]);
  EXPECT_THAT(bars.values, ElementsAre(testing::DoubleEq(0.65), 0.6));
  EXPECT_EQ(bars.low[0], 0.6);
  const auto load = std::get<figure::HeatMap>(panel("load", {"1"}).marks[0]);
  EXPECT_EQ(load.rows, 2);
  EXPECT_EQ(load.columns, 100);
  EXPECT_EQ(load.high, 1.5);
  const auto ridge = std::get<figure::Ridge>(panel("ridge", {"1"}).marks[0]);
  EXPECT_EQ(ridge.histograms.size(), 10u);
  EXPECT_EQ(ridge.histograms[0].counts[20], 10);  // 1.5 of 3, over 40 bins
}

TEST_F(Figures, ParallelCoordinatesHaveAnAxisASettingAndALineARun) {
  const figure::Panel all = panel("parallel", {"1", "2", "3"});
  std::vector<std::string> axes;
  for (const auto& [place, name] : all.x.names) axes.push_back(name);
  EXPECT_THAT(axes, ElementsAre("router.k", "train.seed", "test accuracy"));
  // Run 2 is the best: drawn last, at the top of its accuracy; k 1 is the foot of its axis, seed 2 the top.
  ASSERT_EQ(all.marks.size(), 4u);
  const auto& best = std::get<figure::Line>(all.marks[2]);
  EXPECT_EQ(best.name, "best quarter");
  EXPECT_THAT(best.y, ElementsAre(0, 1, 1));
  EXPECT_THAT(best.texts, ElementsAre("1", "2", "0.7"));  // under the mouse the values, not their shares
  const auto& readings = std::get<figure::Scatter>(all.marks[3]);
  EXPECT_THAT(readings.labels, ElementsAre("1", "2", "1", "2", "0.6", "0.7"));
  EXPECT_THAT(figure({"make", "parallel", "1", "--to", temp_ / "x.svg"}).err, HasSubstr("at least one that differs"));
  EXPECT_EQ(figure({"make", "parallel", "1", "2", "--to", temp_ / "p.tex"}).status, 0);
  EXPECT_THAT(content(temp_ / "p.tex"), HasSubstr("xticklabels={{train.seed},{test accuracy},}"));
}

TEST_F(Figures, SeveralMetricsAreAPanelEach) {
  const SessionStore store(store_, SessionStore::Access::read);
  FigureSpec spec;
  spec.kind = "curves";
  spec.runs = spec.labels = {"3"};
  spec.key = "train/loss layer3/load/e0";
  const figure::Scene scene = build_figure(RunReader(store), spec);
  ASSERT_EQ(scene.panels.size(), 2u);
  EXPECT_EQ(scene.panels[1].y.label, "layer3/load/e0");
}

TEST_F(Figures, EveryFileSaysHowItIsMadeAgain) {
  std::vector<std::string> arguments = {"make", "curves", "1", "3"};
  for (const char* ending : {"svg", "png", "csv", "json", "tex", "pdf"})
    arguments.insert(arguments.end(), {"--to", temp_ / (std::string("n.") + ending)});
  ASSERT_EQ(figure(arguments).status, 0);
  for (const char* ending : {"svg", "png", "csv", "json", "tex"})
    EXPECT_THAT(content(temp_ / (std::string("n.") + ending)),
                HasSubstr("rebuild with: moescope figure rebuild 1 --check"))
        << ending;
  EXPECT_THAT(content(temp_ / "n.pdf"), HasSubstr("/Subject"));
  // The table is still one: the note is a row like others.
  EXPECT_THAT(content(temp_ / "n.csv"), HasSubstr("\n,note,\"rebuild with"));
  EXPECT_EQ(figure({"rebuild", "1", "--check"}).status, 0);
}

TEST_F(Figures, AFigureIsMadeAgainToTheLastBitAndAChangeIsSeen) {
  const std::string svg = temp_ / "a.svg", again = temp_ / "b.svg";
  const Outcome made =
      figure({"make", "curves", "1", "2", "3", "--title", "Loss", "--log-y", "--to", svg, "--to", temp_ / "a.csv"});
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_THAT(content(svg), HasSubstr("<svg"));
  EXPECT_THAT(content(temp_ / "a.csv"), HasSubstr("1,line,1 k1 (2 seeds),50,nan,,\n"));
  EXPECT_THAT(figure({"list"}).out, HasSubstr("1  curves  1@100 2@100 3@5000  Loss"));
  {  // A new name and more training are no change of what was shown.
    const SessionStore store(store_, SessionStore::Access::write);
    RunEditor(store).rename(1, "another name");
    RunWriter writer(store);
    writer.resume_run(2, 100);
    writer.write(std::vector<Event>{MetricsTaken{{{"train/loss", 101, 1, 0.25}}}});
  }
  const Outcome same = figure({"rebuild", "1", "--check", "--to", again});
  EXPECT_EQ(same.status, 0) << same.out;
  EXPECT_THAT(same.out, HasSubstr("is the same, to the last bit"));
  EXPECT_EQ(content(svg), content(again));
  {
    const SessionStore store(store_, SessionStore::Access::edit);
    store.database().execute("UPDATE metrics_data SET value = 0.333 WHERE run_id = 1 AND step = 2");
  }
  const Outcome changed = figure({"rebuild", "1", "--check"});
  EXPECT_EQ(changed.status, 1);
  EXPECT_THAT(changed.out, HasSubstr("differs from what was made"));
}

TEST_F(Figures, MistakesAreSentences) {
  EXPECT_THAT(figure({"make", "curve", "1"}).err, HasSubstr("did you mean 'curves'?"));
  EXPECT_THAT(figure({"make", "curves", "1", "--key", "train/los", "--to", temp_ / "x.svg"}).err,
              HasSubstr("has the metric 'train/los'"));
  EXPECT_THAT(figure({"make", "load", "1", "--layer", "9", "--to", temp_ / "x.svg"}).err,
              HasSubstr("no expert load in block 9"));
  EXPECT_THAT(figure({"make", "routing", "1", "--to", temp_ / "x.svg"}).err, HasSubstr("no routing of test images"));
  EXPECT_EQ(figure({"make", "curves", "1", "--to", temp_ / "x.gif"}).status, 2);
  EXPECT_EQ(figure({"rebuild", "9"}).status, 2);
  EXPECT_THAT(figure({"list"}).out, testing::Not(HasSubstr("curves")));  // what could not be written was not kept
  EXPECT_THROW(figure_spec_from_json("{}"), ConfigError);
  EXPECT_THROW(figure_spec_from_json("not json"), ConfigError);
}

}  // namespace
