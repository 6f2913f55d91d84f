// A plug-in of the program's version, built when a step's plan was one number shorter: for the sentence that says so.
#include "compute/backends/cuda/device_api.h"

using namespace moescope::device_api;

extern "C" __attribute__((visibility("default"))) const Functions* moescope_device_functions(int32_t) {
  static const Functions functions = [] {
    Functions f{};
    f.version = kVersion, f.bytes = sizeof(Functions);
    for (int i = 0; i < kNumStructs; ++i) f.structs[i] = kStructSizes[i];
    f.structs[4].bytes -= 8;
    return f;
  }();
  return &functions;
}
