// A whole value network: encoder, penultimate layer, output. NUMERICS 5.1.
#pragma once

#include <memory>

#include "compute/rl/encoder.h"
#include "compute/rl/noise.h"
#include "compute/rl/penultimate.h"
#include "compute/rl/q_output.h"

namespace moescope::rl {

class QNetwork {
 public:
  struct Context {
    Encoder::Context encoder;
    Penultimate::Context penultimate;
    Tensor hidden;  // (B,F), what the output saw
    Tensor logits;  // (B,A,N)
  };

  /// Draws its first values from config.seed. Throws ConfigError when the encoder's windows do not fit.
  QNetwork(const RlConfig& config, const MapShape& observation, int64_t actions, Memory& memory = host_memory());

  /// logits (B,A,N) in the pass's arena from x (B,H,W,C).
  Tensor forward(const Tensor& x, QPass& pass, Context& context) const;
  /// Gradients += from dlogits (B,A,N) and the auxiliary losses.
  void backward(Context& context, const Tensor& dlogits, QPass& pass) const;

  /// The other network's weights.
  void copy_from(const QNetwork& other);

  const RlConfig& config() const { return config_; }
  const MapShape& observation() const { return observation_; }
  int64_t actions() const { return output_->actions(); }
  int64_t atoms() const { return output_->atoms(); }
  ParameterSet& parameters() { return parameters_; }
  const ParameterSet& parameters() const { return parameters_; }
  NoisyParameters& noise() { return noise_; }
  const Encoder& encoder() const { return *encoder_; }
  const Penultimate& penultimate() const { return *penultimate_; }

 private:
  RlConfig config_;
  MapShape observation_;
  ParameterSet parameters_;
  NoisyParameters noise_;
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Penultimate> penultimate_;
  std::unique_ptr<QOutput> output_;
};

/// Makes the layers noisy that Dopamine's Rainbow has so: the experts' first layer (or the dense one) and the output.
void add_noise(NoisyParameters& noise, ParameterSet& parameters, const RlConfig& config);

/// Noise on for a scope; nothing happens in a network without any.
class UseNoise {
 public:
  explicit UseNoise(NoisyParameters& noise) : noise_(noise) { noise_.apply(); }
  ~UseNoise() { noise_.remove(); }
  UseNoise(const UseNoise&) = delete;
  UseNoise& operator=(const UseNoise&) = delete;

 private:
  NoisyParameters& noise_;
};

/// What one state costs and holds, stated beside every result: equal width is not equal size (PAPERS 3.1).
struct QNetworkSize {
  int64_t parameters = 0, penultimate_parameters = 0, output_parameters = 0;
  double forward_mflop = 0;  // of one state, counted as the ops count it
};
QNetworkSize measure(const QNetwork& network);

}  // namespace moescope::rl
