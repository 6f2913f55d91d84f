// Patches times a kernel; class tokens are placed by strided copies, positions added to every image alike.
#include "compute/cuda/kernels/column_sums.h"
#include "compute/cuda/kernels/elementwise.h"
#include "compute/cuda/kernels/patches.h"
#include "compute/cuda/vision_layers.h"

namespace moescope::cuda {
namespace {

constexpr int64_t kFloat = sizeof(float);

/// sums (columns) += the sums over `rows` stretches that stand `stride` floats apart.
void add_strided_sums(const Run& run, const float* x, float* sums, int64_t rows, int64_t columns, int64_t stride) {
  const ArenaScope scope(run.arena);
  run.launch(launch_column_sums, {.x = x,
                                  .sums = sums,
                                  .blocks = 1,
                                  .rows = rows,
                                  .columns = columns,
                                  .stride = stride,
                                  .factor = 1,
                                  .accumulate = true,
                                  .workspace = run.floats(column_sums_workspace_floats(1, rows, columns))});
}

}  // namespace

void Embedding::place(const Run& run, const float* embedded, int64_t count, float* x) const {
  const int64_t row = features * kFloat;
  run.clear(x, count * tokens() * row);
  run.copy_rows(embedded, patches() * row, x + features, tokens() * row, patches() * row, count);
}

void Embedding::add_positions(const Run& run, int64_t count, float* x) const {
  if (!position && !fixed_positions && !class_token) return;
  const ArenaScope scope(run.arena);
  const int64_t size = tokens() * features;
  float* table = run.floats(size);
  if (position || fixed_positions)
    run.copy(position ? position.value : fixed_positions, table, size * kFloat);
  else
    run.clear(table, size * kFloat);
  if (class_token) add(run, class_token.value, table, features);
  run.launch(
      launch_add_rows,
      {.table = table, .x = x, .rows = count * tokens(), .columns = features, .table_rows = tokens(), .repeat = 1});
}

void Embedding::forward(const Run& run, const float* images, int64_t count, float* x, Context& c) const {
  c = {run.floats(count * patches() * patch * patch * channels), count};
  run.launch(launch_patches, {images, c.patches, nullptr, count, height, width, channels, patch});
  const ArenaScope scope(run.arena);
  float* embedded = class_token ? run.floats(count * patches() * features) : x;
  kernel.forward(run, c.patches, embedded, count * patches());
  if (class_token) place(run, embedded, count, x);
  add_positions(run, count, x);
}

void Embedding::backward(const Run& run, const Context& c, const float* dx, float* dimages) const {
  const ArenaScope scope(run.arena);
  const int64_t all = tokens() * features, row = features * kFloat;
  if (position) add_strided_sums(run, dx, position.gradient, c.images, all, all);
  const float* dembedded = dx;
  if (class_token) {
    add_strided_sums(run, dx, class_token.gradient, c.images, features, all);
    float* packed = run.floats(c.images * patches() * features);
    run.copy_rows(dx + features, tokens() * row, packed, patches() * row, patches() * row, c.images);
    dembedded = packed;
  }
  float* dpatches = dimages ? run.floats(c.images * patches() * kernel.in) : nullptr;
  kernel.backward(run, c.patches, dembedded, dpatches, c.images * patches());
  if (dimages) run.launch(launch_patches_backward, {dpatches, dimages, c.images, height, width, channels, patch});
}

}  // namespace moescope::cuda
