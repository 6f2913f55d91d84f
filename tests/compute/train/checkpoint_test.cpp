// A checkpoint gives back what was saved to the bit, and says in one sentence why it cannot.
#include "compute/train/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "compute/core/error.h"
#include "compute/core/rng.h"

namespace moescope {
namespace {

using testing::HasSubstr;

struct Saved {
  ParameterSet set;
  std::unique_ptr<Optimizer> optimizer;
  CheckpointHead head;

  explicit Saved(OptimizerKind kind = OptimizerKind::adamw, int64_t width = 5) {
    set.add("block0.mlp.w1", {3, width}, ParameterRole::kernel, Init::normal(1));
    set.add("block1.moe.scale", {}, ParameterRole::scale, Init::constant(2));
    set.allocate(host_memory(), 7);
    optimizer = std::make_unique<Optimizer>(kind, set, host_memory());
    for (int i = 0; i < optimizer->num_moments(); ++i) {
      Rng(static_cast<uint64_t>(i), RngPurpose::test)
          .fill_normal(optimizer->moment(i).f32(), optimizer->moment(i).size(), 1);
    }
    head.config.router.temperature = 0.1 + 0.2;  // needs all 17 digits
    head.config.name = "a name with spaces";
    head.place = {.step = 812,
                  .wall_secs = 1.0 / 3,
                  .active_secs = 0.25,
                  .stop_rule = "epochs=2",
                  .test_accuracy = 0.8,
                  .test_loss = 0.5,
                  .test_step = 468};
    head.image = {28, 28, 1, 10};
    head.dataset_hash = "0123456789abcdef";
  }
  std::vector<std::byte> bytes() const { return write_checkpoint(head, set, *optimizer); }
};

std::string error_of(std::vector<std::byte> bytes) {
  try {
    read_checkpoint(bytes, "checkpoint run.ckpt");
  } catch (const FormatError& error) { return error.what(); }
  return "no error";
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), static_cast<size_t>(a.bytes())) == 0;
}

TEST(Checkpoint, GivesBackHeadValuesAndMomentsToTheBit) {
  Saved saved, fresh;
  for (float* p = fresh.set.values().f32(); p != fresh.set.values().f32() + fresh.set.values().size(); ++p) *p = 0;
  for (int i = 0; i < 2; ++i)
    std::memset(fresh.optimizer->moment(i).data(), 0, static_cast<size_t>(fresh.optimizer->moment(i).bytes()));
  saved.set.find("block1.moe.scale")->first_step = 300;
  fresh.set.find("block0.mlp.w1")->first_step = 20;
  const auto bytes = saved.bytes();
  const Checkpoint read = read_checkpoint(bytes, "checkpoint run.ckpt");
  restore_training(read, fresh.set, *fresh.optimizer);

  EXPECT_EQ(fresh.set.find("block1.moe.scale")->first_step, 300);
  EXPECT_EQ(fresh.set.find("block0.mlp.w1")->first_step, 0);

  EXPECT_EQ(read.head.config.router.temperature, 0.1 + 0.2);
  EXPECT_EQ(read.head.config.name, "a name with spaces");
  EXPECT_EQ(read.head.place.step, 812);
  EXPECT_EQ(read.head.place.wall_secs, 1.0 / 3);
  EXPECT_EQ(read.head.place.active_secs, 0.25);
  EXPECT_EQ(read.head.place.stop_rule, "epochs=2");
  EXPECT_EQ(read.head.place.test_accuracy, 0.8);
  EXPECT_EQ(read.head.place.test_step, 468);
  EXPECT_EQ(read.head.image.classes, 10);
  EXPECT_EQ(read.head.dataset_hash, "0123456789abcdef");
  EXPECT_EQ(read.optimizer, OptimizerKind::adamw);
  for (size_t i = 0; i < 2; ++i) {
    const Parameter &was = saved.set.all()[i], &is = fresh.set.all()[i];
    EXPECT_TRUE(same_bits(was.value, is.value));
    for (int m = 0; m < 2; ++m) {
      const auto of = [&](const Saved& s) {
        return s.optimizer->moment(m).rows(was.offset, was.offset + was.shape.size());
      };
      EXPECT_TRUE(same_bits(of(saved), of(fresh)));
    }
  }
}

