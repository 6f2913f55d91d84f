// The explorer beside a run: what it answers equals what an evaluation counts, the newest look wins, and a run that is
// looked at computes what it would have computed.
#include "compute/explore/explorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>

#include "compute/train/trainer_thread.h"
#include "support/tiny_replica.h"

namespace moescope {
namespace {

constexpr auto kLong = std::chrono::seconds(60);  // only a hang takes so long

/// An explorer with somebody who waits for its answers.
struct Asking {
  explicit Asking(std::shared_ptr<WeightExchange> live = nullptr) : explorer(std::move(live)) {
    explorer.set_waker([this] {
      const std::lock_guard lock(mutex);
      woken = true;
      changed.notify_all();
    });
  }
  ~Asking() { explorer.set_waker(nullptr); }

  template <class Done>
  bool wait(Done&& done) {
    const auto deadline = std::chrono::steady_clock::now() + kLong;
    for (;;) {
      if (done()) return true;
      std::unique_lock lock(mutex);
      if (!changed.wait_until(lock, deadline, [this] { return woken; })) return false;
      woken = false;
    }
  }
  /// The answer to the look with this id.
  std::shared_ptr<const Look> look(const LookRequest& request) {
    explorer.look(request);
    std::shared_ptr<const Look> answer;
    return wait([&] { return explorer.take(answer) && answer->request.id == request.id; }) ? answer : nullptr;
  }
  /// The last state of the report with this id.
  std::shared_ptr<const Report> report(const ReportRequest& request) {
    explorer.report(request);
    return finished(request.id);
  }
  std::shared_ptr<const Report> finished(int64_t id) {
    std::shared_ptr<const Report> answer;
    wait([&] {
      for (auto& one : explorer.take_reports()) reports.push_back(std::move(one));
      for (const auto& one : reports)
        if (one->request.id == id && one->state >= ReportState::done) answer = one;
      return answer != nullptr;
    });
    return answer;
  }

