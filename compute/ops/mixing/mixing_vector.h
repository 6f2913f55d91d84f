// Dispatch and combine of one group on vectors, written once: small dense products. The slots of a group stand apart in
// memory, a few rows per expert; they are gathered into scratch first (or scattered from it), unless there is one
// group.
#pragma once

#include "compute/ops/mixing/mixing_kernels.h"
#include "compute/ops/vector/small_gemm_vector.h"

namespace moescope {
namespace {

int64_t num_slots(const MixingGroup& g) { return g.experts * g.slots_per_expert; }

bool together(const MixingGroup& g) { return g.expert_rows == g.slots_per_expert; }

// Rows that stand together, then their transpose.
int64_t scratch_floats(const MixingGroup& g) { return num_slots(g) * g.width + g.width * padded(num_slots(g)); }

void copy_row(const float* from, float* to, int64_t n) {
  for_vectors(n, [&](int64_t i, auto part) { store(to + i, load(from + i, part), part); });
}

// The group's slots as Q rows that stand together.
const float* gathered(const MixingGroup& g, const float* slots, float* scratch) {
  if (together(g)) return slots;
  const int64_t block = g.slots_per_expert * g.width;
  for (int64_t e = 0; e < g.experts; ++e) copy_row(slots + e * g.expert_rows * g.width, scratch + e * block, block);
  return scratch;
}

void to_slots(const MixingGroup& g, const float* weights, const float* x, float* slots, int64_t begin, int64_t end,
              float* scratch) {
  const int64_t block = g.slots_per_expert * g.width;
  float* rows = together(g) ? slots + begin * block : scratch;
  small_gemm((end - begin) * g.slots_per_expert, g.width, g.tokens, weights + begin * g.slots_per_expert, 1,
             num_slots(g), x, g.width, rows, g.width);
  if (together(g)) return;
  for (int64_t e = begin; e < end; ++e)
    copy_row(rows + (e - begin) * block, slots + e * g.expert_rows * g.width, block);
}

void to_tokens(const MixingGroup& g, const float* weights, const float* slots, float* y, bool accumulate, int64_t begin,
               int64_t end, float* scratch) {
  small_gemm(end - begin, g.width, num_slots(g), weights + begin * num_slots(g), num_slots(g), 1,
             gathered(g, slots, scratch), g.width, y + begin * g.width, g.width, accumulate);
}

void products(const MixingGroup& g, const float* x, const float* slots, float* dweights, int64_t begin, int64_t end,
              float* scratch) {
  const int64_t stride = padded(num_slots(g));
  float* transposed = scratch + num_slots(g) * g.width;
  transpose(gathered(g, slots, scratch), num_slots(g), g.width, g.width, transposed, stride);
  small_gemm(end - begin, num_slots(g), g.width, x + begin * g.width, g.width, 1, transposed, stride,
             dweights + begin * num_slots(g), num_slots(g));
}

constexpr MixingKernels kVectorMixing = {scratch_floats, to_slots, to_tokens, products};

}  // namespace
}  // namespace moescope
