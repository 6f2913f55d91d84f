// A run behind the window, with its threads and its store: what is stored is listed and looked through, and branching
// puts another run in its place.
#include "app/doors/run_controller.h"

#include <gtest/gtest.h>

#include "sessions/run_reader.h"
#include "support/synthetic_dataset.h"
#include "support/temp_folder.h"

namespace moescope {
namespace {

/// A controller as a window drives it, turn by turn.
class Controlled {
 public:
  explicit Controlled(const std::string& store) {
    PreparedRun run;
    run.store = store;
    run.setup.config = tiny_config(RouterKind::tokens_choice);
    run.setup.dataset = std::make_shared<SyntheticDataset>();
    run.setup.start_paused = true;
    run.setup.watched = {{0, nullptr, "test 0"}};
    controller_ = std::make_unique<RunController>(std::move(run));
  }
  RunController& run() { return *controller_; }
  /// False after a minute, which only a run that hangs needs.
  bool until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (std::chrono::steady_clock::now() < end) {
      controller_->take(snapshot);
      controller_->take_look(look);
      RunNews news = controller_->take_news();
      if (news.other_run) ++other_runs, metrics.clear();  // as the window does: they were of the run before
      if (news.checkpoints) stored = std::move(*news.checkpoints);
      for (const Metric& metric : news.metrics) metrics.push_back(metric);
      for (std::string& text : controller_->drain_notices()) notices.push_back(std::move(text));
      if (done()) return true;
      std::this_thread::yield();
    }
    return false;
  }
  bool steps_to(int64_t step) {
    // The first snapshot is waited for: a step asked before it would come on top of those that are counted.
    if (!until([&] { return snapshot != nullptr; })) return false;
    while (snapshot->step < step) {
      const int64_t before = snapshot->step;
      controller_->send(SingleStep{});
      if (!until([&] { return snapshot->step > before; })) return false;
    }
    return true;
  }
  void leave() { controller_.reset(); }

  std::shared_ptr<const Snapshot> snapshot;
  std::shared_ptr<const Look> look;
  std::vector<CheckpointInfo> stored;
  std::vector<Metric> metrics;
  std::vector<std::string> notices;
  int other_runs = 0;

 private:
  std::unique_ptr<RunController> controller_;
};

LookRequest first_image() {
  LookRequest request;
  request.id = 1;
  request.images = {{0, nullptr, "test 0"}};
  return request;
}

class TimeTravelOfARun : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(run_.steps_to(2));
    before_ = run_.snapshot->images.at(0).probabilities;
    run_.run().send(SaveCheckpoint{});
    ASSERT_TRUE(run_.until([&] { return !run_.stored.empty() && run_.stored.back().step == 2; }))
        << testing::PrintToString(run_.notices) << ", stored " << run_.stored.size();
    ASSERT_TRUE(run_.steps_to(6));
  }
  TempFolder folder_;
  const std::string store_ = folder_ / "sessions.db";
  Controlled run_{store_};
  std::vector<float> before_;
};

TEST_F(TimeTravelOfARun, AStoredStepIsListedAndAnswersAsTheModelDidThen) {
  EXPECT_EQ(run_.stored[0].step, 2);
  run_.run().explore_checkpoint(run_.stored[0].checkpoint_id);
  run_.run().look(first_image());
  ASSERT_TRUE(run_.until([&] { return run_.look && !run_.look->model.live; }));
  EXPECT_EQ(run_.look->model.step, 2);
  ASSERT_EQ(run_.look->images.size(), 1u);
  EXPECT_EQ(run_.look->images[0].as_is.probabilities, before_);  // the same weights, to the last bit
  EXPECT_NE(run_.snapshot->images.at(0).probabilities, before_);
  run_.run().explore_checkpoint(-1);
  ASSERT_TRUE(run_.until([&] { return run_.look->model.live; }));
  EXPECT_EQ(run_.look->model.step, 6);
  EXPECT_EQ(run_.look->model.run_id, run_.snapshot->run_id);
}

TEST_F(TimeTravelOfARun, BranchingSavesThisRunAndBeginsAnotherAtTheStep) {
  const int64_t first = run_.snapshot->run_id;
  run_.run().branch(2);
  ASSERT_TRUE(run_.until([&] { return run_.other_runs == 1 && run_.snapshot->run_id > first; }))
      << testing::PrintToString(run_.notices) << " other runs " << run_.other_runs << ", run " << run_.snapshot->run_id
      << ", step " << run_.snapshot->step << ", state " << static_cast<int>(run_.snapshot->state);
  EXPECT_EQ(run_.snapshot->step, 2);
  EXPECT_EQ(run_.snapshot->state, RunState::paused);  // as the one before it
  ASSERT_TRUE(run_.until([&] { return !run_.metrics.empty(); }));
  for (const Metric& metric : run_.metrics) EXPECT_LE(metric.step, 2);  // its curves begin where the first run's began
  ASSERT_TRUE(run_.steps_to(3));
  run_.run().look(first_image());
  ASSERT_TRUE(run_.until([&] { return run_.look && run_.look->model.live && run_.look->model.step == 3; }));
  const int64_t second = run_.snapshot->run_id;
  run_.leave();
  const SessionStore store(store_, SessionStore::Access::read);
  const RunReader reader(store);
  EXPECT_EQ(reader.load_run(first).summary.state, RunState::finished);
  EXPECT_EQ(reader.load_run(first).summary.step, 6);
  const Environment facts = reader.load_run(second).environment;
  const auto from = std::find_if(facts.begin(), facts.end(), [](const auto& f) { return f.first == "branched_from"; });
  ASSERT_NE(from, facts.end());
  EXPECT_EQ(from->second, std::to_string(first) + "@2");
}

TEST_F(TimeTravelOfARun, AStepThatIsNotStoredIsANoticeAndTheRunGoesOn) {
  run_.run().branch(5);
  ASSERT_TRUE(run_.until([&] { return !run_.notices.empty(); }));
  EXPECT_NE(run_.notices[0].find("no checkpoint of step 5"), std::string::npos) << run_.notices[0];
  EXPECT_TRUE(run_.steps_to(7));
  EXPECT_EQ(run_.other_runs, 0);
}

}  // namespace
}  // namespace moescope
