// Thin calls into kernels and runtime.
#include "compute/cuda/run.h"

#include "compute/cuda/kernels/column_sums.h"
#include "compute/cuda/kernels/elementwise.h"

namespace moescope::cuda {

Weight Weights::get_or_none(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? Weight() : found->second;
}

Weight Weights::get(const std::string& name) const {
  const Weight weight = get_or_none(name);
  if (!weight) throw DeviceError(device_api::Fault::refused, "the model has no parameter " + name);
  return weight;
}

void Run::clear(void* p, int64_t n) const {
  check(cudaMemsetAsync(p, 0, static_cast<size_t>(n), stream), "cudaMemsetAsync");
}

float* Run::zeros(int64_t n) const {
  float* p = floats(n);
  clear(p, n * static_cast<int64_t>(sizeof(float)));
  return p;
}

void Run::copy(const void* from, void* to, int64_t n) const {
  check(cudaMemcpyAsync(to, from, static_cast<size_t>(n), cudaMemcpyDeviceToDevice, stream), "cudaMemcpyAsync");
}

void Run::copy_rows(const void* from, int64_t from_pitch, void* to, int64_t to_pitch, int64_t n, int64_t rows) const {
  check(cudaMemcpy2DAsync(to, static_cast<size_t>(to_pitch), from, static_cast<size_t>(from_pitch),
                          static_cast<size_t>(n), static_cast<size_t>(rows), cudaMemcpyDeviceToDevice, stream),
        "cudaMemcpy2DAsync");
}

void Run::to_host(void* pinned, const void* from, int64_t n) const {
  check(cudaMemcpyAsync(pinned, from, static_cast<size_t>(n), cudaMemcpyDeviceToHost, stream), "cudaMemcpyAsync");
}

MatmulArguments dense_product(const float* a, const float* b, float* y, int64_t batch, int64_t m, int64_t n, int64_t k,
                              Transposes t) {
  MatmulArguments p{};
  p.a = a, p.b = b, p.y = y;
  p.batch = batch, p.m = m, p.n = n, p.k = k;
  p.a_leading = t.a ? m : k, p.b_leading = t.b ? k : n, p.y_leading = n;
  p.a_stride = m * k, p.b_stride = k * n, p.y_stride = m * n;
  p.transpose_a = t.a, p.transpose_b = t.b, p.accumulate = t.accumulate;
  return p;
}

void add_column_sums(const Run& run, const float* x, float* sums, int64_t blocks, int64_t rows, int64_t columns) {
  const ArenaScope scope(run.arena);
  float* workspace = run.floats(column_sums_workspace_floats(blocks, rows, columns));
  run.launch(launch_column_sums, {.x = x,
                                  .sums = sums,
                                  .blocks = blocks,
                                  .rows = rows,
                                  .columns = columns,
                                  .stride = columns,
                                  .factor = 1,
                                  .accumulate = true,
                                  .workspace = workspace});
}

void add(const Run& run, const float* x, float* y, int64_t size, float factor) {
  run.launch(launch_add, {.x = x, .y = y, .size = size, .scale_x = factor, .scale_y = 1});
}

void scale(const Run& run, float* x, int64_t size, float factor) {
  run.launch(launch_add, {.x = x, .y = x, .size = size, .scale_x = factor, .scale_y = 0});
}

void round_to_bf16(const Run& run, const float* from, float* to, int64_t size) {
  run.launch(launch_to_bf16, {.x = from, .y_bf16 = nullptr, .y = to, .size = size});
}

uint16_t* narrowed(const Run& run, const float* from, int64_t size) {
  uint16_t* to = run.halves(size);
  run.launch(launch_to_bf16, {.x = from, .y_bf16 = to, .y = nullptr, .size = size});
  return to;
}

void widen(const Run& run, const uint16_t* from, float* to, int64_t size) {
  run.launch(launch_from_bf16, {.x = from, .y = to, .size = size});
}

}  // namespace moescope::cuda
