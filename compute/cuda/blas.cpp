// A row-major product y = a b is the column-major yᵀ = bᵀ aᵀ: operands change places and nothing is copied. Plans
// (layouts and the library's choice of kernel) are made once for each shape.
#include "compute/cuda/blas.h"

namespace moescope::cuda {
namespace {

constexpr int64_t kWorkspaceBytes = int64_t{32} << 20;  // what the library's documentation asks for on Hopper

void check_blas(cublasStatus_t status, const char* call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  const bool lost = status == CUBLAS_STATUS_EXECUTION_FAILED || status == CUBLAS_STATUS_INTERNAL_ERROR;
  throw DeviceError(lost ? device_api::Fault::device_lost : device_api::Fault::failed,
                    std::string(call) + ": " + cublasLtGetStatusString(status));
}

template <class T>
void set(cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t what, const T& value) {
  check_blas(cublasLtMatmulDescSetAttribute(desc, what, &value, sizeof value), "cublasLtMatmulDescSetAttribute");
}

/// What an address is a multiple of, as the library counts it: it takes 256 bytes for granted unless told otherwise.
uint32_t alignment_of(const void* p) {
  const auto address = reinterpret_cast<uintptr_t>(p) | 256;
  return static_cast<uint32_t>(address & (~address + 1));
}

cublasLtMatrixLayout_t make_layout(int64_t rows, int64_t columns, int64_t leading, int64_t batch, int64_t stride) {
  cublasLtMatrixLayout_t layout = nullptr;
  check_blas(cublasLtMatrixLayoutCreate(&layout, CUDA_R_32F, static_cast<uint64_t>(rows),
                                        static_cast<uint64_t>(columns), leading),
             "cublasLtMatrixLayoutCreate");
  const auto count = static_cast<int32_t>(batch);
  const auto put = [&](cublasLtMatrixLayoutAttribute_t what, const auto& value) {
    check_blas(cublasLtMatrixLayoutSetAttribute(layout, what, &value, sizeof value),
               "cublasLtMatrixLayoutSetAttribute");
  };
  put(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, count);
  put(CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, stride);
  return layout;
}

cublasComputeType_t compute_type(Precision precision) {
  switch (precision) {
    case Precision::bfloat16: return CUBLAS_COMPUTE_32F_FAST_16BF;
    case Precision::tf32: return CUBLAS_COMPUTE_32F_FAST_TF32;
    case Precision::float32: break;
  }
  return CUBLAS_COMPUTE_32F;
}

}  // namespace

struct Blas::Plan {
  cublasLtMatmulDesc_t desc = nullptr;
  cublasLtMatrixLayout_t a = nullptr, b = nullptr, y = nullptr;
  cublasLtMatmulAlgo_t algorithm{};
  size_t workspace = 0;