TEST(Checkpoint, ForEvaluationAnyOptimiserWillDo) {
  const Saved saved;
  Saved fresh(OptimizerKind::sgd);
  std::memset(fresh.set.values().data(), 0, static_cast<size_t>(fresh.set.values().bytes()));
  const auto bytes = saved.bytes();
  const Checkpoint read = read_checkpoint(bytes, "checkpoint run.ckpt");
  restore_values(read, fresh.set);
  EXPECT_TRUE(same_bits(saved.set.values(), fresh.set.values()));
  try {
    restore_training(read, fresh.set, *fresh.optimizer);
    FAIL() << "no error";
  } catch (const FormatError& error) {
    EXPECT_STREQ(
        error.what(),
        "checkpoint run.ckpt was saved with train.optimizer=adamw, not sgd; use the configuration it was saved with");
  }
}

TEST(Checkpoint, EveryTruncationIsRefused) {
  const auto bytes = Saved().bytes();
  for (size_t n = 0; n < bytes.size(); ++n) {
    const std::string error = error_of({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n)});
    ASSERT_THAT(error, testing::AnyOf(HasSubstr("is truncated"), HasSubstr("is not a moescope checkpoint"))) << n;
  }
  EXPECT_EQ(error_of({bytes.begin(), bytes.end() - 1}),
            "checkpoint run.ckpt is truncated: " + std::to_string(bytes.size() - 33) + " of " +
                std::to_string(bytes.size() - 32) + " bytes are there; take another checkpoint");
}

TEST(Checkpoint, EveryFlippedBitIsNoticed) {
  const auto bytes = Saved().bytes();
  ASSERT_EQ(error_of(bytes), "no error");
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i >= 12 && i < 16) continue;  // the reserved word means nothing yet
    auto damaged = bytes;
    damaged[i] ^= std::byte{static_cast<unsigned char>(1u << (i % 8))};
    ASSERT_NE(error_of(damaged), "no error") << "byte " << i;
  }
}

TEST(Checkpoint, AnOptimiserWithoutItsMomentsIsRefused) {
  const Saved saved(OptimizerKind::sgd);
  std::vector<std::byte> bytes = saved.bytes();
  const std::string first = saved.set.all()[0].name;
  const auto same = [](std::byte a, char b) { return a == static_cast<std::byte>(b); };
  const auto name = std::search(bytes.begin(), bytes.end(), first.begin(), first.end(), same);
  // Kind, moments, number of parameters and the length of the name stand before it, four bytes each.
  const auto adamw = static_cast<uint32_t>(OptimizerKind::adamw);
  std::memcpy(&*name - 16, &adamw, sizeof adamw);
  const uint64_t sum = checksum(std::span(bytes).subspan(32));
  std::memcpy(bytes.data() + 24, &sum, sizeof sum);
  Saved fresh;
  const Checkpoint read = read_checkpoint(bytes, "checkpoint run.ckpt");
  ASSERT_EQ(read.optimizer, OptimizerKind::adamw);
  try {
    restore_training(read, fresh.set, *fresh.optimizer);
    FAIL() << "no error";
  } catch (const FormatError& error) {
    EXPECT_STREQ(error.what(),
                 "checkpoint run.ckpt is damaged: it has 1 moment of block0.mlp.w1, and adamw keeps 2; take another "
                 "checkpoint");
  }
}

TEST(Checkpoint, ANewerVersionIsRefusedWithARemedy) {
  auto bytes = Saved().bytes();
  bytes[8] = std::byte{2};
  EXPECT_EQ(
      error_of(bytes),
      "checkpoint run.ckpt has format version 2, this program reads version 1; use the program that wrote it or a "
      "newer one");
}

TEST(Checkpoint, AnotherFileIsRefused) {
  const std::string text = "\x89PNG this is a picture, long enough to hold a prefix";
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  EXPECT_EQ(error_of(bytes), "checkpoint run.ckpt is not a moescope checkpoint (it does not begin with MOESCOPE)");
}

TEST(Checkpoint, AnotherModelIsRefusedAndLeftAsItWas) {
  const Saved saved;
  const Saved wider(OptimizerKind::adamw, 6);
  const auto bytes = saved.bytes();
  std::vector<float> before(wider.set.values().f32(), wider.set.values().f32() + wider.set.values().size());
  try {
    restore_values(read_checkpoint(bytes, "checkpoint run.ckpt"), wider.set);
    FAIL() << "no error";
  } catch (const FormatError& error) {
    EXPECT_STREQ(error.what(),
                 "checkpoint run.ckpt does not fit this model: block0.mlp.w1 is (3,5) there and (3,6) here; use the "
                 "configuration it was saved with");
  }
  EXPECT_EQ(std::memcmp(before.data(), wider.set.values().data(), before.size() * sizeof(float)), 0);
}

}  // namespace
}  // namespace moescope
