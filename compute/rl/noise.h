// Noisy layers (Fortunato et al., arXiv:1706.10295) as in Dopamine: weights that carry their own exploration.
//
//   W = mu_W + sigma_W * (f(in) f(out)^T), b = mu_b + sigma_b * f(out), f(x) = sign(x) sqrt|x|. NUMERICS 5.6.
// A layer's own parameters are the means; while noise is on, their values are the noisy ones, so any layer can be made
// noisy without knowing it. A draw serves all states of a batch (Fortunato's DQN; Dopamine draws for each state).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "compute/core/rng.h"
#include "compute/nn/parameters.h"

namespace moescope::rl {

class NoisyParameters {
 public:
  /// Makes the registered weight (...,in,out) and bias (...,out) noisy: adds their deviations, NAME + "_sigma", and
  /// gives the means Dopamine's start. Leading axes (experts) share a draw. Before allocate().
  void add(ParameterSet& parameters, const std::string& weight, const std::string& bias);
  bool empty() const { return layers_.empty(); }
  size_t size() const { return layers_.size(); }

  /// Layers of an equal `factor` of input share it: the value and advantage streams see the same numbers.
  void draw(Rng& rng);
  /// A given draw, standard normal, for one layer: in (in) and out (out).
  void set_draw(size_t layer, std::span<const float> in, std::span<const float> out);

  /// From now on the parameters hold noisy values; the means are kept.
  void apply();
  /// The means again, to the bit.
  void remove();
  /// After a backward pass under noise: the deviations' gradients += those of the means times the noise.
  void add_gradients();

 private:
  struct Layer {
    Parameter *weight, *bias, *weight_sigma, *bias_sigma;
    int64_t copies, in, out;
    std::vector<float> f_in, f_out;
    std::vector<float> weight_mean, bias_mean;  // while noise is on
  };
  std::vector<Layer> layers_;
};

}  // namespace moescope::rl
