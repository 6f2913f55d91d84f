// The definition of patches: one line of a patch is patch * C numbers that stand together in the image as well.
#include "compute/ops/patches/patches_reference.h"

#include <cstring>

#include "compute/backends/thread_pool.h"
#include "compute/ops/check_operands.h"

namespace moescope {
namespace {

// body(where the line stands in the images, where in the rows, its length), for every line of every patch.
template <class Body>
void for_each_line(const Tensor& images, int64_t patch, Body&& body) {
  const int64_t height = images.dim(1), width = images.dim(2), channels = images.dim(3);
  const int64_t line = patch * channels, patches_across = width / patch, patches_down = height / patch;
  parallel_for(images.dim(0) * patches_down, row_grain(patch * width * channels), [&](int64_t begin, int64_t end, int) {
    for (int64_t strip = begin; strip < end; ++strip)  // a row of patches in one image
      for (int64_t x = 0; x < patches_across; ++x)
        for (int64_t y = 0; y < patch; ++y)
          body((strip * patch + y) * width * channels + x * line, ((strip * patches_across + x) * patch + y) * line,
               line);
  });
}

size_t bytes(int64_t floats) { return static_cast<size_t>(floats) * sizeof(float); }

}  // namespace

void extract_patches_reference(const Tensor& images, int64_t patch, const Tensor& rows) {
  for_each_line(images, patch, [&](int64_t image_at, int64_t row_at, int64_t n) {
    std::memcpy(rows.f32() + row_at, images.f32() + image_at, bytes(n));
  });
}

void extract_patches_backward_reference(const Tensor& drows, int64_t patch, const Tensor& dimages) {
  for_each_line(dimages, patch, [&](int64_t image_at, int64_t row_at, int64_t n) {
    std::memcpy(dimages.f32() + image_at, drows.f32() + row_at, bytes(n));
  });
}

}  // namespace moescope
