// What this processor can do, asked at run time.
#pragma once

#include <string>

namespace moescope {

struct CpuFeatures {
  bool avx2 = false;    // AVX2 + FMA + F16C, and the system saves the registers
  bool avx512 = false;  // F, BW, DQ, VL
  bool avx512_bf16 = false;
  bool amx_bf16 = false;
  std::string name;          // "AMD EPYC 7B13"
  int physical_threads = 1;  // processors that this process may run on
};

const CpuFeatures& cpu_features();

}  // namespace moescope
