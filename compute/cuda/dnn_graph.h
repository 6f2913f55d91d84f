// cuDNN's graph API in the few words that attention needs: tensors, the operations between them, and the plan that the
// library finds for a device. Names and rules are those of NVIDIA's "Graph API" chapter of the cuDNN documentation.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "compute/cuda/dnn_library.h"
#include "compute/cuda/gpu.h"

namespace moescope::cuda {

/// Elements along (image, head, row, column), and how far apart they stand.
struct DnnShape {
  std::array<int64_t, 4> dims, strides;
};
DnnShape dense_shape(std::array<int64_t, 4> dims);
DnnShape transposed(const DnnShape& shape);  // of rows and columns

/// Descriptors that go together.
class DnnObjects {
 public:
  explicit DnnObjects(const DnnLibrary& library) : dnn_(&library) {}
  ~DnnObjects();
  DnnObjects(DnnObjects&& other) noexcept : dnn_(other.dnn_), all_(std::exchange(other.all_, {})) {}
  DnnObjects& operator=(DnnObjects&&) = delete;

  cudnnBackendDescriptor_t make(cudnnBackendDescriptorType_t type);
  void set(cudnnBackendDescriptor_t object, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
           const void* values, int64_t count = 1) const;
  void link(cudnnBackendDescriptor_t object, cudnnBackendAttributeName_t name, cudnnBackendDescriptor_t to) const;
  /// Throws DeviceError.
  void finish(cudnnBackendDescriptor_t object) const;
  const DnnLibrary& dnn() const { return *dnn_; }

 private:
  const DnnLibrary* dnn_;
  std::vector<cudnnBackendDescriptor_t> all_;
};

/// Throws DeviceError with the call's name and what the library says.
void check_dnn(const DnnLibrary& library, cudnnStatus_t status, const char* call);

/// What a plan is made for: the device behind a handle, or one that is only described (the fields of cuDNN's device
/// properties as JSON), whose plans can be built where there is no GPU, and not run.
struct DnnTarget {
  cudnnHandle_t handle = nullptr;
  std::string described;
};

class DnnPlan {
 public:
  int64_t workspace_bytes() const { return workspace_bytes_; }
  /// pointers: of each tensor by its number; of a number in host memory, read when the call is made.
  void run(cudnnHandle_t handle, const std::vector<std::pair<int64_t, void*>>& pointers, void* workspace,
           cudaStream_t stream) const;

 private:
  friend class DnnGraph;
  explicit DnnPlan(DnnObjects objects) : objects_(std::move(objects)) {}
  DnnObjects objects_;
  cudnnBackendDescriptor_t plan_ = nullptr;
  int64_t workspace_bytes_ = 0;
};

class DnnGraph {
 public:
  using Tensor = cudnnBackendDescriptor_t;

  explicit DnnGraph(const DnnLibrary& library) : objects_(library) {}

  /// In device memory, an operand or a result. Numbers are the graph's own and not twice the same.
  Tensor tensor(int64_t number, const DnnShape& shape, cudnnDataType_t type);
  /// One float32, given with each run.
  Tensor number(int64_t number);
  /// Between two operations; never in memory.
  Tensor between(const DnnShape& shape, cudnnDataType_t type = CUDNN_DATA_FLOAT);

  void multiply(Tensor a, Tensor b, Tensor y);
  void pointwise(cudnnPointwiseMode_t mode, Tensor x, Tensor b, Tensor y);  // b null for one operand
  void add_columns(Tensor x, Tensor y);                                     // y (..,rows,1)
  void reshape(Tensor x, Tensor y);
  /// out = softmax(scale q kᵀ) v; log_sums (..,queries,1): of the exponentials, natural.
  void attention(Tensor q, Tensor k, Tensor v, Tensor scale, Tensor out, Tensor log_sums);

  /// The first of the library's proposals that it can build. Null when it has none for such shapes or such a device.
  std::unique_ptr<DnnPlan> plan(const DnnTarget& target) &&;

 private:
  Tensor make_tensor(int64_t number, const DnnShape& shape, cudnnDataType_t type, bool in_memory, bool by_value);
  void add(cudnnBackendDescriptor_t operation);
  std::vector<cudnnBackendDescriptor_t> proposals(cudnnBackendDescriptor_t graph, cudnnBackendDescriptor_t device);

  DnnObjects objects_;
  std::vector<cudnnBackendDescriptor_t> operations_;
  int64_t next_between_ = 1000;
};

}  // namespace moescope::cuda
