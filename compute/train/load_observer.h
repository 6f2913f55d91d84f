// Gathers the expert loads of a training batch over its micro-batches, layer by layer.
#pragma once

#include <vector>

#include "compute/models/vision_transformer.h"
#include "compute/moe/observe.h"
#include "compute/records/expert_load.h"

namespace moescope {

class LoadObserver : public RoutingObserver {
 public:
  explicit LoadObserver(const VisionTransformer& model);

  /// Forgets what was seen.
  void begin();
  void see(const Routing& routing) override;
  /// The figures since begin(), MoE layers in order, labelled as the training batch of that step. What `layers` holds
  /// is used again: a steady step asks for no memory.
  void finish(int64_t step, std::vector<ExpertLoad>& layers) const;

 private:
  std::vector<int64_t> blocks_;               // indices of the MoE blocks, ascending
  std::vector<ExpertLoadAccumulator> loads_;  // one a block
};

}  // namespace moescope
