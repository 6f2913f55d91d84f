// Kernels of a step's beginning: from bytes to augmented floats, targets, and patches.
#include "compute/cuda/kernels/augment.h"
#include "compute/cuda/kernels/patches.h"
#include "compute/data/augment.h"
#include "compute/ops/patches/patches.h"
#include "support/device_array.h"
#include "support/expect_close.h"
#include "support/random_tensor.h"

namespace moescope::cuda {
namespace {

TEST(CudaPatches, ThereAndBackAreTheCpus) {
  struct Case {
    int64_t count, height, width, channels, patch;
  };
  for (const Case c : {Case{1, 1, 1, 1, 1}, {3, 6, 9, 3, 3}, {2, 28, 28, 1, 4}})
    in_every_order([&] {
      const Shape images{c.count, c.height, c.width, c.channels};
      const Buffer x = random_tensor(images, 81),
                   rows({c.count * (c.height / c.patch) * (c.width / c.patch), c.patch * c.patch * c.channels}),
                   back(images);
      moescope::extract_patches(x, c.patch, rows);
      const Floats in(x), got(x.size()), got_back(x.size());
      const DeviceArray<uint16_t> bf16(x.size());
      expect_ran(
          launch_patches({in.get(), got.get(), bf16.get(), c.count, c.height, c.width, c.channels, c.patch}, nullptr));
      expect_close(got.tensor(), rows, 0, "patches");
      for (int64_t i = 0; i < got.size(); ++i)
        ASSERT_TRUE(std::abs(on_host_float(bf16.get()[i]) - got.get()[i]) <= std::abs(got.get()[i]) / 256) << i;
      expect_ran(launch_patches_backward({got.get(), got_back.get(), c.count, c.height, c.width, c.channels, c.patch},
                                         nullptr));
      expect_close(got_back.tensor(), x, 0, "images again");
    });
}

TEST(CudaPatches, RefusesAPatchThatDoesNotDivide) {
  EXPECT_EQ(launch_patches({nullptr, nullptr, nullptr, 1, 5, 4, 1, 2}, nullptr), cudaErrorInvalidValue);
}

TEST(CudaAugment, ImagesAreTheCpus) {
  constexpr int64_t kHeight = 5, kWidth = 7;
  for (const int64_t channels : {1, 3})
    in_every_order([&] {
      DatasetInfo info;
      info.height = kHeight, info.width = kWidth, info.channels = channels;
      info.mean = {0.4f, 0.5f, 0.6f}, info.std = {0.2f, 0.25f, 0.3f};
      const Normalizer normalizer(info, PixelScale::standardize);
      std::vector<float> table;
      for (int64_t c = 0; c < channels; ++c)
        for (int v = 0; v < 256; ++v) table.push_back(normalizer.value(c, static_cast<uint8_t>(v)));
      const int64_t size = kHeight * kWidth * channels;
      std::vector<uint8_t> bytes(static_cast<size_t>(3 * size));
      for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 37);
      const std::vector<int32_t> index = {2, 0, 1, 2};
      const std::vector<ImagePlacement> places = {{0, 0, 0}, {1, -2, 0}, {-3, 4, 1}, {9, 0, 1}};
      const Buffer want({4, size});
      for (size_t n = 0; n < 4; ++n)
        moescope::place(bytes.data() + index[n] * size, kHeight, kWidth,
                        {places[n].down, places[n].right, places[n].mirrored != 0}, normalizer,
                        want.f32() + static_cast<int64_t>(n) * size);
      const DeviceArray<uint8_t> device_bytes(bytes);
      const Ints device_index(index);
      const DeviceArray<ImagePlacement> device_places(places);
      const Floats device_table(table), got(4 * size);
      expect_ran(launch_place_images({device_bytes.get(), device_index.get(), device_places.get(), device_table.get(),
                                      got.get(), 4, kHeight, kWidth, channels},
                                     nullptr));
      expect_close(got.tensor(), want, 0, "images");
    });
}

TEST(CudaAugment, WithoutIndexAndPlacesImagesComeAsTheyAre) {
  const DeviceArray<uint8_t> bytes(std::vector<uint8_t>{0, 1, 2, 255});
  std::vector<float> table(256);
  for (size_t v = 0; v < table.size(); ++v) table[v] = static_cast<float>(v) / 2;
  const Floats device_table(table), got(4);
  expect_ran(launch_place_images({bytes.get(), nullptr, nullptr, device_table.get(), got.get(), 2, 1, 2, 1}, nullptr));
  EXPECT_EQ(got.host(), (std::vector<float>{0, 0.5f, 1, 127.5f}));
}

TEST(CudaAugment, TargetsAndMixupAreTheCpus) {
  in_every_order([&] {
    const std::vector<int32_t> labels = {3, 0, 9}, index = {2, 1, 0};
    const Buffer want({3, 10}), x = random_tensor({3, 35}, 82), mixed = copy_of(x);
    const int32_t in_order[] = {9, 0, 3};
    moescope::fill_targets(in_order, 3, 10, 0.1, want.f32());
    const TargetValues values = target_values(0.1, 10);
    const Ints device_labels(labels), device_index(index);
    const Floats got(30), in(x), weights(std::vector<float>{0.7f, 0.3f}), got_mixed(x.size());
    expect_ran(launch_fill_targets({device_labels.get(), device_index.get(), got.get(), 3, 10, values.on, values.off},
                                   nullptr));
    expect_close(got.tensor(), want, 0, "targets");
    std::vector<float> first;
    moescope::mix_with_successor(mixed.f32(), 3, 35, 0.7, first);
    expect_ran(launch_mix_rows({in.get(), weights.get(), got_mixed.get(), 3, 35}, nullptr));
    expect_close(got_mixed.tensor(), mixed, 0, "mixed rows");
  });
}

}  // namespace
}  // namespace moescope::cuda
