// The one place where an op's implementation is chosen: a list, fastest first, that ends with the plain reference.
//
//   ImplementationList<GeluFn> gelu_list{{"avx512", needs_avx512, gelu_avx512}, ..., {"reference", always,
//   gelu_reference}};
//
// Tests walk the list, so a new implementation is compared with the reference the day it is listed.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "compute/core/error.h"
#include "compute/core/tensor.h"
#include "compute/records/run_config.h"

namespace moescope {

/// The fastest kind of CPU kernel in use: automatic until set. Process-wide; set it before work begins, not during.
InstructionSet instruction_set();
/// Throws ConfigError when this CPU cannot run it.
void set_instruction_set(InstructionSet set);
/// The best that this CPU can run.
InstructionSet best_instruction_set();
/// All that this CPU can run, plainest first.
std::vector<InstructionSet> runnable_instruction_sets();

inline constexpr const char* kReference = "reference";

template <class Fn>
struct Implementation {
  const char* name;  // "avx512", "avx2", "reference", "onednn", "cuda"
  Device device;
  InstructionSet needs;  // automatic: nothing special
  Fn* run;
};

/// True when an implementation that needs `needs` may run now under the process's choice.
bool may_run(InstructionSet needs);

template <class Fn>
class ImplementationList {
 public:
  ImplementationList(const char* op, std::initializer_list<Implementation<Fn>> fastest_first)
      : op_(op), list_(fastest_first) {}

  const Implementation<Fn>& choose(Device device) const {
    for (const auto& one : list_)
      if (one.device == device && may_run(one.needs)) return one;
    throw BackendError(std::string(op_) + ": no implementation for this device");
  }
  /// A plug-in's implementation goes to the front.
  void add(Implementation<Fn> one) { list_.insert(list_.begin(), one); }
  const std::vector<Implementation<Fn>>& all() const { return list_; }
  const char* op() const { return op_; }

 private:
  const char* op_;
  std::vector<Implementation<Fn>> list_;
};

/// Sets the process's choice for a scope: how tests and `conform` walk all kernels.
class UseInstructionSet {
 public:
  explicit UseInstructionSet(InstructionSet set) : before_(instruction_set()) { set_instruction_set(set); }
  ~UseInstructionSet() { set_instruction_set(before_); }
  UseInstructionSet(const UseInstructionSet&) = delete;
  UseInstructionSet& operator=(const UseInstructionSet&) = delete;

 private:
  InstructionSet before_;
};

}  // namespace moescope
