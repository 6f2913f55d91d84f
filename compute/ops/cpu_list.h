// The usual list of an op on the CPU: our kernels for AVX-512 and AVX2, then the plain reference.
#pragma once

#include "compute/backends/implementations.h"

namespace moescope {

template <class Fn>
ImplementationList<Fn> cpu_list(const char* op, Fn* avx512, Fn* avx2, Fn* reference) {
  return {op,
          {{"avx512", Device::cpu, InstructionSet::avx512, avx512},
           {"avx2", Device::cpu, InstructionSet::avx2, avx2},
           {kReference, Device::cpu, InstructionSet::automatic, reference}}};
}

/// For ops that only move memory, where the plain loop is already as fast as the memory.
template <class Fn>
ImplementationList<Fn> cpu_list(const char* op, Fn* reference) {
  return {op, {{kReference, Device::cpu, InstructionSet::automatic, reference}}};
}

}  // namespace moescope
