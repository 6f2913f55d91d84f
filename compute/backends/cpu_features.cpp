// Processor features by the compiler's own run-time check (which also asks whether the system saves the registers).
#include "compute/backends/cpu_features.h"

#include <sched.h>

#include <fstream>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace moescope {
namespace {

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown CPU";
}

CpuFeatures ask() {
  CpuFeatures f;
  f.name = processor_name();
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) f.physical_threads = CPU_COUNT(&set);
#if defined(__x86_64__)
  __builtin_cpu_init();
  f.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  f.avx512 = f.avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  f.avx512_bf16 = f.avx512 && __builtin_cpu_supports("avx512bf16");
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (f.avx512_bf16 && __get_cpuid_count(7, 0, &a, &b, &c, &d)) f.amx_bf16 = (d >> 22) & 1;
#endif
  return f;
}

}  // namespace

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = ask();
  return features;
}

}  // namespace moescope
