// Gathers the expert loads of a training batch over its micro-batches, layer by layer.
#pragma once

#include <string>
#include <vector>

#include "compute/models/vision_transformer.h"
#include "compute/records/expert_load.h"

namespace moescope {

class LoadObserver : public RoutingObserver {
 public:
  explicit LoadObserver(const VisionTransformer& model);
  ~LoadObserver() override;

  /// Forgets what was seen. `token_set` says over which tokens the next figures are.
  void begin(std::string token_set);
  void see(const Routing& routing) override;
  /// The figures since begin(), MoE layers in order.
  void finish(std::vector<ExpertLoad>& layers);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace moescope
