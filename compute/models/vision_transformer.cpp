// Embedding, blocks, final normalisation, head; and the same road back.
#include "compute/models/vision_transformer.h"

#include <chrono>
#include <string>

#include "compute/core/clock.h"
#include "compute/core/error.h"
#include "compute/models/classifier_head.h"
#include "compute/models/encoder_block.h"
#include "compute/models/layer_observer.h"
#include "compute/models/moe_layer_shape.h"
#include "compute/models/patch_embedding.h"
#include "compute/nn/torch_init.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/ops/reduce/reduce.h"
#include "compute/records/config_fields.h"

namespace moescope {

struct VisionTransformer::Impl {
  RunConfig config;
  ImageShape image;
  ParameterSet parameters;
  PatchEmbedding embedding;
  std::vector<std::unique_ptr<EncoderBlock>> blocks;
  Norm final_norm;
  ClassifierHead head;
  std::vector<int64_t> moe_blocks;

  struct Open {  // of the last forward pass
    PatchEmbedding::Context embedding;
    std::vector<EncoderBlock::Context> blocks;
    Norm::Context final_norm;
    ClassifierHead::Context head;
    int64_t images = 0;
  } open;
};

VisionTransformer::VisionTransformer(const RunConfig& config, const ImageShape& image)
    : impl_(std::make_unique<Impl>()) {
  const ModelConfig& m = config.model;
  if (image.height % m.patch != 0 || image.width % m.patch != 0)
    throw ConfigError("model.patch=" + std::to_string(m.patch) + " does not divide the images of " +
                      std::to_string(image.height) + "x" + std::to_string(image.width) + " pixels; choose a divisor");
  validate(config, image.height);
  Impl& my = *impl_;
  my.config = config;
  my.image = image;
  my.embedding = PatchEmbedding(my.parameters, {image.height, image.width, image.channels, m.patch, m.width, m.position,
                                                m.head == HeadKind::token});
  const std::vector<bool> is_moe = moe_layers(m, config.router);
  for (int64_t i = 0; i < m.depth; ++i) {
    BlockShape shape{i, m.width, m.heads, m.mlp, m.qk_norm, std::nullopt};
    if (is_moe[i]) {
      shape.moe = moe_layer_shape(config, i, my.embedding.tokens());
      my.moe_blocks.push_back(i);
    }
    my.blocks.push_back(std::make_unique<EncoderBlock>(my.parameters, "block" + std::to_string(i), shape));
  }
  my.final_norm = Norm(my.parameters, "norm", m.width);
  my.head = ClassifierHead(my.parameters, {m.head, m.width, m.heads, m.mlp, m.qk_norm, m.representation, image.classes,
                                           m.head_bias_init, m.zero_head});
  if (m.init == InitScheme::torch) use_torch_init(my.parameters);
  my.open.blocks.resize(m.depth);
}

VisionTransformer::~VisionTransformer() = default;

Tensor VisionTransformer::forward(const Tensor& images, Pass& pass) { return run(images, pass, nullptr); }

Tensor VisionTransformer::forward(const Tensor& images, Pass& pass, Prefix& prefix) {
  return run(images, pass, impl_->moe_blocks.empty() ? nullptr : &prefix);
}

void VisionTransformer::run_prefix(const Tensor& images, Pass& pass, Tensor stream, const Tensor& branch,
                                   Prefix& prefix) {
  Impl& my = *impl_;
  if (prefix.filled) {
    copy(prefix.stream, stream);
    count_flops(prefix.flops);
    return;
  }
  const auto first = static_cast<size_t>(my.moe_blocks.front());
  const auto begin = std::chrono::steady_clock::now();
  const int64_t n = images.dim(0), flops_before = flops_done();
  my.embedding.forward(images, stream, *pass.arena, false, my.open.embedding);
  for (size_t i = 0; i < first; ++i) my.blocks[i]->forward(stream, branch, i == 0, n, 0, pass, my.open.blocks[i]);
  if (prefix.stream.size() != stream.size() || prefix.stream.tensor().empty())
    prefix.stream = Buffer(stream.shape()), prefix.routed = Buffer(stream.shape());
  my.blocks[first]->infer_until_experts(stream, branch, first == 0, n, pass, my.open.blocks[first], prefix.routed);
  copy(stream, prefix.stream);
  prefix.flops = flops_done() - flops_before;
  prefix.secs = secs_since(begin);
  prefix.filled = true;
}

Tensor VisionTransformer::run(const Tensor& images, Pass& pass, Prefix* prefix) {
  Impl& my = *impl_;
  check_shape(images.rank() == 4 && images.dim(1) == my.image.height && images.dim(2) == my.image.width &&
                  images.dim(3) == my.image.channels,
              [&] {
                return "vision transformer: " + describe("images", images) + " but the model takes (N," +
                       std::to_string(my.image.height) + "," + std::to_string(my.image.width) + "," +
                       std::to_string(my.image.channels) + ")";
              });
  Arena& arena = *pass.arena;
  const int64_t n = images.dim(0), tokens = my.embedding.tokens(), d = my.config.model.width;
  my.open.images = n;
  pass.image_tokens = tokens;
  pass.first_patch = has_class_token() ? 1 : 0;
  const Tensor logits = arena.make({n, my.image.classes});
  const Arena::Mark before = arena.mark();
  Tensor stream = arena.make({n * tokens, d});
  const Tensor branch = arena.make({n * tokens, d});
  const int64_t group_tokens = group_images(*pass.router) * tokens;
  size_t next = 0;
  if (prefix) {
    run_prefix(images, pass, stream, branch, *prefix);
    next = static_cast<size_t>(my.moe_blocks.front());
    my.blocks[next]->infer_experts(prefix->routed, branch, group_tokens, pass, my.open.blocks[next]);
    ++next;
  } else {
    my.embedding.forward(images, stream, arena, pass.backward, my.open.embedding);
  }
  LayerObserver* const layers = LayerObserver::of(pass);
  if (layers) layers->see_embedding(stream);
  for (size_t i = next; i < my.blocks.size(); ++i) {
    my.blocks[i]->forward(stream, branch, i == 0, n, group_tokens, pass, my.open.blocks[i]);
    if (layers) layers->see_block(static_cast<int64_t>(i), stream, branch);
  }
  const Tensor sum = pass.backward ? arena.make(stream.shape()) : stream, normalized = arena.make(stream.shape());
  my.final_norm.forward(stream, branch, sum, normalized, arena, pass.backward, my.open.final_norm);
  if (layers) layers->see_normalized(normalized);
  my.head.forward(normalized, n, logits, arena, pass.backward, my.open.head);
  if (!pass.backward) arena.rewind(before);
  return logits;
}

void VisionTransformer::backward(const Tensor& dlogits, Pass& pass, double aux_scale, const Tensor& dimages) {
  Impl& my = *impl_;
  Arena& arena = *pass.arena;
  const ArenaScope scope(arena);
  const int64_t rows = my.open.images * my.embedding.tokens(), d = my.config.model.width;
  const Tensor dstream = arena.zeros({rows, d}), dnormalized = arena.make({rows, d});
  my.head.backward(my.open.head, dlogits, dnormalized, arena);
  my.final_norm.backward(my.open.final_norm, dnormalized, dstream);
  for (size_t i = my.blocks.size(); i-- > 0;) my.blocks[i]->backward(my.open.blocks[i], dstream, pass, aux_scale);
  my.embedding.backward(my.open.embedding, dstream, arena, dimages);
}

double VisionTransformer::aux_loss() const {
  double sum = 0;
  for (int64_t i : impl_->moe_blocks) sum += impl_->open.blocks[i].moe.routing.weighted_aux;
  return sum;
}

ParameterSet& VisionTransformer::parameters() { return impl_->parameters; }
const ParameterSet& VisionTransformer::parameters() const { return impl_->parameters; }
const std::vector<int64_t>& VisionTransformer::moe_blocks() const { return impl_->moe_blocks; }
const ImageShape& VisionTransformer::image() const { return impl_->image; }
int64_t VisionTransformer::tokens_per_image() const { return impl_->embedding.tokens(); }
int64_t VisionTransformer::grid_height() const { return impl_->embedding.grid_height(); }
int64_t VisionTransformer::grid_width() const { return impl_->embedding.grid_width(); }
bool VisionTransformer::has_class_token() const { return impl_->config.model.head == HeadKind::token; }
const RunConfig& VisionTransformer::config() const { return impl_->config; }

}  // namespace moescope
