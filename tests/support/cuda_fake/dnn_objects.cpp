// What must fit when a descriptor of cuDNN is finished. Attributes and operations that are not known are refused.
#include "support/cuda_fake/dnn_objects.h"

#include <optional>

#include "support/cuda_fake/world.h"

namespace cuda_fake {
namespace {

DnnTensor tensor_of(const DnnObject& o) {
  DnnTensor t;
  const auto dims = o.all<int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS), strides = o.all<int64_t>(CUDNN_ATTR_TENSOR_STRIDES);
  std::copy_n(dims.begin(), std::min<size_t>(4, dims.size()), t.dims.begin());
  std::copy_n(strides.begin(), std::min<size_t>(4, strides.size()), t.strides.begin());
  t.number = o.get<int64_t>(CUDNN_ATTR_TENSOR_UNIQUE_ID);
  t.is_bf16 = o.get<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE) == CUDNN_DATA_BFLOAT16;
  t.is_virtual = o.get<bool>(CUDNN_ATTR_TENSOR_IS_VIRTUAL);
  t.by_value = o.get<bool>(CUDNN_ATTR_TENSOR_IS_BY_VALUE);
  return t;
}

std::string wrong_tensor(const DnnObject& o) {
  const auto type = o.get<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE);
  const DnnTensor t = tensor_of(o);
  if (type != CUDNN_DATA_FLOAT && type != CUDNN_DATA_BFLOAT16) return "a type that the fake does not know";
  if (*std::min_element(t.dims.begin(), t.dims.end()) < 1) return "a tensor without four sizes";
  if (*std::min_element(t.strides.begin(), t.strides.end()) < 1) return "a tensor without four strides";
  if (o.get<int64_t>(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT) % kDnnAlignment != 0) return "an alignment below 16 bytes";
  return "";
}

/// An operation's operands and results, in the order of DnnStep; `wrong` says what does not fit.
struct Reading {
  std::optional<DnnStep> step;
  std::vector<DnnTensor> in, out;
  std::string wrong;
};

Reading read_operation(const DnnObject& o) {
  Reading r;
  const auto take = [&](cudnnBackendAttributeName_t name, std::vector<DnnTensor>& to) {
    const DnnObject* t = o.link(name);
    if (!t || !t->finished || t->type != CUDNN_BACKEND_TENSOR_DESCRIPTOR)
      r.wrong = "an operation lacks a finished tensor";
    else
      to.push_back(tensor_of(*t));
  };
  const auto verb = [&](DnnVerb v) { r.step = DnnStep{v, {}, {}}; };
  switch (o.type) {
    case CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR:
      verb(DnnVerb::multiply);
      take(CUDNN_ATTR_OPERATION_MATMUL_ADESC, r.in), take(CUDNN_ATTR_OPERATION_MATMUL_BDESC, r.in);
      take(CUDNN_ATTR_OPERATION_MATMUL_CDESC, r.out);
      break;
    case CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR: {
      const DnnObject* how = o.link(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR);
      const auto mode = how ? how->get<cudnnPointwiseMode_t>(CUDNN_ATTR_POINTWISE_MODE) : CUDNN_POINTWISE_ADD;
      if (mode == CUDNN_POINTWISE_MUL) verb(DnnVerb::times);
      if (mode == CUDNN_POINTWISE_SUB) verb(DnnVerb::minus);
      if (mode == CUDNN_POINTWISE_EXP) verb(DnnVerb::exponential);
      take(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, r.in);
      if (mode != CUDNN_POINTWISE_EXP) take(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, r.in);
      take(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, r.out);
      break;
    }
    case CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR:
      verb(DnnVerb::add_columns);
      take(CUDNN_ATTR_OPERATION_REDUCTION_XDESC, r.in), take(CUDNN_ATTR_OPERATION_REDUCTION_YDESC, r.out);
      break;
    case CUDNN_BACKEND_OPERATION_RESHAPE_DESCRIPTOR:
      verb(DnnVerb::reshape);
      take(CUDNN_ATTR_OPERATION_RESHAPE_XDESC, r.in), take(CUDNN_ATTR_OPERATION_RESHAPE_YDESC, r.out);
      break;
    case CUDNN_BACKEND_OPERATION_SDPA_FWD_DESCRIPTOR:
      verb(DnnVerb::attention);
      take(CUDNN_ATTR_OPERATION_SDPA_FWD_QDESC, r.in), take(CUDNN_ATTR_OPERATION_SDPA_FWD_KDESC, r.in);
      take(CUDNN_ATTR_OPERATION_SDPA_FWD_VDESC, r.in), take(CUDNN_ATTR_OPERATION_SDPA_FWD_SCALEDESC, r.in);
      take(CUDNN_ATTR_OPERATION_SDPA_FWD_ODESC, r.out), take(CUDNN_ATTR_OPERATION_SDPA_FWD_STATSDESC, r.out);
      break;
    default: break;
  }
  if (!r.step && r.wrong.empty()) r.wrong = "an operation that the fake does not know";
  return r;
}

