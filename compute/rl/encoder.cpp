// Stacks of convolutions: a plain one for MinAtar and Nature, residual ones for Impala, dense ones for short vectors.
#include "compute/rl/encoder.h"

#include "compute/nn/linear.h"
#include "compute/ops/activation/activation.h"
#include "compute/ops/max_pool/max_pool.h"
#include "compute/ops/reduce/reduce.h"

namespace moescope::rl {
namespace {

void relu(const Tensor& x, const Tensor& y) { activation(Activation::relu, x, y); }

/// dx = dy where the ReLU let something through; y is its output, which tells as much as its input.
void relu_backward(const Tensor& y, const Tensor& dy, const Tensor& dx) {
  activation_backward(Activation::relu, y, dy, dx);
}

/// Layers with a ReLU behind each; kept: the input, then what left each ReLU. dy is written over.
template <class Layer>
void relu_stack_backward(const std::vector<Layer>& layers, const std::vector<Tensor>& kept, Tensor dy, Arena& arena) {
  for (size_t i = layers.size(); i-- > 0;) {
    relu_backward(kept[i + 1], dy, dy);
    const Tensor dx = i > 0 ? arena.make(kept[i].shape()) : Tensor();
    layers[i].backward(kept[i], dy, dx);
    dy = dx;
  }
}

/// Convolutions one after the other, each with its ReLU.
class PlainEncoder : public Encoder {
 public:
  struct Layer {
    int64_t window, filters, stride;
    Padding padding;
  };
  PlainEncoder(ParameterSet& parameters, const MapShape& observation, const std::vector<Layer>& layers) {
    MapShape shape = observation;
    for (const Layer& l : layers) {
      layers_.emplace_back(parameters, "conv" + std::to_string(layers_.size()), l.window, shape.channels, l.filters,
                           ConvolutionOptions{l.stride, l.stride, l.padding});
      shapes_.push_back(shape = layers_.back().output(shape));
    }
    output_ = shape;
  }

  Tensor forward(const Tensor& x, Arena& arena, Context& c) const override {
    c.kept.assign(1, x);
    for (size_t i = 0; i < layers_.size(); ++i) {
      const Tensor y = arena.make(shapes_[i].batch(x.dim(0)));
      layers_[i].forward(c.kept.back(), y);
      relu(y, y);
      c.kept.push_back(y);
    }
    return c.kept.back();
  }

  void backward(const Context& c, const Tensor& dfeatures, Arena& arena) const override {
    const ArenaScope scope(arena);
    relu_stack_backward(layers_, c.kept, dfeatures, arena);
  }

 private:
  std::vector<ConvolutionLayer> layers_;
  std::vector<MapShape> shapes_;
};

/// One stack: convolution, pooling, then twice x += conv(relu(conv(relu(x)))).
class ImpalaStack {
 public:
  static constexpr size_t kKept = 8;  // what forward() leaves: in, from, and three maps for each residual pair

  ImpalaStack(ParameterSet& parameters, const std::string& prefix, const MapShape& in, int64_t filters) : in_(in) {
    const ConvolutionOptions same{1, 1, Padding::same};
    for (int64_t i = 0; i < 5; ++i)
      convolutions_.emplace_back(parameters, prefix + "conv" + std::to_string(i), 3, i == 0 ? in.channels : filters,
                                 filters, same, i > 0);
    wide_ = convolutions_[0].output(in);
    out_ = {windowed_axis(in.height, 3, 2, Padding::same).out, windowed_axis(in.width, 3, 2, Padding::same).out,
            filters};
  }
  const MapShape& output() const { return out_; }

  Tensor forward(const Tensor& x, Arena& arena, std::vector<Tensor>& kept) const {
    const int64_t states = x.dim(0);
    const Tensor wide = arena.make(wide_.batch(states)), from = arena.make(out_.batch(states), DType::i32);
    const Tensor y = arena.make(out_.batch(states)), branch = arena.make(out_.batch(states));
    kept.insert(kept.end(), {x, from});
    convolutions_[0].forward(x, wide);
    max_pool(wide, 3, 2, y, from);
    for (size_t j : {1, 3}) {
      const Tensor first = arena.make(out_.batch(states)), second = arena.make(out_.batch(states));
      relu(y, first);
      convolutions_[j].forward(first, second);
      relu(second, second);
      convolutions_[j + 1].forward(second, branch);
      add(branch, y);
      kept.insert(kept.end(), {first, second, y});
    }
    return y;
  }

  /// dy is this stack's dx on the way: the residual sum leaves it as it is.
  void backward(const Tensor* kept, const Tensor& dy, const Tensor& dx, Arena& arena) const {
    const ArenaScope scope(arena);
    const int64_t states = dy.dim(0);
    const Tensor dsecond = arena.make(dy.shape()), dfirst = arena.make(dy.shape());
    for (size_t j : {3, 1}) {
      const Tensor &first = kept[j == 1 ? 2 : 5], &second = kept[j == 1 ? 3 : 6];
      convolutions_[j + 1].backward(second, dy, dsecond);
      relu_backward(second, dsecond, dsecond);
      convolutions_[j].backward(first, dsecond, dfirst);
      relu_backward(first, dfirst, dfirst);
      add(dfirst, dy);
    }
    const Tensor dwide = arena.make(wide_.batch(states));
    max_pool_backward(dy, kept[1], dwide);
    convolutions_[0].backward(kept[0], dwide, dx);
  }

