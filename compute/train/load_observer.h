// Gathers the expert loads of a training batch over its micro-batches, layer by layer.
#pragma once

#include <string>
#include <vector>

#include "compute/models/vision_transformer.h"
#include "compute/moe/observe.h"
#include "compute/records/expert_load.h"

namespace moescope {

class LoadObserver : public RoutingObserver {
 public:
  explicit LoadObserver(const VisionTransformer& model);

  /// Forgets what was seen. `token_set` says over which tokens the next figures are.
  void begin(std::string token_set);
  void see(const Routing& routing) override;
  /// The figures since begin(), MoE layers in order.
  void finish(std::vector<ExpertLoad>& layers) const;

 private:
  std::vector<int64_t> blocks_;               // indices of the MoE blocks, ascending
  std::vector<ExpertLoadAccumulator> loads_;  // one a block
  std::string token_set_;
};

}  // namespace moescope
