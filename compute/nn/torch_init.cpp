// Roles and shapes say which layer a parameter belongs to; a bias follows its kernel.
#include "compute/nn/torch_init.h"

#include <cmath>

namespace moescope {
namespace {

double one_over_root(int64_t fan_in) { return 1 / std::sqrt(static_cast<double>(fan_in)); }

Init with_copies(Init init, const Init& of) {
  init.copies = of.copies;
  return init;
}

bool is_kernel(const Parameter& p) {
  return p.role == ParameterRole::kernel || p.role == ParameterRole::head_kernel || p.role == ParameterRole::router;
}

}  // namespace

void use_torch_init(ParameterSet& parameters) {
  int64_t fan_in = 1;  // of the last kernel
  for (Parameter& p : parameters.all()) {
    const bool of_experts = p.shape.rank() == (p.role == ParameterRole::bias ? 2 : 3);
    if (is_kernel(p)) {
      fan_in = p.shape[p.shape.rank() - 2];
      if (p.init.kind == Init::Kind::constant) continue;
      const double limit = one_over_root(fan_in);
      p.init = with_copies(of_experts ? Init::normal(limit) : Init::uniform(limit), p.init);
    } else if (p.role == ParameterRole::bias) {
      p.init = with_copies(of_experts ? Init::constant(0) : Init::uniform(one_over_root(fan_in)), p.init);
    } else if (p.role == ParameterRole::slots) {
      p.init = Init::normal(one_over_root(p.shape[0]));
    }
  }
}

}  // namespace moescope
