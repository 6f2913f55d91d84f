// cuBLASLt: float32 matrix products with their epilogues, every operand checked against its allocation.
#include <cublasLt.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "compute/cuda/on_host/machine.h"
#include "support/cuda_fake/product.h"
#include "support/cuda_fake/world.h"

using namespace cuda_fake;

namespace {

struct Layout {
  cudaDataType type;
  uint64_t rows, columns;
  int64_t leading;
  int32_t batch = 1;
  int64_t stride = 0;
};

struct Description {
  cublasComputeType_t compute;
  cudaDataType scale;
  int32_t transpose_a = CUBLAS_OP_N, transpose_b = CUBLAS_OP_N;
  uint32_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const void* bias = nullptr;
  void* aux = nullptr;
  int64_t bias_stride = 0, aux_leading = 0, aux_stride = 0;
};

struct Preference {
  size_t workspace = 0;
  uint32_t a = 256, b = 256, c = 256, y = 256;  // what addresses may be taken to be multiples of
};

bool aligned(const void* p, uint64_t bytes) { return reinterpret_cast<uintptr_t>(p) % bytes == 0; }

cublasStatus_t refuse_product(cublasStatus_t status, const std::string& why) {
  world().message = "cublasLtMatmul: " + why;
  return status;
}

template <class T>
cublasStatus_t take(T& field, const void* from, size_t bytes) {
  if (bytes != sizeof(T)) return refuse_product(CUBLAS_STATUS_INVALID_VALUE, "an attribute of the wrong size");
  std::memcpy(&field, from, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

bool held(const void* p, uint64_t rows, uint64_t columns, int64_t leading, int64_t batch, int64_t stride) {
  if (rows == 0 || columns == 0) return true;
  const uint64_t last =
      static_cast<uint64_t>((batch - 1) * stride) + (columns - 1) * static_cast<uint64_t>(leading) + rows;
  const Allocation* a = holding(p, last * sizeof(float));
  return a && a->kind == MemoryKind::device;
}

bool held(const void* p, const Layout& l) { return held(p, l.rows, l.columns, l.leading, l.batch, l.stride); }

/// What is wrong with the shapes; empty: nothing.
std::string wrong(const Description& d, const Layout& a, const Layout& b, const Layout& c, const Layout& y) {
  for (const Layout* l : {&a, &b, &c, &y}) {
    if (l->type != CUDA_R_32F) return "a type that the fake does not know";
    if (l->leading < static_cast<int64_t>(l->rows)) return "a leading dimension smaller than the rows";
    if (l->batch != y.batch) return "batch counts differ";
  }
  if (d.scale != CUDA_R_32F || (d.compute != CUBLAS_COMPUTE_32F && d.compute != CUBLAS_COMPUTE_32F_FAST_16BF &&
                                d.compute != CUBLAS_COMPUTE_32F_FAST_TF32))
    return "an unsupported combination of types";
  const uint64_t m = d.transpose_a ? a.columns : a.rows, k = d.transpose_a ? a.rows : a.columns;
  const uint64_t inner = d.transpose_b ? b.columns : b.rows, n = d.transpose_b ? b.rows : b.columns;
  if (k != inner || y.rows != m || y.columns != n || c.rows != m || c.columns != n)
    return "extents that do not fit each other";
  const bool aux = (d.epilogue & 128) != 0;
  if (aux && (!d.aux || d.aux_leading < static_cast<int64_t>(m) || d.aux_leading % 8 != 0 || m % 8 != 0))
    return "the epilogue's second output needs a leading dimension that is a multiple of 8";
  if (d.epilogue != CUBLASLT_EPILOGUE_DEFAULT && d.epilogue != CUBLASLT_EPILOGUE_BIAS &&
      d.epilogue != CUBLASLT_EPILOGUE_GELU_BIAS && d.epilogue != CUBLASLT_EPILOGUE_GELU_AUX_BIAS)
    return "an epilogue that the fake does not know";
  return "";
}

Rounded rounding_of(cublasComputeType_t compute) {
  return compute == CUBLAS_COMPUTE_32F_FAST_16BF   ? Rounded::to_bf16
         : compute == CUBLAS_COMPUTE_32F_FAST_TF32 ? Rounded::to_tf32
                                                   : Rounded::no;
}

float gelu(float x) { return 0.5f * x * (1 + std::tanh(0.7978845608f * (x + 0.044715f * x * x * x))); }

void finish(const Description& d, const Layout& y, float* out, const float* bias, float* aux) {
  if (d.epilogue == CUBLASLT_EPILOGUE_DEFAULT) return;
  for (uint64_t j = 0; j < y.columns; ++j)
    for (uint64_t i = 0; i < y.rows; ++i) {
      float& one = out[j * static_cast<uint64_t>(y.leading) + i];
      one += bias[i];
      if (aux) aux[j * static_cast<uint64_t>(d.aux_leading) + i] = one;
      if (d.epilogue & CUBLASLT_EPILOGUE_GELU) one = gelu(one);
    }
}

void written(const Layout& y, const float* out, int64_t leading) {
  for (uint64_t j = 0; j < y.columns; ++j)
    moescope::cuda::on_host::mark_initialised(out + j * static_cast<uint64_t>(leading), y.rows * sizeof(float));
}

}  // namespace

extern "C" {

size_t cublasLtGetVersion() { return 130100; }
const char* cublasLtGetStatusString(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS ? "success" : cuda_fake_message();
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  *handle = reinterpret_cast<cublasLtHandle_t>(new int(0));
  return world().sticky == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_INITIALIZED;
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  delete reinterpret_cast<int*>(handle);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* made, cudaDataType type, uint64_t rows,
                                          uint64_t columns, int64_t leading) {
  *made = reinterpret_cast<cublasLtMatrixLayout_t>(new Layout{type, rows, columns, leading});
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t l) {
  delete reinterpret_cast<Layout*>(l);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout, cublasLtMatrixLayoutAttribute_t what,
                                                const void* value, size_t bytes) {
  auto* l = reinterpret_cast<Layout*>(layout);
  if (what == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT) return take(l->batch, value, bytes);
  if (what == CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET) return take(l->stride, value, bytes);
  return refuse_product(CUBLAS_STATUS_NOT_SUPPORTED, "a layout attribute that the fake does not know");
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* made, cublasComputeType_t compute, cudaDataType_t scale) {
  *made = reinterpret_cast<cublasLtMatmulDesc_t>(new Description{compute, scale});
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t d) {
  delete reinterpret_cast<Description*>(d);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t what,
                                              const void* value, size_t bytes) {
  auto* d = reinterpret_cast<Description*>(desc);
  switch (what) {
    case CUBLASLT_MATMUL_DESC_TRANSA: return take(d->transpose_a, value, bytes);
    case CUBLASLT_MATMUL_DESC_TRANSB: return take(d->transpose_b, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE: return take(d->epilogue, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER: return take(d->bias, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE: return take(d->bias_stride, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER: return take(d->aux, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD: return take(d->aux_leading, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_BATCH_STRIDE: return take(d->aux_stride, value, bytes);
    default: return refuse_product(CUBLAS_STATUS_NOT_SUPPORTED, "an attribute that the fake does not know");
  }
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* made) {
  *made = reinterpret_cast<cublasLtMatmulPreference_t>(new Preference);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t p) {
  delete reinterpret_cast<Preference*>(p);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t p,
                                                    cublasLtMatmulPreferenceAttributes_t what, const void* value,
                                                    size_t bytes) {
  auto* preference = reinterpret_cast<Preference*>(p);
  if (what == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES) return take(preference->a, value, bytes);
  if (what == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES) return take(preference->b, value, bytes);
  if (what == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES) return take(preference->c, value, bytes);
  if (what == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES) return take(preference->y, value, bytes);
  if (what == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES)
    return take(reinterpret_cast<Preference*>(p)->workspace, value, bytes);
  return refuse_product(CUBLAS_STATUS_NOT_SUPPORTED, "a preference that the fake does not know");
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,
                                              cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c,
                                              cublasLtMatrixLayout_t y, cublasLtMatmulPreference_t preference,
                                              int asked, cublasLtMatmulHeuristicResult_t* results, int* found) {
  const auto layout = [](cublasLtMatrixLayout_t l) -> const Layout& { return *reinterpret_cast<Layout*>(l); };
  const std::string problem = wrong(*reinterpret_cast<Description*>(desc), layout(a), layout(b), layout(c), layout(y));
  *found = 0;
  if (!problem.empty()) return refuse_product(CUBLAS_STATUS_NOT_SUPPORTED, problem);
  if (asked < 1) return CUBLAS_STATUS_INVALID_VALUE;
  std::memset(results, 0, sizeof *results);
  results->state = CUBLAS_STATUS_SUCCESS;
  // Asks for all the workspace that it may have, so that one that is too small is noticed.
  const Preference& p = *reinterpret_cast<Preference*>(preference);
  results->workspaceSize = p.workspace;
  results->algo.data[0] = p.a, results->algo.data[1] = p.b, results->algo.data[2] = p.c, results->algo.data[3] = p.y;
  *found = 1;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t desc, const void* alpha, const void* a,
                              cublasLtMatrixLayout_t a_layout, const void* b, cublasLtMatrixLayout_t b_layout,
                              const void* beta, const void* c, cublasLtMatrixLayout_t c_layout, void* y,
                              cublasLtMatrixLayout_t y_layout, const cublasLtMatmulAlgo_t* algorithm, void* workspace,
                              size_t workspace_bytes, cudaStream_t stream) {
  const std::lock_guard lock(world().mutex);
  const Description d = *reinterpret_cast<Description*>(desc);
  const Layout la = *reinterpret_cast<Layout*>(a_layout), lb = *reinterpret_cast<Layout*>(b_layout),
               lc = *reinterpret_cast<Layout*>(c_layout), ly = *reinterpret_cast<Layout*>(y_layout);
  if (const std::string problem = wrong(d, la, lb, lc, ly); !problem.empty())
    return refuse_product(CUBLAS_STATUS_INVALID_VALUE, problem);
  if (!algorithm) return refuse_product(CUBLAS_STATUS_INVALID_VALUE, "no algorithm was chosen");
  if (!aligned(a, algorithm->data[0]) || !aligned(b, algorithm->data[1]) || !aligned(c, algorithm->data[2]) ||
      !aligned(y, algorithm->data[3]))
    return refuse_product(CUBLAS_STATUS_INVALID_VALUE, "an operand is less aligned than the algorithm was chosen for");
  const float scale = *static_cast<const float*>(alpha), keep = *static_cast<const float*>(beta);
  if (!held(a, la) || !held(b, lb) || !held(y, ly) || (keep != 0 && !held(c, lc)))
    return refuse_product(CUBLAS_STATUS_INVALID_VALUE,
                          "an operand is not in device memory or runs over its allocation");
  if (d.epilogue != CUBLASLT_EPILOGUE_DEFAULT &&
      !held(d.bias, ly.rows, 1, static_cast<int64_t>(ly.rows), ly.batch, d.bias_stride))
    return refuse_product(CUBLAS_STATUS_INVALID_VALUE, "the bias runs over its allocation");
  if (d.aux && !held(d.aux, ly.rows, ly.columns, d.aux_leading, ly.batch, d.aux_stride))
    return refuse_product(CUBLAS_STATUS_INVALID_VALUE, "the second output runs over its allocation");
  if (workspace_bytes > 0 && !holding(workspace, workspace_bytes))
    return refuse_product(CUBLAS_STATUS_INVALID_VALUE, "the workspace runs over its allocation");
  const int64_t inner = static_cast<int64_t>(d.transpose_a ? la.rows : la.columns);
  ++world().products[static_cast<size_t>(rounding_of(d.compute))];
  const cudaError_t e = submit(stream, [=] {
    if (workspace_bytes > 0) poison(workspace, std::min<size_t>(workspace_bytes, 4096));
    const auto* pa = static_cast<const float*>(a);
    const auto* pb = static_cast<const float*>(b);
    const auto* pc = static_cast<const float*>(c);
    auto* py = static_cast<float*>(y);
    for (int32_t i = 0; i < ly.batch; ++i) {
      product({static_cast<int64_t>(ly.rows), static_cast<int64_t>(ly.columns), inner, la.leading, lb.leading,
               lc.leading, ly.leading, d.transpose_a != 0, d.transpose_b != 0, rounding_of(d.compute), scale, keep},
              pa + i * la.stride, pb + i * lb.stride, keep != 0 ? pc + i * lc.stride : nullptr, py + i * ly.stride);
      finish(d, ly, py + i * ly.stride, static_cast<const float*>(d.bias) + i * d.bias_stride,
             d.aux ? static_cast<float*>(d.aux) + i * d.aux_stride : nullptr);
      written(ly, py + i * ly.stride, ly.leading);
      if (d.aux) written(ly, static_cast<float*>(d.aux) + i * d.aux_stride, d.aux_leading);
    }
    return cudaSuccess;
  });
  return e == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}
}
