// From what a player sees to a map of features: the convolutions in front of the mixture. NUMERICS 5.1.
#pragma once

#include <memory>
#include <vector>

#include "compute/core/arena.h"
#include "compute/nn/parameters.h"
#include "compute/ops/convolution/convolution.h"
#include "compute/records/rl_config.h"

namespace moescope::rl {

/// (h,w,c) of an observation or of a feature map.
struct MapShape {
  int64_t height = 1, width = 1, channels = 1;
  int64_t size() const { return height * width * channels; }
  Shape batch(int64_t states) const { return {states, height, width, channels}; }
  bool operator==(const MapShape&) const = default;
};

class Encoder {
 public:
  /// What a forward pass leaves for the backward pass, in the arena; reused from step to step.
  struct Context {
    std::vector<Tensor> kept;
  };
  virtual ~Encoder() = default;
  const MapShape& output() const { return output_; }
  /// Features (B,h,w,c), after the last ReLU, made in the arena from x (B,H,W,C).
  virtual Tensor forward(const Tensor& x, Arena& arena, Context& context) const = 0;
  /// Gradients of the parameters +=; dfeatures is overwritten on the way. Nobody asks for the observation's.
  virtual void backward(const Context& context, const Tensor& dfeatures, Arena& arena) const = 0;

 protected:
  MapShape output_;
};

/// One convolution with its parameters prefix + ".w" (kh,kw,C,F) and ".b" (F).
class ConvolutionLayer {
 public:
  ConvolutionLayer(ParameterSet& parameters, const std::string& prefix, int64_t window, int64_t channels,
                   int64_t filters, ConvolutionOptions options, bool lecun = false);
  MapShape output(const MapShape& in) const;
  void forward(const Tensor& x, const Tensor& y) const;
  /// dx overwritten; empty: not asked for.
  void backward(const Tensor& x, const Tensor& dy, const Tensor& dx) const;

 private:
  ConvolutionOptions options_;
  Parameter *w_, *b_;
};

/// minatar: one 3x3 VALID convolution to `filters`; nature and impala as in Dopamine; dense: two layers of `filters`
/// units for observations without a map (Dopamine's second one is the penultimate layer, which comes after this).
std::unique_ptr<Encoder> make_encoder(ParameterSet& parameters, RlEncoder kind, const MapShape& observation,
                                      int64_t filters);

}  // namespace moescope::rl
