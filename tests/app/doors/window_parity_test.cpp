// What the window shows of a run is what the commands print of it: a real window on a real run, and the same store
// asked by eval and inspect.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "app/runs/run_request.h"
#include "support/heard_run.h"
#include "support/run_program.h"
#include "support/temp_folder.h"
#include "support/tiny_training.h"
#include "support/ui_real_window.h"
#include "widgets/panels/layer_health.h"
#include "widgets/panels/routing_view.h"

namespace moescope {
namespace {

using nlohmann::json;

class WindowParity : public demo::RealWindow, public testing::WithParamInterface<const char*> {
 protected:
  /// A run of four steps that has ended, on view.
  void SetUp() override {
    RealWindow::SetUp();
    if (IsSkipped()) return;
    RunRequest request;
    const std::vector<std::string> words = tiny_training("train", store_);
    for (size_t i = 3; i + 1 < words.size(); i += 2) request.config.settings.push_back(words[i + 1]);
    for (const std::string& more : {"router.kind=" + std::string(GetParam()), std::string("router.k=2"),
                                    std::string("router.group_images=1"), std::string("router.eval_capacity_factor=0")})
      request.config.settings.push_back(more);
    request.store = store_;
    request.stop = "steps=4";
    PreparedRun run = prepare_run(request);
    run.setup.watched = {{0, nullptr, "test 0"}};
    run_ = std::make_unique<HeardRun>(std::move(run));
    WindowOptions options;
    options.scale = 1;
    window_ = std::make_unique<Window>(options, *run_);
    ASSERT_TRUE(until([&] {
      const auto s = window_->snapshot();
      return s && s->state == RunState::finished && !s->images.empty() && s->images[0].step == 4 && s->run_id == 1;
    }));
    hand("key ctrl+s");  // the end is stored; one more waits until it is
    ASSERT_TRUE(until([&] { return inspect({"image"})["model"]["step"] == 4; }));
  }
  void TearDown() override {
    RealWindow::TearDown();
    run_.reset();
  }
  /// What `moescope inspect 1 ...` says as JSON; empty when it refuses.
  json inspect(std::vector<std::string> more) {
    more.insert(more.begin(), {"inspect", "1"});
    more.insert(more.end(), {"--store", store_, "--json"});
    const Outcome outcome = run_program(more);
    return outcome.status == 0 ? json::parse(outcome.out) : json{{"model", {{"step", -1}}}};
  }
  const ImageView& view() { return window_->snapshot()->images[0]; }

  TempFolder folder_;
  const std::string store_ = folder_ / "runs.db";
  std::unique_ptr<HeardRun> run_;
};

/// Stored as the shortest text that means the same float.
std::vector<float> floats(const json& list) { return list.get<std::vector<float>>(); }

void expect_equal(const RoutingMap& map, const json& said) {
  if (map.router == RouterKind::soft) {
    EXPECT_EQ(map.dispatch, floats(said["dispatch"]));
    EXPECT_EQ(map.combine, floats(said["combine"]));
    EXPECT_EQ(panels::tokens_for_share(map, 0.5), said["numbers"]["tokens_for_half"]);
  } else {
    EXPECT_EQ(map.gates, floats(said["gates"]));
    int64_t dropped = 0;  // counted from the router's own reasons, not by the panel's code
    for (int64_t t = 0; t < map.num_tokens; ++t) {
      bool taken = false;
      for (int64_t k = 0; k < map.k; ++k)
        taken |= said["drop"][static_cast<size_t>(t * map.k + k)] == "" &&
                 said["expert"][static_cast<size_t>(t * map.k + k)] >= 0;
      dropped += !taken;
    }
    EXPECT_EQ(panels::count_dropped(map), dropped);
  }
  const ExpertLoad load = panels::load_of(map);
  EXPECT_EQ(load.load, floats(said["numbers"]["load"]));
  EXPECT_EQ(load.importance, floats(said["numbers"]["importance"]));
  EXPECT_DOUBLE_EQ(load.load_cv, said["numbers"]["load_cv"]);
  EXPECT_DOUBLE_EQ(load.entropy, said["numbers"]["entropy"]);
  EXPECT_DOUBLE_EQ(load.dropped, said["numbers"]["dropped"]);
  EXPECT_DOUBLE_EQ(load.capacity_use, said["numbers"]["capacity_use"]);
  EXPECT_EQ(panels::health_of(load).dead, said["numbers"]["dead"]);
}

TEST_P(WindowParity, TheImageAndItsRouting) {
  const json said = inspect({"image"})["images"][0]["as_is"];
  EXPECT_EQ(view().probabilities, floats(said["probabilities"]));
  ASSERT_EQ(view().routing.size(), said["routing"].size());
  for (size_t i = 0; i < view().routing.size(); ++i) expect_equal(view().routing[i], said["routing"][i]);
}

TEST_P(WindowParity, AnExpertSwitchedOff) {
  hand("key bracketright");
  ASSERT_TRUE(until([&] { return window_->workspace().explore().selection().pinned.expert == 0; }));
  hand("keydown x");
  ASSERT_TRUE(until([&] { return run_->last_look && !run_->last_look->request.what_if.is_nothing(); }));
  hand("keyup x");
  const ImageLook& look = run_->last_look->images.at(0);
  const json said = inspect({"image", "--disable-expert", "1:0"})["images"][0];
  EXPECT_EQ(look.changed.probabilities, floats(said["changed"]["probabilities"]));
  expect_equal(look.changed.routing.at(0), said["changed"]["routing"][0]);
  EXPECT_EQ(look.margin_after, said["margin_after"].get<double>());
  EXPECT_EQ(look.layers.at(0).patches.size(), said["layers"][0]["changed"].size());
}

TEST_P(WindowParity, TheLastPointOfTheCurveOfCompute) {
  panels::Selection selection;
  selection.layer = 1;
  panels::Seen seen;
  const auto snapshot = window_->snapshot();
  seen.snapshot = snapshot.get();
  panels::Study study;
  run_->report(study.question_of(panels::Page::compute, seen, selection));
  ASSERT_TRUE(until([&] { return run_->last_report && run_->last_report->state == ReportState::done; }));
  const CurvePoint& last = std::get<Curve>(run_->last_report->answer).points.back();
  const bool soft = snapshot->config.router.kind == RouterKind::soft;
  std::ostringstream position;
  position << last.position;
  // eval in groups of one image, as the curve is counted
  const Outcome said = run_program(
      {"eval", "1", "--store", store_, "--format", "csv", soft ? "--slots" : "--capacity-factor", position.str()});
  ASSERT_EQ(said.status, 0) << said.err;
  char line[64];
  std::snprintf(line, sizeof line, "%.4f,%.4f,%.5f,", last.accuracy, last.loss, last.gflops_per_image);
  EXPECT_NE(said.out.find(line), std::string::npos) << line << " in " << said.out;
}

INSTANTIATE_TEST_SUITE_P(Routers, WindowParity, testing::Values("soft", "tokens_choice", "experts_choice"),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace moescope
