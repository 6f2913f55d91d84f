// Checks and the choice of implementation for patches.
#include "compute/ops/patches/patches.h"

#include <string>

#include "compute/ops/check_operands.h"
#include "compute/ops/cpu_list.h"
#include "compute/ops/patches/patches_implementations.h"
#include "compute/ops/patches/patches_reference.h"

namespace moescope {
namespace {

void check_patches(const char* op, const char* images_name, const Tensor& images, int64_t patch, const char* rows_name,
                   const Tensor& rows) {
  check_shape(images.rank() == 4 && patch > 0 && images.dim(1) % patch == 0 && images.dim(2) % patch == 0, [&] {
    return std::string(op) + ": " + describe(images_name, images) + " cannot be cut into patches of " +
           std::to_string(patch) + " by " + std::to_string(patch) +
           " pixels: expected (N,H,W,C) with sides that the patch divides";
  });
  const int64_t length = patch * patch * images.dim(3);
  check_pair(rows.rank() > 0 && rows.size() == images.size() && rows.dim(-1) == length, op, images_name, images,
             rows_name, rows, "one row of patch*patch*C numbers per patch");
}

}  // namespace

ImplementationList<ExtractPatchesFn>& extract_patches_list() {
  static auto list = cpu_list<ExtractPatchesFn>("extract_patches", extract_patches_reference);
  return list;
}

ImplementationList<ExtractPatchesBackwardFn>& extract_patches_backward_list() {
  static auto list = cpu_list<ExtractPatchesBackwardFn>("extract_patches_backward", extract_patches_backward_reference);
  return list;
}

void extract_patches(const Tensor& images, int64_t patch, const Tensor& rows) {
  check_patches("extract_patches", "images", images, patch, "rows", rows);
  extract_patches_list().choose(images.device()).run(images, patch, rows);
}

void extract_patches_backward(const Tensor& drows, int64_t patch, const Tensor& dimages) {
  check_patches("extract_patches_backward", "dimages", dimages, patch, "drows", drows);
  extract_patches_backward_list().choose(drows.device()).run(drows, patch, dimages);
}

}  // namespace moescope