bool same_rows(const DnnTensor& a, const DnnTensor& b) {
  return std::equal(a.dims.begin(), a.dims.begin() + 3, b.dims.begin());
}

/// What does not fit between the operands of an operation; empty: nothing.
std::string wrong_shapes(const Reading& r) {
  const DnnTensor &x = r.in[0], &y = r.out[0];
  switch (r.step->verb) {
    case DnnVerb::multiply: {
      const DnnTensor& b = r.in[1];
      const bool fits = x.dims[3] == b.dims[2] && x.dims[2] == y.dims[2] && b.dims[3] == y.dims[3];
      const bool batches =
          x.dims[0] == b.dims[0] && x.dims[1] == b.dims[1] && x.dims[0] == y.dims[0] && x.dims[1] == y.dims[1];
      return fits && batches ? "" : "a product of matrices that do not fit each other";
    }
    case DnnVerb::add_columns: return same_rows(x, y) && y.dims[3] == 1 ? "" : "a sum that keeps no rows";
    case DnnVerb::reshape: return x.size() == y.size() ? "" : "a reshape that changes the size";
    case DnnVerb::attention: {
      const DnnTensor &k = r.in[1], &v = r.in[2];
      return k.dims == v.dims && k.dims[3] == x.dims[3] && y.dims == x.dims && same_rows(x, r.out[1]) &&
                     r.out[1].dims[3] == 1
                 ? ""
                 : "attention over operands that do not fit each other";
    }
    default:
      for (const DnnTensor& t : r.in)
        for (size_t i = 0; i < 4; ++i)
          if (t.dims[i] != 1 && t.dims[i] != y.dims[i]) return "operands that do not spread over the result";
      return "";
  }
}

cudnnStatus_t finish_operation(const DnnObject& o) {
  Reading r = read_operation(o);
  if (r.wrong.empty()) r.wrong = wrong_shapes(r);
  return r.wrong.empty() ? CUDNN_STATUS_SUCCESS : refuse_dnn(r.wrong);
}

cudnnStatus_t finish_graph(DnnObject& o) {
  auto program = std::make_shared<DnnProgram>();
  program->workspace_bytes = kDnnWorkspaceBytes;
  for (cudnnBackendDescriptor_t each : o.all<cudnnBackendDescriptor_t>(CUDNN_ATTR_OPERATIONGRAPH_OPS)) {
    const DnnObject& operation = *static_cast<const DnnObject*>(each);
    if (!operation.finished) return refuse_dnn("a graph of operations that are not finished");
    Reading r = read_operation(operation);
    for (const DnnTensor& t : r.in) {
      if (t.is_virtual && !program->tensors.contains(t.number))
        return refuse_dnn("a virtual tensor that nothing fills");
      program->tensors[t.number] = t, r.step->in.push_back(t.number);
    }
    for (const DnnTensor& t : r.out) program->tensors[t.number] = t, r.step->out.push_back(t.number);
    program->steps.push_back(*r.step);
  }
  if (program->steps.empty()) return refuse_dnn("a graph without operations");
  if (!o.get<void*>(CUDNN_ATTR_OPERATIONGRAPH_HANDLE)) return refuse_dnn("a graph for no handle");
  o.program = std::move(program);
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace

cudnnStatus_t refuse_dnn(const std::string& why, cudnnStatus_t status) {
  world().message = "cuDNN: " + why;
  return status;
}

bool has_engine(const DnnProgram& program) {
  return std::all_of(program.tensors.begin(), program.tensors.end(), [](const auto& one) {
    const DnnTensor& t = one.second;
    const int64_t width = t.strides[3] == 1 ? t.dims[3] : t.dims[2];
    return t.is_virtual || !t.is_bf16 || (width % 8 == 0 && width <= 256);
  });
}

cudnnStatus_t finish_object(DnnObject& o) {
  switch (o.type) {
    case CUDNN_BACKEND_TENSOR_DESCRIPTOR: {
      const std::string wrong = wrong_tensor(o);
      return wrong.empty() ? CUDNN_STATUS_SUCCESS : refuse_dnn(wrong);
    }
    case CUDNN_BACKEND_MATMUL_DESCRIPTOR:
    case CUDNN_BACKEND_POINTWISE_DESCRIPTOR:
    case CUDNN_BACKEND_REDUCTION_DESCRIPTOR:
    case CUDNN_BACKEND_ENGINECFG_DESCRIPTOR:
    case CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR: return CUDNN_STATUS_SUCCESS;
    case CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR: return finish_graph(o);
    case CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR:
      if (const DnnObject* graph = o.link(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH)) o.program = graph->program;
      return o.program ? CUDNN_STATUS_SUCCESS : refuse_dnn("a search without a graph");
    case CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR:
      if (const DnnObject* engine = o.link(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG)) o.program = engine->program;
      return o.program && o.get<void*>(CUDNN_ATTR_EXECUTION_PLAN_HANDLE)
                 ? CUDNN_STATUS_SUCCESS
                 : refuse_dnn("a plan without an engine or a handle");
    default: return finish_operation(o);
  }
}

}  // namespace cuda_fake
