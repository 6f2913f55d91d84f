// The process's choice of instruction set.
#include "compute/backends/implementations.h"

#include <atomic>

#include "compute/backends/cpu_features.h"

namespace moescope {
namespace {

std::atomic<InstructionSet> chosen{InstructionSet::automatic};

}  // namespace

InstructionSet best_instruction_set() {
  const CpuFeatures& cpu = cpu_features();
  return cpu.avx512 ? InstructionSet::avx512 : cpu.avx2 ? InstructionSet::avx2 : InstructionSet::reference;
}

InstructionSet instruction_set() { return chosen.load(std::memory_order_relaxed); }

void set_instruction_set(InstructionSet set) {
  const CpuFeatures& cpu = cpu_features();
  if ((set == InstructionSet::avx512 && !cpu.avx512) || (set == InstructionSet::avx2 && !cpu.avx2))
    throw ConfigError("compute.instructions asks for kernels that this CPU (" + cpu.name +
                      ") cannot run; leave it at automatic");
  chosen.store(set, std::memory_order_relaxed);
}

std::vector<InstructionSet> runnable_instruction_sets() {
  std::vector<InstructionSet> sets;
  for (InstructionSet set : {InstructionSet::reference, InstructionSet::avx2, InstructionSet::avx512})
    if (set <= best_instruction_set()) sets.push_back(set);
  return sets;
}

bool may_run(InstructionSet needs) {
  InstructionSet limit = instruction_set();
  if (limit == InstructionSet::automatic) limit = best_instruction_set();
  const auto rank = [](InstructionSet s) {
    switch (s) {
      case InstructionSet::avx512: return 3;
      case InstructionSet::avx2: return 2;
      default: return 1;
    }
  };
  return rank(needs) <= rank(limit);
}

}  // namespace moescope
