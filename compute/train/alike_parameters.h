// Neighbouring parameters that an optimiser updates alike: one call on the CPU, one stretch of the launch on a GPU.
#pragma once

#include "compute/train/optimizer.h"

namespace moescope {

/// Elements [begin, end) of ParameterSet's flat tensors.
struct AlikeParameters {
  int64_t begin, end;
  int64_t first_step;
  double weight_decay;
};

/// each(AlikeParameters), ascending and without gaps. Padding belongs to the parameter before it: zeros with zero
/// gradients stay zeros.
template <class Each>
void for_each_alike(const ParameterSet& parameters, const TrainConfig& config, Each&& each) {
  const std::deque<Parameter>& all = parameters.all();
  for (size_t i = 0; i < all.size();) {
    const Parameter& first = all[i];
    const double decay = weight_decay_of(config, first.role);
    while (++i < all.size() && all[i].first_step == first.first_step && weight_decay_of(config, all[i].role) == decay) {
    }
    each(AlikeParameters{first.offset, i < all.size() ? all[i].offset : parameters.values().size(), first.first_step,
                         decay});
  }
}

}  // namespace moescope
