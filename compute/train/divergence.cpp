// Looks at parameters first, then at every layer of one more forward pass.
#include "compute/train/divergence.h"

#include <cmath>

#include "compute/core/error.h"
#include "compute/ops/adamw/adamw.h"
#include "compute/train/optimizer.h"

namespace moescope {

namespace {

bool all_finite(const Tensor& x) { return x.empty() || std::isfinite(sum_of_squares(x)); }

/// Remembers the first block whose router saw or made something that is not finite.
class RoutingWatch : public RoutingObserver {
 public:
  void see(const Routing& routing) override {
    if (first_bad >= 0) return;
    const bool soft = routing.kind == RouterKind::soft;
    const bool fine = soft ? all_finite(routing.dispatch) && all_finite(routing.combine) : all_finite(routing.gates);
    if (!fine) first_bad = routing.layer;
  }
  int64_t first_bad = -1;
};

/// A pass for each block, so that the attention of only one is kept at a time.
std::string first_bad_block(VisionTransformer& model, const Tensor& images, const Pass& pass) {
  const int64_t depth = model.config().model.depth, n = images.dim(0), tokens = model.tokens_per_image();
  const Buffer one({n, model.config().model.heads, tokens, tokens});
  Arena arena;
  RoutingWatch watch;
  Pass again = pass;
  again.arena = &arena;
  again.backward = false;
  again.observer = &watch;
  for (int64_t i = 0; i < depth; ++i) {
    std::vector<Tensor> attention(static_cast<size_t>(depth));
    attention[static_cast<size_t>(i)] = one.tensor();
    again.attention_probabilities = attention.data();
    arena.reset();
    model.forward(images, again);
    if (!all_finite(one.tensor())) return "it first shows in the attention of block" + std::to_string(i);
    if (watch.first_bad == i) return "it first shows in the router of block" + std::to_string(i);
  }
  return "it first shows after the attention of block" + std::to_string(depth - 1) + ", in its MLP or the head";
}

}  // namespace

std::string locate_divergence(VisionTransformer& model, const Tensor& images, const Pass& pass) {
  if (const std::string name = find_not_finite(model.parameters(), false); !name.empty()) {
    return name + " holds a NaN or infinity";
  }
  try {
    return first_bad_block(model, images, pass);
  } catch (const BackendError&) { return "in which layer could not be seen for want of memory"; }
}

std::string locate_bad_gradient(const ParameterSet& parameters) {
  const std::string name = find_not_finite(parameters, true, true);
  return name.empty() ? "" : "that of " + name + " is the one nearest to the loss";
}

}  // namespace moescope
