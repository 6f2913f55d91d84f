// Matrix products by cuBLASLt, with bias and GELU in their epilogues, under the row-major arguments of our own kernel.
#pragma once

#include <cublasLt.h>

#include <map>
#include <memory>
#include <vector>

#include "compute/cuda/gpu.h"
#include "compute/cuda/kernels/matmul.h"

namespace moescope::cuda {

class Blas {
 public:
  /// Operands are rounded to `precision` inside the product, sums are float32.
  Blas(DeviceMemory& memory, Precision precision);
  ~Blas();
  Blas(const Blas&) = delete;
  Blas& operator=(const Blas&) = delete;

  /// As launch_matmul.
  void multiply(const MatmulArguments& product, cudaStream_t stream);
  /// y = gelu_tanh(a b + bias), and the sum before the activation into `inner`, laid out like y. False, with nothing
  /// done, when n is not a multiple of 8, as the library wants it.
  bool multiply_gelu(const MatmulArguments& product, float* inner, cudaStream_t stream);

 private:
  struct Plan;
  const Plan& plan_for(const MatmulArguments& product, bool gelu);
  void run(const MatmulArguments& product, float* inner, cudaStream_t stream);

  cublasLtHandle_t handle_ = nullptr;
  cublasComputeType_t compute_;
  Buffer workspace_;
  std::map<std::vector<int64_t>, std::unique_ptr<Plan>> plans_;
};

}  // namespace moescope::cuda
