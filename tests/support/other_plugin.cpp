// A plug-in that speaks another version than the program: for the sentence that says so.
#include <cstdint>

extern "C" __attribute__((visibility("default"))) const void* moescope_device_functions(int32_t) { return nullptr; }
