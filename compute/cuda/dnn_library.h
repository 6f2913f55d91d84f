// cuDNN's entry points, looked up by name when first asked for: the plug-in loads where cuDNN is not installed, and a
// model in float32 never loads it.
#pragma once

#include <cudnn_graph.h>

#include <string>

namespace moescope::cuda {

struct DnnLibrary {
  decltype(&cudnnGetVersion) version;
  decltype(&cudnnGetErrorString) error_string;
  decltype(&cudnnCreate) create;
  decltype(&cudnnDestroy) destroy;
  decltype(&cudnnSetStream) set_stream;
  decltype(&cudnnBackendCreateDescriptor) create_descriptor;
  decltype(&cudnnBackendDestroyDescriptor) destroy_descriptor;
  decltype(&cudnnBackendSetAttribute) set_attribute;
  decltype(&cudnnBackendGetAttribute) get_attribute;
  decltype(&cudnnBackendFinalize) finalize;
  decltype(&cudnnBackendExecute) execute;

  /// Null where libcudnn.so.9 is not installed, or older than 9.13, which had no attention as one operation.
  static const DnnLibrary* find();
};

}  // namespace moescope::cuda
