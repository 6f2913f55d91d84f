// What one pass through the device program carries, and how a layer finds its parameters.
#pragma once

#include <string>
#include <type_traits>
#include <unordered_map>

#include "compute/cuda/blas.h"
#include "compute/cuda/gpu.h"

namespace moescope::cuda {

/// A parameter on the device; both are null where the model has none of the name.
struct Weight {
  float* value = nullptr;
  float* gradient = nullptr;
  int64_t size = 0;
  explicit operator bool() const { return value != nullptr; }
};

class Weights {
 public:
  void add(const std::string& name, Weight weight) { by_name_[name] = weight; }
  /// Throws DeviceError refused when the model has no such parameter.
  Weight get(const std::string& name) const;
  Weight get_or_none(const std::string& name) const;

 private:
  std::unordered_map<std::string, Weight> by_name_;
};

class FusedAttention;

/// Everything queued on `stream`, all scratch in `arena`: a pass gives the same addresses each time, so that it can be
/// captured once and replayed.
struct Run {
  const Stream& stream;
  Arena& arena;
  Blas& blas;
  const device_api::StepPlan& plan;
  FusedAttention* fused_attention = nullptr;  // null: our own kernels compute it

  float* floats(int64_t n) const { return arena.make({n}).f32(); }
  int32_t* ints(int64_t n) const { return arena.make({n}, DType::i32).i32(); }
  uint16_t* halves(int64_t n) const { return static_cast<uint16_t*>(bytes(2 * n)); }  // bfloat16
  void* bytes(int64_t n) const { return arena.make({n}, DType::u8).data(); }
  float* zeros(int64_t n) const;
  void clear(void* p, int64_t bytes) const;
  void copy(const void* from, void* to, int64_t bytes) const;  // within the device
  /// `rows` stretches of `bytes`, whose beginnings stand so many bytes apart.
  void copy_rows(const void* from, int64_t from_pitch, void* to, int64_t to_pitch, int64_t bytes, int64_t rows) const;
  void to_host(void* pinned, const void* from, int64_t bytes) const;

  template <class Arguments>
  void launch(cudaError_t (*kernel)(const Arguments&, cudaStream_t), const std::type_identity_t<Arguments>& a) const {
    check(kernel(a, stream), "kernel launch");
  }
  void multiply(const MatmulArguments& product) const { blas.multiply(product, stream); }
};

/// Dense row-major operands: a (m,k) or transposed (k,m), b (k,n) or (n,k), y (m,n), for each of `batch` in a row.
struct Transposes {
  bool a = false, b = false, accumulate = false;
};
MatmulArguments dense_product(const float* a, const float* b, float* y, int64_t batch, int64_t m, int64_t n, int64_t k,
                              Transposes t = {});

/// sums (blocks,columns) += the sums over rows of x (blocks,rows,columns).
void add_column_sums(const Run& run, const float* x, float* sums, int64_t blocks, int64_t rows, int64_t columns);
/// y += x, and x *= factor.
void add(const Run& run, const float* x, float* y, int64_t size, float factor = 1);
void scale(const Run& run, float* x, int64_t size, float factor);
/// Each value rounded to the nearest bfloat16; to may be from.
void round_to_bf16(const Run& run, const float* from, float* to, int64_t size);
/// The same as 16 bits in new memory, and back.
uint16_t* narrowed(const Run& run, const float* from, int64_t size);
void widen(const Run& run, const uint16_t* from, float* to, int64_t size);

}  // namespace moescope::cuda
