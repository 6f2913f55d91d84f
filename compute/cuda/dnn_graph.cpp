// Descriptor after descriptor: made, filled, finished.
#include "compute/cuda/dnn_graph.h"

namespace moescope::cuda {
namespace {

constexpr int64_t kMostProposals = 16;
constexpr int64_t kAlignment = 16;  // of every tensor: what arenas give

}  // namespace

DnnShape dense_shape(std::array<int64_t, 4> dims) {
  return {dims, {dims[1] * dims[2] * dims[3], dims[2] * dims[3], dims[3], 1}};
}

DnnShape transposed(const DnnShape& shape) {
  DnnShape other = shape;
  std::swap(other.dims[2], other.dims[3]);
  std::swap(other.strides[2], other.strides[3]);
  return other;
}

void check_dnn(const DnnLibrary& library, cudnnStatus_t status, const char* call) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  const bool lost = status == CUDNN_STATUS_EXECUTION_FAILED || status == CUDNN_STATUS_INTERNAL_ERROR;
  throw DeviceError(lost ? device_api::Fault::device_lost : device_api::Fault::failed,
                    std::string(call) + ": " + library.error_string(status));
}

DnnObjects::~DnnObjects() {
  for (cudnnBackendDescriptor_t object : all_) dnn_->destroy_descriptor(object);
}

cudnnBackendDescriptor_t DnnObjects::make(cudnnBackendDescriptorType_t type) {
  cudnnBackendDescriptor_t object = nullptr;
  check_dnn(*dnn_, dnn_->create_descriptor(type, &object), "cudnnBackendCreateDescriptor");
  all_.push_back(object);
  return object;
}

void DnnObjects::set(cudnnBackendDescriptor_t object, cudnnBackendAttributeName_t name,
                     cudnnBackendAttributeType_t type, const void* values, int64_t count) const {
  check_dnn(*dnn_, dnn_->set_attribute(object, name, type, count, values), "cudnnBackendSetAttribute");
}

void DnnObjects::link(cudnnBackendDescriptor_t object, cudnnBackendAttributeName_t name,
                      cudnnBackendDescriptor_t to) const {
  set(object, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, &to);
}

void DnnObjects::finish(cudnnBackendDescriptor_t object) const {
  check_dnn(*dnn_, dnn_->finalize(object), "cudnnBackendFinalize");
}

