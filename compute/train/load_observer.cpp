// One accumulator a layer.
#include "compute/train/load_observer.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace moescope {

LoadObserver::LoadObserver(const VisionTransformer& model) : blocks_(model.moe_blocks()), loads_(blocks_.size()) {}

void LoadObserver::begin() {
  for (ExpertLoadAccumulator& load : loads_) load.reset();
}

void LoadObserver::see(const Routing& routing) {
  const auto block = std::find(blocks_.begin(), blocks_.end(), routing.layer);
  loads_[static_cast<size_t>(block - blocks_.begin())].add(routing);
}

void LoadObserver::finish(int64_t step, std::vector<ExpertLoad>& layers) const {
  char digits[20];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), step).ptr;
  layers.resize(blocks_.size());
  for (size_t i = 0; i < blocks_.size(); ++i) {
    loads_[i].result(layers[i]);
    layers[i].token_set.assign("training batch of step ").append(digits, end);
  }
}

}  // namespace moescope
