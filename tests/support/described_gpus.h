// Devices that are described and not there, in the fields that cuDNN's device properties have. The numbers are those of
// NVIDIA's "Compute capabilities" table and data sheets, typed in, not read off a card.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

namespace moescope {

struct DescribedGpu {
  const char* name;
  int compute;  // 80
  int multiprocessors, threads_each, blocks_each, shared_bytes;
};

inline constexpr DescribedGpu kDescribedGpus[] = {
    {"A100", 80, 108, 2048, 32, 166912}, {"L4", 89, 58, 1536, 24, 101376}, {"H100", 90, 132, 2048, 32, 232448}};

inline void PrintTo(const DescribedGpu& gpu, std::ostream* out) { *out << gpu.name; }  // in a test's name

inline std::string to_json(const DescribedGpu& gpu) {
  const auto field = [](const char* name, int64_t value) {
    return ",\"" + std::string(name) + "\":" + std::to_string(value);
  };
  return std::string("{\"deviceName\":\"") + gpu.name + "\"" + field("cudaDeviceId", 0) +
         field("deviceVer", gpu.compute * 10) + field("smVersion", gpu.compute * 10) + field("driverVer", 13000) +
         field("multiProcessorCount", gpu.multiprocessors) + field("maxThreadsPerSM", gpu.threads_each) +
         field("maxCtasPerSM", gpu.blocks_each) + field("maxRegistersPerSM", 65536) + field("regsPerBlock", 65536) +
         field("maxSharedMemoryPerBlock", 49152) + field("maxSharedMemoryPerBlockOptin", gpu.shared_bytes) +
         field("reservedSharedMemoryPerBlock", 1024) + field("maxThreadsPerBlock", 1024) + field("warpSize", 32) +
         field("isTccDriver", 0) + field("supportCoopLaunch", 1) + field("supportsTMA", gpu.compute >= 90) +
         field("pciDeviceId", 1) + field("l2CacheSize", int64_t{40} << 20) +
         field("totalGlobalMem", int64_t{40} << 30) + field("smClockRateKHz", 1410000) +
         field("memClockRateKHz", 1215000) +
         ",\"maxGridSize\":[2147483647,65535,65535],\"maxBlockSize\":[1024,1024,64]}";
}

}  // namespace moescope