 private:
  MapShape in_, wide_, out_;
  std::vector<ConvolutionLayer> convolutions_;
};

class ImpalaEncoder : public Encoder {
 public:
  ImpalaEncoder(ParameterSet& parameters, const MapShape& observation) {
    output_ = observation;
    for (int64_t filters : {16, 32, 32}) {
      stacks_.emplace_back(parameters, "stack" + std::to_string(stacks_.size()) + ".", output_, filters);
      output_ = stacks_.back().output();
    }
  }

  Tensor forward(const Tensor& x, Arena& arena, Context& c) const override {
    c.kept.clear();
    Tensor y = x;
    for (const ImpalaStack& stack : stacks_) y = stack.forward(y, arena, c.kept);
    const Tensor features = arena.make(y.shape());
    relu(y, features);
    c.kept.push_back(features);
    return features;
  }

  void backward(const Context& c, const Tensor& dfeatures, Arena& arena) const override {
    const ArenaScope scope(arena);
    Tensor dy = dfeatures;
    relu_backward(c.kept.back(), dy, dy);
    for (size_t i = stacks_.size(); i-- > 0;) {
      const Tensor* kept = &c.kept[i * ImpalaStack::kKept];
      const Tensor dx = i > 0 ? arena.make(kept[0].shape()) : Tensor();
      stacks_[i].backward(kept, dy, dx, arena);
      dy = dx;
    }
  }

 private:
  std::vector<ImpalaStack> stacks_;
};

/// Short vectors of numbers (classic control): dense layers with their ReLU.
class DenseEncoder : public Encoder {
 public:
  DenseEncoder(ParameterSet& parameters, const MapShape& observation, int64_t width) {
    for (int64_t i = 0, in = observation.size(); i < 2; ++i, in = width)
      layers_.emplace_back(parameters, "dense" + std::to_string(i) + ".w", "dense" + std::to_string(i) + ".b", in,
                           width, Init::xavier_uniform(in, width), Init::constant(0));
    output_ = {1, 1, width};
  }

  Tensor forward(const Tensor& x, Arena& arena, Context& c) const override {
    const int64_t states = x.dim(0);
    c.kept.assign(1, x.reshaped({states, x.size() / states}));
    for (const Linear& layer : layers_) {
      const Tensor y = arena.make({states, output_.channels});
      layer.forward(c.kept.back(), y);
      relu(y, y);
      c.kept.push_back(y);
    }
    return c.kept.back().reshaped(output_.batch(states));
  }

  void backward(const Context& c, const Tensor& dfeatures, Arena& arena) const override {
    const ArenaScope scope(arena);
    relu_stack_backward(layers_, c.kept, dfeatures.reshaped(c.kept.back().shape()), arena);
  }

 private:
  std::vector<Linear> layers_;
};

}  // namespace

ConvolutionLayer::ConvolutionLayer(ParameterSet& parameters, const std::string& prefix, int64_t window,
                                   int64_t channels, int64_t filters, ConvolutionOptions options, bool lecun)
    : options_(options),
      w_(parameters.add(prefix + ".w", {window, window, channels, filters}, ParameterRole::kernel,
                        lecun ? Init::lecun_normal(window * window * channels)
                              : Init::xavier_uniform(window * window * channels, window * window * filters))),
      b_(parameters.add(prefix + ".b", {filters}, ParameterRole::bias, Init::constant(0))) {}

MapShape ConvolutionLayer::output(const MapShape& in) const {
  const Shape y = convolved_shape(in.batch(1), w_->shape, options_);
  return {y[1], y[2], y[3]};
}

void ConvolutionLayer::forward(const Tensor& x, const Tensor& y) const {
  convolution(x, w_->value, b_->value, options_, y);
}

void ConvolutionLayer::backward(const Tensor& x, const Tensor& dy, const Tensor& dx) const {
  convolution_backward(x, w_->value, dy, options_, dx, w_->gradient, b_->gradient);
}

std::unique_ptr<Encoder> make_encoder(ParameterSet& parameters, RlEncoder kind, const MapShape& observation,
                                      int64_t filters) {
  using Layers = std::vector<PlainEncoder::Layer>;
  switch (kind) {
    case RlEncoder::minatar:
      return std::make_unique<PlainEncoder>(parameters, observation, Layers{{3, filters, 1, Padding::valid}});
    case RlEncoder::nature:
      return std::make_unique<PlainEncoder>(
          parameters, observation,
          Layers{{8, 32, 4, Padding::same}, {4, 64, 2, Padding::same}, {3, 64, 1, Padding::same}});
    case RlEncoder::impala: return std::make_unique<ImpalaEncoder>(parameters, observation);
    case RlEncoder::dense: return std::make_unique<DenseEncoder>(parameters, observation, filters);
  }
  throw std::logic_error("an encoder of no kind");
}

}  // namespace moescope::rl
