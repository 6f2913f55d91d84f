// Walks an op's list: everything that may run on this machine but the reference, which stands last.
#pragma once

#include <string>

#include "compute/backends/implementations.h"

namespace moescope {

template <class Fn>
Fn* reference_of(const ImplementationList<Fn>& list) {
  return list.all().back().run;
}

/// body(run, "layer_norm avx2") for each implementation on the CPU that this machine can run, the reference included.
template <class Fn, class Body>
void for_each_implementation(const ImplementationList<Fn>& list, Body&& body) {
  for (const auto& one : list.all())
    if (one.device == Device::cpu && may_run(one.needs)) body(one.run, std::string(list.op()) + " " + one.name);
}

}  // namespace moescope