  std::vector<std::shared_ptr<const Report>> reports;
  std::mutex mutex;
  std::condition_variable changed;
  bool woken = false;
  Explorer explorer;
};

LookRequest look_at(int64_t id, int64_t image, WhatIf what_if = {}) {
  LookRequest request;
  request.id = id;
  request.images = {{image, nullptr, "test " + std::to_string(image)}};
  request.what_if = std::move(what_if);
  return request;
}

WhatIf expert_off(int64_t layer, int64_t expert) {
  WhatIf what_if;
  what_if.off = {{layer, expert}};
  return what_if;
}

TEST(Explorer, AnExpertOffIsTheSameAsInAnEvaluation) {
  const RunConfig config = tiny_config(RouterKind::tokens_choice);
  Asking asking;
  asking.explorer.use([&] { return tiny_replica(config); });
  ReportRequest request;
  request.id = 1;
  AskCurve curve;
  curve.points = {{}, expert_off(1, 2)};
  curve.positions = {0, 1};
  request.question = curve;
  const auto report = asking.report(request);
  ASSERT_TRUE(report);
  ASSERT_EQ(report->state, ReportState::done) << report->refusal;
  const auto& points = std::get<Curve>(report->answer).points;

  const Replica replica = tiny_replica(config);
  EvalOptions options = EvalOptions::of(config);
  const EvalResult all = evaluate(*replica.model, replica.dataset, options);
  options.what_if = expert_off(1, 2);
  const EvalResult without = evaluate(*replica.model, replica.dataset, options);
  ASSERT_NE(all.loss, without.loss) << "the expert does something";
  EXPECT_EQ(points[0].loss, all.loss);
  EXPECT_EQ(points[1].loss, without.loss);
  EXPECT_EQ(points[1].accuracy, without.accuracy);
  EXPECT_EQ(points[1].gflops_per_image, without.gflops_per_image);
  EXPECT_TRUE(std::get<Curve>(report->answer).exact);
  EXPECT_EQ(points[0].accuracy_error, 0);
}

TEST(Explorer, ALookUnderAWhatIfShowsBothSides) {
  Asking asking;
  asking.explorer.use([] { return tiny_replica(tiny_config()); });
  const auto look = asking.look(look_at(7, 3, expert_off(1, 0)));
  ASSERT_TRUE(look);
  EXPECT_EQ(look->refusal, "");
  ASSERT_EQ(look->images.size(), 1u);
  EXPECT_NE(look->images[0].as_is.probabilities, look->images[0].changed.probabilities);
  EXPECT_EQ(look->images[0].changed.routing[0].expert_off[0], 1);
  EXPECT_EQ(look->model.text, "run 1, step 40");

  Replica replica = tiny_replica(tiny_config());  // the same by hand
  Watcher watcher(replica.dataset, replica.config.data.scale);
  watcher.watch({{3, nullptr, "test 3"}}, -1);
  EXPECT_EQ(look->images[0].changed.probabilities,
            watcher.look(*replica.model, replica.config.router, expert_off(1, 0), 40)[0].probabilities);
}

TEST(Explorer, WhatCannotBeAskedIsRefusedAndTheModelShownAsItIs) {
  Asking asking;
  asking.explorer.use([] { return tiny_replica(tiny_config()); });
  const auto look = asking.look(look_at(1, 3, expert_off(1, 9)));
  ASSERT_TRUE(look);
  EXPECT_EQ(look->refusal, "expert 1:9 does not exist; layer 1 has experts 0 to 3");
  ASSERT_EQ(look->images.size(), 1u);
  EXPECT_EQ(look->images[0].as_is.probabilities, look->images[0].changed.probabilities);

  const auto none = asking.look(look_at(2, 9999));
  ASSERT_TRUE(none);
  EXPECT_THAT(none->refusal, testing::HasSubstr("test image 9999 does not exist"));
  EXPECT_TRUE(none->images.empty()) << "not those of another image";
}

TEST(Explorer, AModelThatCannotBeLoadedIsToldAndTheOldOneStays) {
  Asking asking;
  asking.explorer.use([] { return tiny_replica(tiny_config()); });
  ASSERT_TRUE(asking.look(look_at(1, 0)));
  asking.explorer.use([]() -> Replica { throw UserError("checkpoint 5 is damaged; choose another one"); });
  std::shared_ptr<const Look> refused;
  ASSERT_TRUE(asking.wait([&] { return asking.explorer.take(refused) && !refused->refusal.empty(); }));
  EXPECT_EQ(refused->refusal, "checkpoint 5 is damaged; choose another one");
  EXPECT_EQ(asking.look(look_at(2, 0))->model.text, "run 1, step 40");
}

TEST(Explorer, ReportsWaitInLineAndCanBeCancelled) {
  Asking asking;
  asking.explorer.use([] { return tiny_replica(tiny_config(), 4000); });
  ReportRequest first, second;
  first.id = 1, first.question = AskMistakes{};
  second.id = 2, second.question = AskAffinity{};
  asking.explorer.report(first);
  asking.explorer.report(second);
  asking.explorer.cancel(1);
  EXPECT_EQ(asking.finished(1)->state, ReportState::cancelled);
  EXPECT_EQ(asking.finished(2)->state, ReportState::done);
}

TEST(Explorer, AReportThatCannotBeIsRefusedInASentence) {
  RunConfig dense = tiny_config(RouterKind::dense);
  Asking asking;
  asking.explorer.use([&] { return tiny_replica(dense); });
  ReportRequest request;
  request.id = 3, request.question = AskAffinity{};
  const auto report = asking.report(request);
  EXPECT_EQ(report->state, ReportState::refused);
  EXPECT_EQ(report->refusal, "affinity is about experts, and this model is dense; choose a run with a router");
}

TEST(Explorer, AReplicaFollowsARunThatIsGivenAnotherRouter) {
  Replica replica;
  for (const RouterKind kind : {RouterKind::soft, RouterKind::tokens_choice, RouterKind::soft}) {
    const Replica source = tiny_replica(tiny_config(kind));
    WeightExchange exchange;
    exchange.ask(0, nullptr);
    PublishedWeights weights;
    weights.config = source.config, weights.dataset = source.dataset, weights.version = 1, weights.step = 12;
    ASSERT_TRUE(exchange.wanted(1));
    exchange.publish(*source.model, std::move(weights));
    EXPECT_FALSE(exchange.wanted(2)) << "nobody asked again";
    replica.dataset = source.dataset;  // the run's stays the same
    replica.take(*exchange.take());
    const Look look = Looker().look(replica, look_at(1, 0));
    EXPECT_EQ(look.refusal, "");
    ASSERT_EQ(look.images[0].as_is.routing.size(), 1u);
    EXPECT_EQ(look.images[0].as_is.routing[0].router, kind);
    EXPECT_EQ(look.model.step, 12);
  }
}

TEST(Explorer, AnswersWhileTheTrainerIsInTheMiddleOfAStepThatDoesNotEnd) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  auto weights = std::make_shared<WeightExchange>();
  Asking asking(weights);
  RunSetup setup;
  setup.config = tiny_config();
  setup.dataset = std::make_shared<SyntheticDataset>();
  setup.weights = weights;
  setup.before_step = [released](Trainer& trainer) {
    if (trainer.steps_done() == 1) released.wait();
  };
  asking.explorer.look(look_at(1, 0));  // so that the weights of the first step are published
  TrainerThread trainer(std::move(setup));
  struct Release {  // however the test ends: the trainer, which waits for it, could not be joined
    std::promise<void>& promise;
    ~Release() { promise.set_value(); }
  } const at_the_end{release};
  std::shared_ptr<const Look> first;
  EXPECT_TRUE(asking.wait([&] { return asking.explorer.take(first); }));
  const auto under_off = asking.look(look_at(2, 5, expert_off(1, 1)));
  ASSERT_TRUE(under_off);
  EXPECT_EQ(under_off->refusal, "");
  EXPECT_EQ(under_off->images[0].changed.routing[0].expert_off[1], 1);
}

/// Losses of a short run, looked at on the way or not.
std::vector<double> losses(bool explored) {
  RunSetup setup;
  setup.config = tiny_config(RouterKind::tokens_choice);
  setup.dataset = std::make_shared<SyntheticDataset>();
  setup.leave_when_finished = true;
  setup.stop_rule = "steps=40";
  auto weights = explored ? std::make_shared<WeightExchange>() : nullptr;
  setup.weights = weights;
  std::unique_ptr<Asking> asking;
  if (explored) {
    asking = std::make_unique<Asking>(weights);
    asking->explorer.look(look_at(1, 0, expert_off(1, 0)));
    ReportRequest request;
    request.id = 1, request.question = AskMistakes{};
    asking->explorer.report(request);
  }
  TrainerThread trainer(std::move(setup));
  trainer.join();
  std::vector<double> result;
  for (const Event& event : trainer.events().drain()) {
    const auto* taken = std::get_if<MetricsTaken>(&event);
    for (size_t i = 0; taken && i < taken->metrics.size(); ++i)
      if (taken->metrics[i].key == "train/loss") result.push_back(taken->metrics[i].value);
  }
  if (explored) {
    std::shared_ptr<const Look> look;
    EXPECT_TRUE(asking->wait([&] { return asking->explorer.take(look); })) << "it was looked at";
    EXPECT_TRUE(look->model.live);
    EXPECT_EQ(asking->finished(1)->state, ReportState::done);
  }
  return result;
}

TEST(Explorer, ARunThatIsExploredLearnsTheSameToTheLastBit) {
  const std::vector<double> alone = losses(false);
  EXPECT_EQ(alone.size(), 40u);
  EXPECT_EQ(losses(true), alone);
}

}  // namespace
}  // namespace moescope
