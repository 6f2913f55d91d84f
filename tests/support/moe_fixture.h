// A mixture layer with its parameters, inputs and knobs, ready to run forward and backward in tests.
#pragma once

#include <cmath>

#include "compute/moe/moe_layer.h"
#include "support/gradient_check.h"
#include "support/random_tensor.h"

namespace moescope {

/// Small sizes for one kind of layer; tests change what they are about before making the fixture.
struct MoeCase {
  MoeLayerShape shape;
  RouterConfig knobs;
  int64_t tokens = 12, group_tokens = 6;

  explicit MoeCase(RouterKind kind) {
    shape.kind = kind;
    shape.width = 6;
    shape.hidden = 8;
    shape.num_experts = 4;
    shape.slots_per_expert = 2;
    knobs.kind = kind;
    knobs.num_experts = 4;
    knobs.k = 2;
    knobs.noise_std = 0;
    knobs.capacity_factor = 0.9;
    knobs.importance_weight = knobs.load_weight = knobs.gshard_weight = 0;
  }
};

struct MoeFixture {
  MoeCase c;
  ParameterSet parameters;
  MoeLayer layer;
  Arena arena;
  Pass pass;
  MoeLayer::Context context;
  Buffer x, y, dy, dx;
  double aux_scale = 1;

  explicit MoeFixture(const MoeCase& one, uint64_t seed = 1)
      : c(one),
        layer(parameters, "moe", c.shape),
        x(random_tensor({c.tokens, c.shape.width}, seed)),
        y(Shape{c.tokens, c.shape.width}),
        dy(random_tensor({c.tokens, c.shape.width}, seed + 100)),
        dx(Shape{c.tokens, c.shape.width}) {
    parameters.allocate(host_memory(), seed);
    // Experts start with tiny biases: move everything to where no gradient is near zero.
    for (const Parameter& p : parameters.all())
      for (int64_t i = 0; i < p.value.size(); ++i) p.value.f32()[i] += 0.3f * std::sin(static_cast<float>(7 * i + 3));
    pass.arena = &arena;
    pass.router = &c.knobs;
    pass.training = pass.backward = true;
    pass.seed = seed;
  }

  /// <y, dy> and the weighted auxiliary loss, from scratch.
  double loss() {
    arena.reset();
    layer.forward(x, c.group_tokens, pass, y, context);
    return dot_product(y, dy) + aux_scale * context.routing.weighted_aux;
  }
  /// One forward and backward pass; gradients start from zero.
  void run() {
    parameters.zero_gradients();
    for (int64_t i = 0; i < dx.size(); ++i) dx.f32()[i] = 0;
    loss();
    layer.backward(context, dy, dx, pass, aux_scale);
  }
  Tensor gradient(const char* name) { return parameters.find(std::string("moe.") + name)->gradient; }
  Tensor value(const char* name) { return parameters.find(std::string("moe.") + name)->value; }
};

}  // namespace moescope
