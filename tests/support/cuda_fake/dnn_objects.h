// Descriptors of the fake of cuDNN, and what is looked at when one is finished.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compute/cuda/dnn_library.h"
#include "support/cuda_fake/dnn_program.h"

namespace cuda_fake {

inline constexpr int64_t kDnnWorkspaceBytes = 1000, kDnnAlignment = 16;

struct DnnObject {
  cudnnBackendDescriptorType_t type;
  bool finished = false;
  std::map<int, std::vector<std::byte>> attributes;
  std::shared_ptr<const DnnProgram> program;  // of a graph and what is made of it

  template <class T>
  std::vector<T> all(cudnnBackendAttributeName_t name) const {
    const auto found = attributes.find(name);
    if (found == attributes.end()) return {};
    std::vector<T> values(found->second.size() / sizeof(T));
    std::memcpy(static_cast<void*>(values.data()), found->second.data(), values.size() * sizeof(T));
    return values;
  }
  template <class T>
  T get(cudnnBackendAttributeName_t name) const {
    T value{};
    const auto found = attributes.find(name);
    if (found != attributes.end())
      std::memcpy(&value, found->second.data(), std::min(sizeof value, found->second.size()));
    return value;
  }
  const DnnObject* link(cudnnBackendAttributeName_t name) const {
    return static_cast<const DnnObject*>(get<cudnnBackendDescriptor_t>(name));
  }
};

/// Says why in world().message.
cudnnStatus_t refuse_dnn(const std::string& why, cudnnStatus_t status = CUDNN_STATUS_BAD_PARAM);

/// The checks of cudnnBackendFinalize; fills the program of graphs, searches and plans.
cudnnStatus_t finish_object(DnnObject& object);

/// The library's rule for heads: a multiple of 8, at most 256 components.
bool has_engine(const DnnProgram& program);

}  // namespace cuda_fake
