// Two stored models on one image: what must be equal is, and what is only numbered otherwise is found out.
#include "app/doors/pair_looker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "compute/train/checkpoint.h"
#include "sessions/checkpoints.h"
#include "sessions/run_reader.h"
#include "sessions/run_writer.h"
#include "support/run_program.h"
#include "support/temp_folder.h"
#include "support/tiny_training.h"

namespace {

using namespace moescope;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Pair : public testing::Test {
 protected:
  void train(const std::vector<std::string>& settings) {
    std::vector<std::string> arguments = tiny_training("train", store_);
    for (const std::string& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
    arguments.insert(arguments.end(), {"--stop", "steps=6"});
    const Outcome outcome = run_program(arguments);
    ASSERT_EQ(outcome.status, 0) << outcome.err;
  }
  PairLook look(RunMoment a, RunMoment b) {
    PairRequest request;
    request.a = a, request.b = b;
    request.image = {3, nullptr, "test 3"};
    request.num_images = 16;
    std::optional<PairLook> answer = looker_.look(request);
    EXPECT_TRUE(answer);
    return std::move(answer).value_or(PairLook{});
  }
  /// The last checkpoint of a run as one of a new run, its experts one place further round.
  void store_with_experts_turned(int64_t run_id) const {
    const SessionStore store(store_, SessionStore::Access::write);
    const RunReader reader(store);
    auto bytes = std::make_shared<std::vector<std::byte>>(
        load_checkpoint(store.database(), reader.latest_checkpoint(run_id)->checkpoint_id));
    const Checkpoint checkpoint = read_checkpoint(*bytes, "the model");
    const int64_t experts = checkpoint.head.config.router.num_experts;
    for (const Checkpoint::Entry& entry : checkpoint.entries) {
      if (entry.name.find(".moe.") == std::string::npos) continue;
      const bool router = entry.name.ends_with("router");  // (width, experts); all others (experts, ...)
      auto* values = reinterpret_cast<float*>(const_cast<std::byte*>(entry.arrays.front().data()));
      const int64_t rows = router ? entry.shape[0] : 1, size = entry.shape.size() / rows / experts;
      for (int64_t row = 0; row < rows; ++row)
        std::rotate(values + row * experts * size, values + row * experts * size + size,
                    values + (row + 1) * experts * size);
    }
    constexpr size_t kHead = 32;  // "MOESCOPE", version, 0, bytes, checksum: checkpoint.h
    const uint64_t sum = checksum(std::span<const std::byte>(*bytes).subspan(kHead));
    std::memcpy(bytes->data() + 24, &sum, sizeof sum);
    RunStarted start;
    start.config = checkpoint.head.config;
    start.config.name = "turned";
    CheckpointTaken taken{checkpoint.head.place.step, 1, false, "end", nullptr, 0};
    taken.bytes = bytes;
    RunWriter(store).write(std::vector<Event>{start, taken});
  }

  const TempFolder temp_;
  std::string store_ = temp_ / "runs.db";
  PairLooker looker_{store_};
};

TEST_F(Pair, AModelBesideItselfRoutesNothingOtherwise) {
  train({"router.kind=tokens_choice", "router.k=1"});
  const PairLook pair = look({1, -1}, {1, -1});
  ASSERT_THAT(pair.refusal, IsEmpty());
  ASSERT_EQ(pair.layers.size(), 1u);
  EXPECT_EQ(pair.layers[0].over_all.distance, 0);
  EXPECT_EQ(pair.layers[0].over_all.num_images, 16);
  EXPECT_EQ(pair.layers[0].a, pair.layers[0].b);
  EXPECT_EQ(pair.layers[0].a, pair.layers[0].matched);
  EXPECT_EQ(pair.a.view.probabilities, pair.b.view.probabilities);
}

TEST_F(Pair, ExpertsUnderOtherNumbersAreNoDifferenceOnceMatched) {
  train({"router.kind=tokens_choice", "router.k=1", "router.capacity_factor=4"});
  store_with_experts_turned(1);
  const PairLook pair = look({1, -1}, {2, -1});
  ASSERT_THAT(pair.refusal, IsEmpty());
  const PairLayer& layer = pair.layers.at(0);
  EXPECT_EQ(layer.over_all.changed, 1);
  EXPECT_EQ(layer.over_all.matched_changed, 0);
  EXPECT_THAT(layer.b, Not(testing::ContainerEq(layer.a)));
  EXPECT_EQ(layer.matched, layer.a);
  EXPECT_EQ(pair.a.view.probabilities.size(), pair.b.view.probabilities.size());
  for (size_t i = 0; i < pair.a.view.probabilities.size(); ++i)
    EXPECT_NEAR(pair.a.view.probabilities[i], pair.b.view.probabilities[i], 1e-5);  // sums in another order
}

TEST_F(Pair, GridsThatDifferAreLaidOnTheFinerOneAndItIsSaid) {
  train({"router.kind=tokens_choice", "model.patch=4"});
  train({"router.kind=soft", "model.patch=7"});
  const PairLook pair = look({1, -1}, {2, -1});
  ASSERT_THAT(pair.refusal, IsEmpty());
  const PairLayer& layer = pair.layers.at(0);
  EXPECT_TRUE(layer.aligned);
  EXPECT_EQ(layer.grid_height, 7);
  EXPECT_EQ(layer.a.size(), 49u);
  EXPECT_EQ(layer.b.size(), 49u);
  EXPECT_THAT(pair.notes, ElementsAre(HasSubstr("7 × 7 and 4 × 4 patches")));
}

TEST_F(Pair, WhatHasNoCheckpointIsToldInASentence) {
  {
    const SessionStore store(store_, SessionStore::Access::write);
    RunWriter(store).begin_run(RunStarted{});
  }
  EXPECT_THAT(look({1, -1}, {1, -1}).refusal, HasSubstr("no checkpoint"));
}

TEST_F(Pair, ANewerQuestionMakesItGiveUp) {
  train({"router.kind=tokens_choice"});
  PairRequest request;
  request.a = request.b = {1, -1};
  request.image = {0, nullptr, "test 0"};
  int asked = 0;
  EXPECT_FALSE(looker_.look(request, [&] { return ++asked < 3; }));
  EXPECT_EQ(asked, 3);
  EXPECT_TRUE(looker_.look(request));
}

}  // namespace