  ~Plan() {
    for (cublasLtMatrixLayout_t layout : {a, b, y})
      if (layout) cublasLtMatrixLayoutDestroy(layout);
    if (desc) cublasLtMatmulDescDestroy(desc);
  }
};

Blas::Blas(DeviceMemory& memory, Precision precision)
    : compute_(compute_type(precision)), workspace_(memory, {kWorkspaceBytes}, DType::u8) {
  check_blas(cublasLtCreate(&handle_), "cublasLtCreate");
}

Blas::~Blas() {
  plans_.clear();
  cublasLtDestroy(handle_);
}

const Blas::Plan& Blas::plan_for(const MatmulArguments& p, bool gelu) {
  std::unique_ptr<Plan>& known =
      plans_[{p.batch, p.m, p.n, p.k, p.a_leading, p.b_leading, p.y_leading, p.a_stride, p.b_stride, p.y_stride,
              p.bias_stride, p.transpose_a, p.transpose_b, p.accumulate, p.bias != nullptr, gelu, alignment_of(p.a),
              alignment_of(p.b), alignment_of(p.y)}];
  if (known) return *known;
  auto plan = std::make_unique<Plan>();
  check_blas(cublasLtMatmulDescCreate(&plan->desc, compute_, CUDA_R_32F), "cublasLtMatmulDescCreate");
  set(plan->desc, CUBLASLT_MATMUL_DESC_TRANSA, static_cast<int32_t>(p.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N));
  set(plan->desc, CUBLASLT_MATMUL_DESC_TRANSB, static_cast<int32_t>(p.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N));
  if (p.bias) {
    set(plan->desc, CUBLASLT_MATMUL_DESC_EPILOGUE,
        static_cast<uint32_t>(gelu ? CUBLASLT_EPILOGUE_GELU_AUX_BIAS : CUBLASLT_EPILOGUE_BIAS));
    set(plan->desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, static_cast<const void*>(p.bias));
    set(plan->desc, CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE, p.bias_stride);
  }
  if (gelu) {
    set(plan->desc, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, static_cast<void*>(p.y));  // for its alignment
    set(plan->desc, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, p.y_leading);
    set(plan->desc, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_BATCH_STRIDE, p.y_stride);
  }
  plan->a = p.transpose_b ? make_layout(p.k, p.n, p.b_leading, p.batch, p.b_stride)
                          : make_layout(p.n, p.k, p.b_leading, p.batch, p.b_stride);
  plan->b = p.transpose_a ? make_layout(p.m, p.k, p.a_leading, p.batch, p.a_stride)
                          : make_layout(p.k, p.m, p.a_leading, p.batch, p.a_stride);
  plan->y = make_layout(p.n, p.m, p.y_leading, p.batch, p.y_stride);

  cublasLtMatmulPreference_t preference = nullptr;
  check_blas(cublasLtMatmulPreferenceCreate(&preference), "cublasLtMatmulPreferenceCreate");
  const auto prefer = [&](cublasLtMatmulPreferenceAttributes_t what, const auto& value) {
    check_blas(cublasLtMatmulPreferenceSetAttribute(preference, what, &value, sizeof value),
               "cublasLtMatmulPreferenceSetAttribute");
  };
  prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, static_cast<size_t>(kWorkspaceBytes));
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment_of(p.b));
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignment_of(p.a));
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignment_of(p.y));
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignment_of(p.y));
  cublasLtMatmulHeuristicResult_t best{};
  int found = 0;
  const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(handle_, plan->desc, plan->a, plan->b, plan->y, plan->y,
                                                               preference, 1, &best, &found);
  cublasLtMatmulPreferenceDestroy(preference);
  check_blas(status, "cublasLtMatmulAlgoGetHeuristic");
  if (found == 0) check_blas(CUBLAS_STATUS_NOT_SUPPORTED, "cublasLtMatmulAlgoGetHeuristic");
  plan->algorithm = best.algo;
  plan->workspace = best.workspaceSize;
  known = std::move(plan);
  return *known;
}

void Blas::run(const MatmulArguments& p, float* inner, cudaStream_t stream) {
  const Plan& plan = plan_for(p, inner != nullptr);
  // The description is read when the call is made, so one plan serves every layer of the same shape.
  if (p.bias) set(plan.desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, static_cast<const void*>(p.bias));
  if (inner) set(plan.desc, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, static_cast<void*>(inner));
  const float one = 1, keep = p.accumulate ? 1.0f : 0.0f;
  check_blas(cublasLtMatmul(handle_, plan.desc, &one, p.b, plan.a, p.a, plan.b, &keep, p.y, plan.y, p.y, plan.y,
                            &plan.algorithm, workspace_.tensor().data(), plan.workspace, stream),
             "cublasLtMatmul");
}

void Blas::multiply(const MatmulArguments& product, cudaStream_t stream) { run(product, nullptr, stream); }

bool Blas::multiply_gelu(const MatmulArguments& product, float* inner, cudaStream_t stream) {
  if (product.n % 8 != 0 || product.y_leading % 8 != 0) return false;
  run(product, inner, stream);
  return true;
}

}  // namespace moescope::cuda
