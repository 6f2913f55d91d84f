// Patches, layer, head; and the logits taken apart by expert.
#include "compute/studies/single_layer_net.h"

#include <algorithm>
#include <string>

#include "compute/backends/precision.h"
#include "compute/ops/cross_entropy/cross_entropy.h"
#include "compute/ops/l2_normalize/l2_normalize.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/ops/patches/patches.h"
#include "compute/ops/reduce/reduce.h"
#include "compute/records/config_fields.h"

namespace moescope {
namespace {

int64_t tokens_of(const RunConfig& config, const ImageShape& image) {
  const int64_t patch = config.model.patch;
  if (image.height % patch != 0 || image.width % patch != 0 || config.model.width != patch * patch * image.channels) {
    throw ConfigError("single-layer mixes raw patches: model.patch " + std::to_string(patch) +
                      " must divide the image and model.width be " + std::to_string(patch * patch * image.channels) +
                      ", not " + std::to_string(config.model.width));
  }
  return image.height / patch * (image.width / patch);
}

}  // namespace

void SharedBatch::take(const Batch& batch) {
  batch_ = &batch;
  tokens_ = Tensor();
}

LaneImages SharedBatch::lanes(int64_t patch, NormEps eps) {
  const int64_t images = batch_->size();
  if (tokens_.empty() || patch != patch_ || eps != eps_) {
    arena_.reset();
    patch_ = patch, eps_ = eps;
    const int64_t numbers = batch_->images.size() / images, width = numbers / kLaneTokens;
    const Tensor rows = arena_.make({images * kLaneTokens, width});
    extract_patches(batch_->images, patch, rows);
    l2_normalize_rows(eps, rows, rows);
    const int64_t blocks = (images + kLaneImages - 1) / kLaneImages;
    tokens_ = arena_.make({blocks, numbers, kLaneImages});
    if (images % kLaneImages != 0) fill(tokens_.rows(blocks - 1, blocks), 0);
    for (int64_t i = 0; i < images; ++i) {
      float* block = tokens_.f32() + i / kLaneImages * numbers * kLaneImages + i % kLaneImages;
      for (int64_t d = 0; d < width; ++d)
        for (int64_t t = 0; t < kLaneTokens; ++t)
          block[(d * kLaneTokens + t) * kLaneImages] = rows.f32()[i * numbers + t * width + d];
    }
  }
  return {tokens_.f32(), batch_->labels.i32(), images};
}

SingleLayerNet::SingleLayerNet(const RunConfig& config, const ImageShape& image)
    : config_(config),
      image_(image),
      tokens_(tokens_of(config, image)),
      width_(config.model.width),
      layer_(parameters_, "layer", bare_layer_shape(config)),
      head_(parameters_, "head.w", "head.b", tokens_ * width_, image.classes, Init::lecun_normal(tokens_ * width_),
            Init::constant(0), ParameterRole::head_kernel) {
  const auto seed = static_cast<uint64_t>(config.train.seed);
  parameters_.allocate(host_memory(), seed);
  clear_biases(parameters_);
  draw_uniform_slots(parameters_, seed);
  optimizer_ = std::make_unique<Optimizer>(config.train.optimizer, parameters_, host_memory());
  find_lanes();
}

void SingleLayerNet::find_lanes() {
  const RouterConfig& r = config_.router;
  if (tokens_ != kLaneTokens || r.slots_per_expert != 1 || r.soft_normalize != SoftNormalize::tokens ||
      r.activation != Activation::relu || r.temperature != 1 || r.noise_std != 0 || r.mixing != SoftMixing::learned ||
      r.bf16_boundary || matmul_precision() != Precision::float32)
    return;
  const auto at = [&](const char* name) { return parameters_.find(name); };
  lanes_.width = width_, lanes_.experts = r.num_experts, lanes_.hidden = layer_.shape().hidden;
  lanes_.classes = image_.classes;
  lanes_.w1 = at("layer.w1")->value.f32(), lanes_.dw1 = at("layer.w1")->gradient.f32();
  lanes_.w2 = at("layer.w2")->value.f32(), lanes_.dw2 = at("layer.w2")->gradient.f32();
  lanes_.head = at("head.w")->value.f32(), lanes_.dhead = at("head.w")->gradient.f32();
  fast_ = lane_step();
}

Tensor SingleLayerNet::run(const Batch& batch, Pass& pass, MoeLayer::Context& context) {
  const int64_t images = batch.size();
  const Tensor x = arena_.make({images * tokens_, width_}), y = arena_.make(x.shape());
  extract_patches(batch.images, config_.model.patch, x);
  layer_.forward(x, tokens_, pass, y, context);
  return y.reshaped({images, tokens_ * width_});
}

double SingleLayerNet::train(SharedBatch& batch, int64_t step) {
  arena_.reset();
  const double loss = fast_ ? gradients_by_lanes(batch) : gradients_by_layer(batch.plain());
  clear_bias_gradients(parameters_);
  optimizer_->update(config_.train, step, config_.train.learning_rate, 1);
  return loss / static_cast<double>(batch.plain().size());
}

double SingleLayerNet::gradients_by_layer(const Batch& batch) {
  Pass pass;
  pass.arena = &arena_;
  pass.router = &config_.router;
  pass.training = pass.backward = true;
  MoeLayer::Context context;
  const Tensor features = run(batch, pass, context);
  const int64_t images = batch.size();
  const Tensor out = arena_.make({images, image_.classes}), targets = arena_.make(out.shape());
  head_.forward(features, out);
  fill_targets(batch.labels.i32(), images, image_.classes, 0, targets.f32());
  const double loss = cross_entropy(LossKind::softmax, out, targets, out, 1 / static_cast<float>(images));
  parameters_.zero_gradients();
  const Tensor dfeatures = arena_.zeros(features.shape()), dx = arena_.zeros({images * tokens_, width_});
  head_.backward(features, out, dfeatures);
  layer_.backward(context, dfeatures.reshaped(dx.shape()), dx, pass, 0);
  return loss;
}

double SingleLayerNet::gradients_by_lanes(SharedBatch& batch) {
  const Parameter *mu = parameters_.find("layer.mu"), *scale = parameters_.find("layer.scale");
  const Shape shape{width_, lanes_.experts};
  const Tensor slots = mu->value.reshaped(shape), unit = arena_.make(shape), phi = arena_.make(shape),
               dphi = arena_.zeros(shape);
  const NormEps eps = config_.router.soft_eps;
  const float factor = scale->value.f32()[0];
  l2_normalize_columns(eps, slots, unit);
  l2_normalize_columns(eps, slots, phi, factor);
  fill(mu->gradient, 0);
  fill(parameters_.find("head.w")->gradient, 0);
  LaneModel model = lanes_;
  model.phi = phi.f32(), model.dphi = dphi.f32();
  const LaneImages images = batch.lanes(config_.model.patch, eps);
  const double loss =
      fast_(model, images, 1 / static_cast<float>(images.count), arena_.make({lane_scratch(model)}).f32());
  l2_normalize_columns_backward(eps, slots, dphi, mu->gradient.reshaped(shape), factor);
  double dscale = 0;
  for (int64_t i = 0; i < unit.size(); ++i) dscale += static_cast<double>(unit.f32()[i]) * dphi.f32()[i];
  scale->gradient.f32()[0] = static_cast<float>(dscale);
  return loss;
}

Tensor SingleLayerNet::logits(const Batch& batch, const ExpertsKept& kept) {
  arena_.reset();
  WhatIf what_if;
  what_if.kept = kept;
  Pass pass;
  pass.arena = &arena_;
  pass.router = &config_.router;
  pass.what_if = kept.count > 0 ? &what_if : nullptr;
  pass.image_tokens = tokens_;
  MoeLayer::Context context;
  const Tensor out = arena_.make({batch.size(), image_.classes});
  head_.forward(run(batch, pass, context), out);
  return out;
}

ExpertContributions SingleLayerNet::contributions(const Batch& batch) {
  arena_.reset();
  Pass pass;
  pass.arena = &arena_;
  pass.router = &config_.router;
  pass.backward = true;  // keeps the experts' outputs
  MoeLayer::Context context;
  run(batch, pass, context);
  const Routing& r = context.routing;
  const int64_t images = batch.size(), experts = r.experts, classes = image_.classes, per = r.slots_per_expert;
  // Each slot's output through each token's part of the head: (E*N*P, tokens*classes).
  const Tensor weight = parameters_.find("head.w")->value;  // (tokens*width, classes)
  const Tensor by_token = arena_.make({width_, tokens_ * classes}),
               through = arena_.make({context.outputs.dim(0), tokens_ * classes});
  for (int64_t t = 0; t < tokens_; ++t)
    for (int64_t d = 0; d < width_; ++d)
      std::copy_n(weight.f32() + (t * width_ + d) * classes, classes, by_token.f32() + (d * tokens_ + t) * classes);
  matmul(context.outputs, by_token, through);

  ExpertContributions c{images, experts, classes, {}, {}, {}, {}};
  c.logits.assign(static_cast<size_t>(images * experts * classes), 0);
  c.combine.assign(static_cast<size_t>(images * experts), 0);
  c.best_of.assign(c.combine.size(), 0);
  c.labels.assign(batch.labels.i32(), batch.labels.i32() + images);
  const int64_t slots = experts * per;
  for (int64_t i = 0; i < images; ++i) {
    for (int64_t t = 0; t < tokens_; ++t) {
      const float* weights = r.combine.f32() + (i * tokens_ + t) * slots;
      int64_t best = 0;
      float best_sum = -1;
      for (int64_t e = 0; e < experts; ++e) {
        float sum = 0;
        float* logits = c.logits.data() + (i * experts + e) * classes;
        for (int64_t j = 0; j < per; ++j) {
          const float w = weights[e * per + j];
          const float* part = through.f32() + (((e * images + i) * per + j) * tokens_ + t) * classes;
          for (int64_t k = 0; k < classes; ++k) logits[k] += w * part[k];
          sum += w;
        }
        c.combine[static_cast<size_t>(i * experts + e)] += sum;
        if (sum > best_sum) best_sum = sum, best = e;
      }
      c.best_of[static_cast<size_t>(i * experts + best)] += 1;
    }
  }
  return c;
}

double SingleLayerNet::flops_per_image() const {
  const MoeLayerShape& s = layer_.shape();
  const double slots = static_cast<double>(s.num_experts * s.slots_per_expert), d = static_cast<double>(width_);
  const double tokens = static_cast<double>(tokens_);
  return 2 * (2 * slots * d * static_cast<double>(s.hidden) + 3 * tokens * slots * d +
              tokens * d * static_cast<double>(image_.classes));
}

}  // namespace moescope
