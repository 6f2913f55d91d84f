// One accumulator a layer.
#include "compute/train/load_observer.h"

#include <algorithm>

namespace moescope {

LoadObserver::LoadObserver(const VisionTransformer& model) : blocks_(model.moe_blocks()), loads_(blocks_.size()) {}

void LoadObserver::begin(std::string token_set) {
  for (ExpertLoadAccumulator& load : loads_) load.reset();
  token_set_ = std::move(token_set);
}

void LoadObserver::see(const Routing& routing) {
  const auto block = std::find(blocks_.begin(), blocks_.end(), routing.layer);
  loads_[static_cast<size_t>(block - blocks_.begin())].add(routing);
}

void LoadObserver::finish(std::vector<ExpertLoad>& layers) const {
  layers.resize(blocks_.size());
  for (size_t i = 0; i < blocks_.size(); ++i) {
    loads_[i].result(layers[i]);
    layers[i].token_set = token_set_;
  }
}

}  // namespace moescope
