// An observer of a pass that also wants what each layer passes on: given to a Pass in its observer's place.
#pragma once

#include "compute/nn/pass.h"

namespace moescope {

class LayerObserver : public RoutingObserver {
 public:
  void see(const Routing&) override {}
  /// (T,D); tensors live during the call.
  virtual void see_embedding(const Tensor& x) = 0;
  /// stream: after the block's attention; branch: what its MLP or mixture adds.
  virtual void see_block(int64_t block, const Tensor& stream, const Tensor& branch) = 0;
  virtual void see_normalized(const Tensor& x) = 0;

  /// Null when the pass's observer is another kind.
  static LayerObserver* of(const Pass& pass) { return dynamic_cast<LayerObserver*>(pass.observer); }
};

}  // namespace moescope
