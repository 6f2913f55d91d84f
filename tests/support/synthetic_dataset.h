// A data set made of nothing: 8 x 8 grey images of four textures. Small enough to learn in a second.
#pragma once

#include <memory>

#include "compute/core/rng.h"
#include "compute/data/dataset.h"

namespace moescope {

class SyntheticDataset : public Dataset {
 public:
  explicit SyntheticDataset(int64_t num_train = 256, int64_t num_test = 64) {
    info_.name = "textures";
    info_.num_train = num_train, info_.num_test = num_test;
    info_.height = info_.width = 8, info_.channels = 1;
    info_.class_names = {"flat", "rows", "columns", "squares"};
    info_.mean = {0.4f}, info_.std = {0.25f};
    info_.content_hash = "5e9a11c5e7000000";
    pixels_.resize(static_cast<size_t>((num_train + num_test) * 64));
    Rng rng(3, RngPurpose::test);
    for (int64_t i = 0; i < num_train + num_test; ++i) draw(i, rng);
  }
  int32_t label(Split split, int64_t i) const override { return static_cast<int32_t>(place_of(split, i) % 4); }
  const uint8_t* pixels(Split split, int64_t i, std::vector<uint8_t>&) const override {
    return pixels_.data() + place_of(split, i) * 64;
  }

 private:
  int64_t place_of(Split split, int64_t i) const { return split == Split::train ? i : info_.num_train + i; }
  void draw(int64_t image, Rng& rng) {
    const int64_t texture = image % 4;
    for (int64_t y = 0; y < 8; ++y) {
      for (int64_t x = 0; x < 8; ++x) {
        const int64_t on[] = {0, y % 2, x % 2, (x + y) % 2};
        pixels_[static_cast<size_t>(image * 64 + y * 8 + x)] = static_cast<uint8_t>(rng.below(100) + 100 * on[texture]);
      }
    }
  }
  std::vector<uint8_t> pixels_;
};

/// A model small enough for it: 16 tokens of width 16, two blocks, the second a mixture of 4 experts.
inline RunConfig tiny_config(RouterKind kind = RouterKind::soft) {
  RunConfig c;
  c.name = "tiny";
  c.model.patch = 2, c.model.width = 16, c.model.depth = 2, c.model.heads = 2, c.model.mlp = 32, c.model.moe_blocks = 1;
  c.router.kind = kind, c.router.num_experts = 4, c.router.slots_per_expert = 2, c.router.group_images = 1;
  c.router.noise_std = kind == RouterKind::soft ? 0 : 1;
  c.train.batch_size = 32, c.train.micro_batch = 8, c.train.warmup_steps = 4, c.train.epochs = 4;
  c.train.learning_rate = 5e-3, c.train.flip = false, c.train.seed = 1;
  c.train.checkpoint_secs = 0;
  c.compute.threads = 2;
  return c;
}

}  // namespace moescope
