// Patches: by hand, there and back again, and images refused at the door.
#include "compute/ops/patches/patches.h"

#include <gtest/gtest.h>

#include "compute/core/error.h"
#include "compute/ops/patches/patches_implementations.h"
#include "support/expect_close.h"
#include "support/implementations.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

TEST(Patches, ByHand) {
  // One image of 2 by 4 pixels, one channel:   1 2 | 3 4     patches of 2 by 2, row-major: 1 2 5 6 and 3 4 7 8
  //                                            5 6 | 7 8
  const Buffer image = tensor_of({1, 2, 4, 1}, {1, 2, 3, 4, 5, 6, 7, 8});
  Buffer rows({2, 4});
  extract_patches(image, 2, rows);
  expect_numbers(rows, {1, 2, 5, 6, 3, 4, 7, 8}, 0, "rows");
}

TEST(Patches, PixelStandsWhereTheConvolutionLooks) {
  // NUMERICS 4.1: row (n, y, x) holds (kh, kw, C) of the patch at (y*patch, x*patch).
  const int64_t n = 3, h = 6, w = 9, c = 2, patch = 3, gh = h / patch, gw = w / patch;
  const Buffer images = random_tensor({n, h, w, c}, 1);
  for_each_implementation(extract_patches_list(), [&](ExtractPatchesFn* run, const std::string& name) {
    Buffer rows({n * gh * gw, patch * patch * c});
    run(images, patch, rows);
    int64_t at = 0;
    for (int64_t i = 0; i < n; ++i)
      for (int64_t y = 0; y < gh; ++y)
        for (int64_t x = 0; x < gw; ++x)
          for (int64_t ky = 0; ky < patch; ++ky)
            for (int64_t kx = 0; kx < patch; ++kx)
              for (int64_t ch = 0; ch < c; ++ch, ++at)
                ASSERT_EQ(rows.f32()[at], images.f32()[((i * h + y * patch + ky) * w + x * patch + kx) * c + ch])
                    << name;
  });
}

TEST(Patches, BackwardPutsThemBack) {
  const Buffer images = random_tensor({2, 8, 4, 3}, 1);
  for_each_implementation(extract_patches_backward_list(), [&](ExtractPatchesBackwardFn* run, const std::string& name) {
    Buffer rows({4, 48}), back({2, 8, 4, 3});
    extract_patches(images, 4, rows);
    run(rows, 4, back);
    expect_close(back, images, 0, name);
  });
}

TEST(Patches, RefusesAPatchThatDoesNotDivideTheImage) {
  const Buffer images({2, 8, 6, 3}), rows({12, 48});
  try {
    extract_patches(images, 4, rows);
    FAIL() << "accepted";
  } catch (const ShapeError& e) {
    EXPECT_STREQ(
        e.what(),
        "extract_patches: images (2,8,6,3) cannot be cut into patches of 4 by 4 pixels: expected (N,H,W,C) with sides "
        "that the patch divides");
  }
  EXPECT_THROW(extract_patches(images, 2, rows), ShapeError);
  EXPECT_THROW(extract_patches_backward(rows, 2, images), ShapeError);
}

}  // namespace
}  // namespace moescope