DnnGraph::Tensor DnnGraph::make_tensor(int64_t number, const DnnShape& shape, cudnnDataType_t type, bool in_memory,
                                       bool by_value) {
  const Tensor made = objects_.make(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  const bool is_virtual = !in_memory;
  objects_.set(made, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, &number);
  objects_.set(made, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, &type);
  objects_.set(made, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, shape.dims.data(), 4);
  objects_.set(made, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, shape.strides.data(), 4);
  objects_.set(made, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, &kAlignment);
  objects_.set(made, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, &is_virtual);
  objects_.set(made, CUDNN_ATTR_TENSOR_IS_BY_VALUE, CUDNN_TYPE_BOOLEAN, &by_value);
  objects_.finish(made);
  return made;
}

DnnGraph::Tensor DnnGraph::tensor(int64_t number, const DnnShape& shape, cudnnDataType_t type) {
  return make_tensor(number, shape, type, true, false);
}

DnnGraph::Tensor DnnGraph::number(int64_t number) {
  return make_tensor(number, dense_shape({1, 1, 1, 1}), CUDNN_DATA_FLOAT, true, true);
}

DnnGraph::Tensor DnnGraph::between(const DnnShape& shape, cudnnDataType_t type) {
  return make_tensor(next_between_++, shape, type, false, false);
}

void DnnGraph::add(cudnnBackendDescriptor_t operation) {
  objects_.finish(operation);
  operations_.push_back(operation);
}

void DnnGraph::multiply(Tensor a, Tensor b, Tensor y) {
  const cudnnDataType_t sums = CUDNN_DATA_FLOAT;
  const cudnnBackendDescriptor_t how = objects_.make(CUDNN_BACKEND_MATMUL_DESCRIPTOR),
                                 operation = objects_.make(CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR);
  objects_.set(how, CUDNN_ATTR_MATMUL_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, &sums);
  objects_.finish(how);
  objects_.link(operation, CUDNN_ATTR_OPERATION_MATMUL_DESC, how);
  objects_.link(operation, CUDNN_ATTR_OPERATION_MATMUL_ADESC, a);
  objects_.link(operation, CUDNN_ATTR_OPERATION_MATMUL_BDESC, b);
  objects_.link(operation, CUDNN_ATTR_OPERATION_MATMUL_CDESC, y);
  add(operation);
}

void DnnGraph::pointwise(cudnnPointwiseMode_t mode, Tensor x, Tensor b, Tensor y) {
  const cudnnDataType_t precision = CUDNN_DATA_FLOAT;
  const cudnnBackendDescriptor_t how = objects_.make(CUDNN_BACKEND_POINTWISE_DESCRIPTOR),
                                 operation = objects_.make(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  objects_.set(how, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, &mode);
  objects_.set(how, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, &precision);
  objects_.finish(how);
  objects_.link(operation, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, how);
  objects_.link(operation, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
  if (b) objects_.link(operation, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b);
  objects_.link(operation, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
  add(operation);
}

void DnnGraph::add_columns(Tensor x, Tensor y) {
  const cudnnDataType_t sums = CUDNN_DATA_FLOAT;
  const cudnnReduceTensorOp_t how_to = CUDNN_REDUCE_TENSOR_ADD;
  const cudnnBackendDescriptor_t how = objects_.make(CUDNN_BACKEND_REDUCTION_DESCRIPTOR),
                                 operation = objects_.make(CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR);
  objects_.set(how, CUDNN_ATTR_REDUCTION_OPERATOR, CUDNN_TYPE_REDUCTION_OPERATOR_TYPE, &how_to);
  objects_.set(how, CUDNN_ATTR_REDUCTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, &sums);
  objects_.finish(how);
  objects_.link(operation, CUDNN_ATTR_OPERATION_REDUCTION_DESC, how);
  objects_.link(operation, CUDNN_ATTR_OPERATION_REDUCTION_XDESC, x);
  objects_.link(operation, CUDNN_ATTR_OPERATION_REDUCTION_YDESC, y);
  add(operation);
}

void DnnGraph::reshape(Tensor x, Tensor y) {
  const cudnnBackendDescriptor_t operation = objects_.make(CUDNN_BACKEND_OPERATION_RESHAPE_DESCRIPTOR);
  objects_.link(operation, CUDNN_ATTR_OPERATION_RESHAPE_XDESC, x);
  objects_.link(operation, CUDNN_ATTR_OPERATION_RESHAPE_YDESC, y);
  add(operation);
}

void DnnGraph::attention(Tensor q, Tensor k, Tensor v, Tensor scale, Tensor out, Tensor log_sums) {
  const cudnnBackendDescriptor_t operation = objects_.make(CUDNN_BACKEND_OPERATION_SDPA_FWD_DESCRIPTOR);
  objects_.link(operation, CUDNN_ATTR_OPERATION_SDPA_FWD_QDESC, q);
  objects_.link(operation, CUDNN_ATTR_OPERATION_SDPA_FWD_KDESC, k);
  objects_.link(operation, CUDNN_ATTR_OPERATION_SDPA_FWD_VDESC, v);
  objects_.link(operation, CUDNN_ATTR_OPERATION_SDPA_FWD_ODESC, out);
  objects_.link(operation, CUDNN_ATTR_OPERATION_SDPA_FWD_STATSDESC, log_sums);
  objects_.link(operation, CUDNN_ATTR_OPERATION_SDPA_FWD_SCALEDESC, scale);
  add(operation);
}

std::vector<cudnnBackendDescriptor_t> DnnGraph::proposals(cudnnBackendDescriptor_t graph,
                                                          cudnnBackendDescriptor_t device) {
  const cudnnBackendHeurMode_t mode = CUDNN_HEUR_MODE_A;
  const cudnnBackendDescriptor_t search = objects_.make(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  objects_.link(search, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
  objects_.set(search, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, &mode);
  if (device) objects_.link(search, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, device);
  if (objects_.dnn().finalize(search) != CUDNN_STATUS_SUCCESS) return {};  // nothing for this device
  std::vector<cudnnBackendDescriptor_t> found;
  for (int64_t i = 0; i < kMostProposals; ++i) found.push_back(objects_.make(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR));
  int64_t count = 0;
  check_dnn(objects_.dnn(),
            objects_.dnn().get_attribute(search, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                         kMostProposals, &count, found.data()),
            "cudnnBackendGetAttribute");
  found.resize(static_cast<size_t>(count));
  return found;
}

std::unique_ptr<DnnPlan> DnnGraph::plan(const DnnTarget& target) && {
  const DnnLibrary& library = objects_.dnn();
  cudnnBackendDescriptor_t device = nullptr;
  if (!target.handle) {
    device = objects_.make(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
    objects_.set(device, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, target.described.data(),
                 static_cast<int64_t>(target.described.size()));
    objects_.finish(device);
  }
  const cudnnBackendDescriptor_t graph = objects_.make(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  objects_.set(graph, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, operations_.data(),
               static_cast<int64_t>(operations_.size()));
  if (target.handle) objects_.set(graph, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, &target.handle);
  const cudnnStatus_t status = library.finalize(graph);
  if (status == CUDNN_STATUS_NOT_SUPPORTED) return nullptr;
  check_dnn(library, status, "cudnnBackendFinalize");
  for (const cudnnBackendDescriptor_t proposal : proposals(graph, device)) {
    const cudnnBackendDescriptor_t plan = objects_.make(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
    objects_.link(plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, proposal);
    if (target.handle)
      objects_.set(plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, &target.handle);
    else
      objects_.link(plan, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, device);
    if (library.finalize(plan) != CUDNN_STATUS_SUCCESS) continue;
    int64_t count = 0, bytes = 0;
    check_dnn(
        library,
        library.get_attribute(plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, &count, &bytes),
        "cudnnBackendGetAttribute");
    auto made = std::unique_ptr<DnnPlan>(new DnnPlan(std::move(objects_)));
    made->plan_ = plan, made->workspace_bytes_ = bytes;
    return made;
  }
  return nullptr;
}

void DnnPlan::run(cudnnHandle_t handle, const std::vector<std::pair<int64_t, void*>>& pointers, void* workspace,
                  cudaStream_t stream) const {
  std::vector<int64_t> numbers;
  std::vector<void*> addresses;
  for (const auto& [number, pointer] : pointers) numbers.push_back(number), addresses.push_back(pointer);
  DnnObjects objects(objects_.dnn());
  const auto count = static_cast<int64_t>(numbers.size());
  const cudnnBackendDescriptor_t pack = objects.make(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  objects.set(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, numbers.data(), count);
  objects.set(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, addresses.data(), count);
  objects.set(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, &workspace);
  objects.finish(pack);
  const DnnLibrary& library = objects.dnn();
  check_dnn(library, library.set_stream(handle, stream), "cudnnSetStream");
  check_dnn(library, library.execute(handle, plan_, pack), "cudnnBackendExecute");
}

}  // namespace moescope::cuda
