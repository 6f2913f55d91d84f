// cuDNN's graph API, as far as attention uses it: descriptors are looked at when they are finished (dnn_objects),
// pointers when a plan is run.
#include "support/cuda_fake/dnn_objects.h"
#include "support/cuda_fake/world.h"

using namespace cuda_fake;

namespace {

struct Handle {
  cudaStream_t stream = nullptr;
};

size_t bytes_of(cudnnBackendAttributeType_t type) {
  switch (type) {
    case CUDNN_TYPE_BOOLEAN: return sizeof(bool);
    case CUDNN_TYPE_INT64: return sizeof(int64_t);
    case CUDNN_TYPE_CHAR: return 1;
    case CUDNN_TYPE_HANDLE:
    case CUDNN_TYPE_VOID_PTR:
    case CUDNN_TYPE_BACKEND_DESCRIPTOR: return sizeof(void*);
    case CUDNN_TYPE_DATA_TYPE:
    case CUDNN_TYPE_HEUR_MODE:
    case CUDNN_TYPE_POINTWISE_MODE:
    case CUDNN_TYPE_REDUCTION_OPERATOR_TYPE: return sizeof(int);
    default: return 0;
  }
}

cudnnStatus_t create_object(cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t* made) {
  *made = new DnnObject{type, false, {}, nullptr};
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t destroy_object(cudnnBackendDescriptor_t object) {
  delete static_cast<DnnObject*>(object);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t set_attribute(cudnnBackendDescriptor_t object, cudnnBackendAttributeName_t name,
                            cudnnBackendAttributeType_t type, int64_t count, const void* values) {
  auto& o = *static_cast<DnnObject*>(object);
  const size_t bytes = bytes_of(type);
  if (o.finished) return refuse_dnn("an attribute of a finished descriptor");
  if (bytes == 0) return refuse_dnn("an attribute of a type that the fake does not know");
  if (!values || count < 1) return refuse_dnn("an attribute without values");
  const auto* from = static_cast<const std::byte*>(values);
  o.attributes[name].assign(from, from + static_cast<size_t>(count) * bytes);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t get_attribute(cudnnBackendDescriptor_t object, cudnnBackendAttributeName_t name,
                            cudnnBackendAttributeType_t, int64_t room, int64_t* count, void* values) {
  const auto& o = *static_cast<const DnnObject*>(object);
  if (!o.finished) return refuse_dnn("a question to a descriptor that is not finished", CUDNN_STATUS_NOT_INITIALIZED);
  if (name == CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE) {
    *static_cast<int64_t*>(values) = o.program->workspace_bytes;
    return *count = 1, CUDNN_STATUS_SUCCESS;
  }
  if (name != CUDNN_ATTR_ENGINEHEUR_RESULTS) return refuse_dnn("a question that the fake does not know");
  *count = room > 0 && has_engine(*o.program) ? 1 : 0;
  if (*count == 1) {
    auto* engine = static_cast<DnnObject*>(*static_cast<cudnnBackendDescriptor_t*>(values));
    engine->program = o.program, engine->finished = true;
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t finalize(cudnnBackendDescriptor_t object) {
  auto& o = *static_cast<DnnObject*>(object);
  const cudnnStatus_t status = finish_object(o);
  o.finished = status == CUDNN_STATUS_SUCCESS;
  return status;
}

/// Whether device memory holds all of the tensor, where such tensors may stand.
bool held(const void* p, const DnnTensor& t) {
  const Allocation* a = holding(p, static_cast<size_t>(t.extent()) * (t.is_bf16 ? 2 : 4));
  return a && a->kind == MemoryKind::device && reinterpret_cast<uintptr_t>(p) % kDnnAlignment == 0;
}

cudnnStatus_t execute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan_object,
                      cudnnBackendDescriptor_t pack_object) {
  const std::lock_guard lock(world().mutex);
  const auto &plan = *static_cast<const DnnObject*>(plan_object), &pack = *static_cast<const DnnObject*>(pack_object);
  if (!plan.finished || !pack.finished) return refuse_dnn("a plan or a pack that is not finished");
  const auto numbers = pack.all<int64_t>(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
  const auto pointers = pack.all<void*>(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
  if (numbers.size() != pointers.size()) return refuse_dnn("a pack with more numbers than pointers, or fewer");
  std::map<int64_t, void*> memory;
  std::map<int64_t, float> values;
  for (size_t i = 0; i < numbers.size(); ++i) {
    const auto known = plan.program->tensors.find(numbers[i]);
    if (known == plan.program->tensors.end()) return refuse_dnn("a pointer for a tensor that the graph has not");
    if (known->second.by_value)
      values[numbers[i]] = *static_cast<const float*>(pointers[i]);  // read now, as the library does
    else if (!held(pointers[i], known->second))
      return refuse_dnn("tensor " + std::to_string(numbers[i]) + " runs over its allocation, or stands crooked");
    else
      memory[numbers[i]] = pointers[i];
  }
  for (const auto& [number, t] : plan.program->tensors)
    if (!t.is_virtual && !memory.contains(number) && !values.contains(number))
      return refuse_dnn("no pointer for tensor " + std::to_string(number));
  void* workspace = pack.get<void*>(CUDNN_ATTR_VARIANT_PACK_WORKSPACE);
  const auto bytes = static_cast<size_t>(plan.program->workspace_bytes);
  if (!holding(workspace, bytes)) return refuse_dnn("a workspace smaller than the plan asks for");
  const cudaError_t status =
      submit(reinterpret_cast<Handle*>(handle)->stream, [program = plan.program, memory, values, workspace, bytes] {
        poison(workspace, bytes);
        run_program(*program, memory, values);
        return cudaSuccess;
      });
  return status == cudaSuccess ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_EXECUTION_FAILED;
}

cudnnStatus_t create_handle(cudnnHandle_t* made) {
  *made = reinterpret_cast<cudnnHandle_t>(new Handle);
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t destroy_handle(cudnnHandle_t handle) {
  delete reinterpret_cast<Handle*>(handle);
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t set_stream(cudnnHandle_t handle, cudaStream_t stream) {
  const std::lock_guard lock(world().mutex);
  if (!stream_of(stream, "cudnnSetStream")) return CUDNN_STATUS_BAD_PARAM;
  reinterpret_cast<Handle*>(handle)->stream = stream;
  return CUDNN_STATUS_SUCCESS;
}
const char* error_string(cudnnStatus_t status) {
  return status == CUDNN_STATUS_SUCCESS ? "success" : cuda_fake_message();
}

size_t version() { return 91900; }

const moescope::cuda::DnnLibrary kFake = {version,       error_string,  create_handle,  destroy_handle,
                                          set_stream,    create_object, destroy_object, set_attribute,
                                          get_attribute, finalize,      execute};

}  // namespace

const moescope::cuda::DnnLibrary* moescope::cuda::DnnLibrary::find() { return &kFake; }
