// Batches: what is in them, that threads and resuming change nothing, and that knobs act from the step they name.
#include "compute/data/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "small_files.h"

namespace moescope {
namespace {

using testing::ElementsAre;
using testing::FloatEq;
using testing::HasSubstr;

/// Image i has 2x3 pixels: i, i+1, ... (below 256), and the label i mod 4. An image's decoding can be made to fail.
class CountingDataset final : public Dataset {
 public:
  explicit CountingDataset(int64_t num_train, int64_t num_test = 10) {
    info_.name = "Counting";
    info_.num_train = num_train;
    info_.num_test = num_test;
    info_.height = 2;
    info_.width = 3;
    info_.channels = 1;
    info_.class_names = {"a", "b", "c", "d"};
    info_.mean = {0};
    info_.std = {1.0f / 255};
  }
  int32_t label(Split, int64_t i) const override { return static_cast<int32_t>(i % 4); }
  const uint8_t* pixels(Split, int64_t i, std::vector<uint8_t>& scratch) const override {
    if (i == broken_) throw DataError("image " + std::to_string(i) + " is damaged");
    scratch.resize(6);
    for (size_t p = 0; p < 6; ++p) scratch[p] = static_cast<uint8_t>(i + static_cast<int64_t>(p));
    return scratch.data();
  }
  std::atomic<int64_t> broken_ = -1;
};

struct Copy {
  int64_t step, epoch;
  std::vector<float> images, targets;
  std::vector<int32_t> labels, indices;
  bool operator==(const Copy&) const = default;
};

std::vector<float> floats(const Tensor& t) {
  return t.empty() ? std::vector<float>() : std::vector<float>(t.f32(), t.f32() + t.size());
}

Copy copy(const Batch& batch) {
  return {batch.step,
          batch.epoch,
          floats(batch.images),
          floats(batch.targets),
          {batch.labels.i32(), batch.labels.i32() + batch.labels.size()},
          batch.indices};
}

std::vector<Copy> take(BatchLoader& loader, int n) {
  std::vector<Copy> out;
  for (int i = 0; i < n; ++i) out.push_back(copy(loader.next()));
  return out;
}

const Augmentation kEverything{.flip = true, .shift = 1, .crop = 1, .mixup = 0.4, .label_smoothing = 0.1};

LoaderSettings settings(int64_t workers, Augmentation augmentation = kEverything) {
  return {.batch_size = 8, .workers = workers, .seed = 3, .augmentation = augmentation};
}

TEST(BatchLoader, ARawBatchMadeAfterwardsIsTheSame) {
  const auto dataset = std::make_shared<CountingDataset>(30);
  LoaderSettings raw = settings(2);
  raw.raw = true;
  for (const Augmentation& augmentation : {kEverything, Augmentation{.flip = true}, Augmentation{}}) {
    BatchLoader loader(dataset, settings(1, augmentation));
    raw.augmentation = augmentation;
    BatchLoader raw_loader(dataset, raw);
    for (int step = 0; step < 5; ++step) {
      const Batch& batch = raw_loader.next();
      EXPECT_TRUE(batch.images.empty() && batch.targets.empty()) << "nobody asked for them";
      EXPECT_EQ(batch.bytes.u8()[0], batch.indices[0]);
      EXPECT_EQ(copy(raw_loader.made(batch)), copy(loader.next()));
    }
  }
}

TEST(BatchLoader, AnEpochTakesEachImageAtMostOnceAndDropsTheRest) {
  const auto dataset = std::make_shared<CountingDataset>(30);
  BatchLoader loader(dataset, settings(2, {}));
  EXPECT_EQ(loader.steps_per_epoch(), 3);  // 30 / 8
  std::vector<int32_t> orders[2];
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (int step = 0; step < 3; ++step) {
      const Batch& batch = loader.next();
      EXPECT_EQ(batch.step, epoch * 3 + step);
      EXPECT_EQ(batch.epoch, epoch);
      orders[epoch].insert(orders[epoch].end(), batch.indices.begin(), batch.indices.end());
    }
    EXPECT_EQ(std::set<int32_t>(orders[epoch].begin(), orders[epoch].end()).size(), 24u);
  }
  EXPECT_NE(orders[0], orders[1]);
}

TEST(BatchLoader, RowsAreTheImagesThatTheIndicesName) {
  BatchLoader loader(std::make_shared<CountingDataset>(30), settings(1, {}));
  const Batch& batch = loader.next();
  EXPECT_EQ(batch.images.shape(), (Shape{8, 2, 3, 1}));
  EXPECT_EQ(batch.labels.shape(), (Shape{8}));
  EXPECT_TRUE(batch.targets.empty());
  for (int64_t i = 0; i < 8; ++i) {
    const int32_t index = batch.indices[static_cast<size_t>(i)];
    EXPECT_EQ(batch.labels.i32()[i], index % 4);
    for (int64_t p = 0; p < 6; ++p)
      EXPECT_NEAR(batch.images.row(i).f32()[p], static_cast<float>(index + p), 1e-4);  // float rounding of 1/255
  }
}

TEST(BatchLoader, TargetsAppearWhenLabelsDoNotSayItAll) {
  BatchLoader loader(std::make_shared<CountingDataset>(30), settings(1, {.label_smoothing = 0.2}));
  const Batch& batch = loader.next();
  ASSERT_EQ(batch.targets.shape(), (Shape{8, 4}));
  for (int32_t c = 0; c < 4; ++c) {
    EXPECT_FLOAT_EQ(batch.targets.f32()[c], c == batch.labels.i32()[0] ? 0.85f : 0.05f);  // 0.8 + 0.2/4 and 0.2/4
  }
}

TEST(BatchLoader, MixupMixesImagesAndTargetsByTheSameWeight) {
  const auto dataset = std::make_shared<CountingDataset>(30);
  BatchLoader plain(dataset, settings(1, {})), mixed(dataset, settings(1, {.mixup = 1}));
  const Copy a = copy(plain.next()), b = copy(mixed.next());
  Rng rng(3, RngPurpose::mixup, 0);
  const auto weight = static_cast<float>(draw_mixup_weight(1, rng));
  ASSERT_EQ(a.indices, b.indices);
  for (size_t i = 0; i < 8; ++i) {
    const size_t successor = (i + 1) % 8;
    // Both sides compute the same float expression.
    EXPECT_FLOAT_EQ(b.images[i * 6], weight * a.images[i * 6] + (1 - weight) * a.images[successor * 6]);
    const bool same = a.labels[i] == a.labels[successor];
    EXPECT_FLOAT_EQ(b.targets[i * 4 + static_cast<size_t>(a.labels[i])], same ? 1 : weight);
  }
}

TEST(BatchLoader, TheNumberOfWorkersChangesNothing) {
  const auto dataset = std::make_shared<CountingDataset>(100);
  BatchLoader one(dataset, settings(1)), two(dataset, settings(2)), four(dataset, settings(4));
  const std::vector<Copy> expected = take(one, 40);  // three epochs and a bit
  EXPECT_EQ(take(two, 40), expected);
  EXPECT_EQ(take(four, 40), expected);
}

TEST(BatchLoader, AnotherSeedChangesEverything) {
  const auto dataset = std::make_shared<CountingDataset>(100);
  LoaderSettings other = settings(1);
  other.seed = 4;
  BatchLoader a(dataset, settings(1)), b(dataset, other);
  EXPECT_NE(copy(a.next()).indices, copy(b.next()).indices);
}

TEST(BatchLoader, ResumesAtAnyStep) {
  const auto dataset = std::make_shared<CountingDataset>(100);
  BatchLoader whole(dataset, settings(2));
  const std::vector<Copy> expected = take(whole, 40);
  BatchLoader resumed(dataset, settings(2), 17);
  EXPECT_EQ(resumed.next_step(), 17);
  EXPECT_EQ(take(resumed, 23), std::vector<Copy>(expected.begin() + 17, expected.end()));
  for (int64_t jump = 0; jump < 50; ++jump) {  // back to a checkpoint, and forth
    const int64_t step = jump * 7 % 38;
    resumed.seek(step, kEverything);
    ASSERT_EQ(take(resumed, 2), std::vector<Copy>(expected.begin() + step, expected.begin() + step + 2)) << jump;
  }
}

TEST(BatchLoader, GoingBackBringsTheCheckpointsAugmentation) {
  const auto dataset = std::make_shared<CountingDataset>(100);
  BatchLoader rough(dataset, settings(1)), plain(dataset, settings(1, {}));
  const std::vector<Copy> on = take(rough, 200), off = take(plain, 200);
  BatchLoader loader(dataset, settings(4));
  for (int64_t step = 0; step < 200; ++step) {  // workers are at work on what each seek throws away
    loader.seek(step, step % 3 == 0 ? kEverything : Augmentation{});
    ASSERT_EQ(copy(loader.next()), step % 3 == 0 ? on[static_cast<size_t>(step)] : off[static_cast<size_t>(step)]);
  }
}

TEST(BatchLoader, UsesTheSameMemoryAllTheTime) {
  BatchLoader loader(std::make_shared<CountingDataset>(100), settings(2));
  std::set<const float*> buffers;
  for (int i = 0; i < 100; ++i) buffers.insert(loader.next().images.f32());
  EXPECT_LE(buffers.size(), 4u);  // one a worker, one ready, one with the reader
}

TEST(BatchLoader, ABatchLargerThanTheSetIsRefused) {
  EXPECT_THAT(message_of<ConfigError>([] { BatchLoader(std::make_shared<CountingDataset>(7), settings(1)); }),
              HasSubstr("train.batch_size = 8"));
}

TEST(BatchLoader, AnErrorReachesTheReaderAtItsStep) {
  const auto dataset = std::make_shared<CountingDataset>(100);
  BatchLoader good(dataset, settings(2));
  const std::vector<Copy> expected = take(good, 12);
  BatchLoader loader(dataset, settings(2));
  dataset->broken_ = expected[9].indices[4];  // of this epoch only step 9 needs it
  EXPECT_EQ(take(loader, 9), std::vector<Copy>(expected.begin(), expected.begin() + 9));
  EXPECT_THROW(loader.next(), DataError);
  EXPECT_THROW(loader.next(), DataError);  // still damaged
  dataset->broken_ = -1;                   // repaired
  EXPECT_EQ(take(loader, 3), std::vector<Copy>(expected.begin() + 9, expected.end()));
}

TEST(BatchLoader, AnErrorIsNotTriedAgainBehindTheReadersBack) {
  const auto dataset = std::make_shared<CountingDataset>(100);
  BatchLoader loader(dataset, settings(2));
  const Copy expected = copy(loader.next());
  for (int round = 0; round < 300; ++round) {  // a worker that retried at once would win the race in some of these
    dataset->broken_ = expected.indices[0];
    loader.seek(0, kEverything);
    ASSERT_THROW(loader.next(), DataError);
    dataset->broken_ = -1;
    ASSERT_EQ(copy(loader.next()), expected) << round;
  }
}

TEST(EvalBatches, GoThroughTheSplitInOrderWithAPartialLastBatch) {
  EvalBatches batches(std::make_shared<CountingDataset>(100, 10), Split::test, 4, PixelScale::standardize, 2);
  EXPECT_EQ(batches.num_batches(), 3);
  for (int round = 0; round < 2; ++round) {
    std::vector<int32_t> seen;
    std::vector<int64_t> sizes;
    while (const Batch* batch = batches.next()) {
      sizes.push_back(batch->size());
      EXPECT_EQ(batch->images.shape(), (Shape{batch->size(), 2, 3, 1}));
      EXPECT_TRUE(batch->targets.empty());
      for (int64_t i = 0; i < batch->size(); ++i) {
        seen.push_back(
            static_cast<int32_t>(std::lround(batch->images.row(i).f32()[0])));  // its first pixel is its index
        EXPECT_EQ(batch->labels.i32()[i], seen.back() % 4);
      }
    }
    EXPECT_THAT(sizes, ElementsAre(4, 4, 2));
    EXPECT_THAT(seen, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
    EXPECT_EQ(batches.next(), nullptr);
    batches.restart();
  }
}

TEST(EvalBatches, ABatchMayBeLargerThanTheSplit) {
  EvalBatches batches(std::make_shared<CountingDataset>(100, 3), Split::test, 500, PixelScale::standardize);
  EXPECT_EQ(batches.next()->size(), 3);
  EXPECT_EQ(batches.next(), nullptr);
}

}  // namespace
}  // namespace moescope
