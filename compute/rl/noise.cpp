// Factored noise into values and out of gradients.
#include "compute/rl/noise.h"

#include <cmath>

#include "compute/core/error.h"

namespace moescope::rl {
namespace {

constexpr double kSigma = 0.1;  // over sqrt(in), for weights and biases (Dopamine; Fortunato et al. have 0.5)

float squashed(float x) { return std::copysign(std::sqrt(std::abs(x)), x); }

/// Uniform in +-1/sqrt(in): a Xavier limit sqrt(6 / (fan_in + fan_out)) with fans of 3 in each.
Init uniform_by_inputs(int64_t in) { return Init::xavier_uniform(3 * in, 3 * in); }

}  // namespace

void NoisyParameters::add(ParameterSet& parameters, const std::string& weight, const std::string& bias) {
  Layer layer{};
  layer.weight = parameters.find(weight);
  layer.bias = parameters.find(bias);
  const Shape shape = layer.weight->shape;
  layer.in = shape[-2], layer.out = shape[-1];
  layer.copies = shape.size() / (layer.in * layer.out);
  layer.weight->init = layer.bias->init = uniform_by_inputs(layer.in);
  const Init sigma = Init::constant(kSigma / std::sqrt(static_cast<double>(layer.in)));
  layer.weight_sigma = parameters.add(weight + "_sigma", shape, layer.weight->role, sigma);
  layer.bias_sigma = parameters.add(bias + "_sigma", layer.bias->shape, layer.bias->role, sigma);
  layer.f_in.assign(static_cast<size_t>(layer.in), 0);
  layer.f_out.assign(static_cast<size_t>(layer.out), 0);
  layers_.push_back(std::move(layer));
}

void NoisyParameters::draw(Rng& rng) {
  const Layer* before = nullptr;
  for (Layer& layer : layers_) {
    if (before && before->in == layer.in && before->copies == 1 && layer.copies == 1)
      layer.f_in = before->f_in;
    else
      for (float& f : layer.f_in) f = squashed(static_cast<float>(rng.normal()));
    for (float& f : layer.f_out) f = squashed(static_cast<float>(rng.normal()));
    before = &layer;
  }
}

void NoisyParameters::set_draw(size_t layer, std::span<const float> in, std::span<const float> out) {
  Layer& l = layers_[layer];
  check_shape(in.size() == l.f_in.size() && out.size() == l.f_out.size(),
              [&] { return "noise for " + l.weight->name + ": one number is needed for each input and each output"; });
  for (size_t i = 0; i < in.size(); ++i) l.f_in[i] = squashed(in[i]);
  for (size_t i = 0; i < out.size(); ++i) l.f_out[i] = squashed(out[i]);
}

void NoisyParameters::apply() {
  for (Layer& l : layers_) {
    float *w = l.weight->value.f32(), *b = l.bias->value.f32();
    const float *w_sigma = l.weight_sigma->value.f32(), *b_sigma = l.bias_sigma->value.f32();
    l.weight_mean.assign(w, w + l.weight->value.size());
    l.bias_mean.assign(b, b + l.bias->value.size());
    for (int64_t row = 0; row < l.copies * l.in; ++row) {
      const float f = l.f_in[static_cast<size_t>(row % l.in)];
      const float* f_out = l.f_out.data();
      for (int64_t j = 0; j < l.out; ++j) w[row * l.out + j] += w_sigma[row * l.out + j] * f * f_out[j];
    }
    for (int64_t i = 0; i < l.copies * l.out; ++i) b[i] += b_sigma[i] * l.f_out[static_cast<size_t>(i % l.out)];
  }
}

void NoisyParameters::remove() {
  for (Layer& l : layers_) {
    std::copy(l.weight_mean.begin(), l.weight_mean.end(), l.weight->value.f32());
    std::copy(l.bias_mean.begin(), l.bias_mean.end(), l.bias->value.f32());
  }
}

void NoisyParameters::add_gradients() {
  for (Layer& l : layers_) {
    const float *w = l.weight->gradient.f32(), *b = l.bias->gradient.f32();
    float *w_sigma = l.weight_sigma->gradient.f32(), *b_sigma = l.bias_sigma->gradient.f32();
    for (int64_t row = 0; row < l.copies * l.in; ++row) {
      const float f = l.f_in[static_cast<size_t>(row % l.in)];
      const float* f_out = l.f_out.data();
      for (int64_t j = 0; j < l.out; ++j) w_sigma[row * l.out + j] += w[row * l.out + j] * f * f_out[j];
    }
    for (int64_t i = 0; i < l.copies * l.out; ++i) b_sigma[i] += b[i] * l.f_out[static_cast<size_t>(i % l.out)];
  }
}

}  // namespace moescope::rl
