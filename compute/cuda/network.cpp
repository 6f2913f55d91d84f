// Embedding, blocks, final normalisation, head. The residual sum is taken by the normalisation that reads it next.
#include "compute/cuda/network.h"

namespace moescope::cuda {
namespace {

constexpr int64_t kFloat = sizeof(float);

}  // namespace

Network::Network(const device_api::ModelShape& shape, const Weights& weights, DeviceMemory& memory) : shape_(shape) {
  if (shape.bare_layer) {
    bare_ = make_mixture(weights, "", memory);
    mixtures_ = {bare_.get()};
    return;
  }
  build(weights, memory);
}

std::unique_ptr<Mixture> Network::make_mixture(const Weights& weights, const std::string& prefix,
                                               DeviceMemory& memory) const {
  const MixtureShape shape{shape_.router,           shape_.features,     shape_.expert_hidden, shape_.experts,
                           shape_.slots_per_expert, shape_.activation,   shape_.mixing,        shape_.soft_normalize,
                           shape_.soft_eps,         shape_.bf16_boundary};
  return shape.kind == RouterKind::soft ? make_soft_mixture(weights, prefix, shape, memory)
                                        : make_sparse_mixture(weights, prefix, shape);
}

void Network::build(const Weights& weights, DeviceMemory& memory) {
  const device_api::ModelShape& m = shape_;
  embedding_.kernel = Linear(weights, "embed.w", "embed.b", m.patch * m.patch * m.channels, m.features);
  embedding_.class_token = weights.get_or_none("cls");
  embedding_.position = weights.get_or_none("pos");
  embedding_.height = m.height, embedding_.width = m.width, embedding_.channels = m.channels;
  embedding_.patch = m.patch, embedding_.features = m.features;
  if (m.positions) {
    const int64_t size = embedding_.tokens() * m.features;
    fixed_positions_ = Buffer(memory, {size});
    const Stream stream;
    check(cudaMemcpyAsync(fixed_positions_.f32(), m.positions, static_cast<size_t>(size * kFloat),
                          cudaMemcpyHostToDevice, stream),
          "cudaMemcpyAsync");
    stream.synchronize();
    embedding_.fixed_positions = fixed_positions_.f32();
  }
  for (int64_t i = 0; i < m.depth; ++i) {
    const std::string name = "block" + std::to_string(i);
    Block& block = blocks_.emplace_back();
    block.norm1 = Norm(weights, name + ".ln1", m.features);
    block.norm2 = Norm(weights, name + ".ln2", m.features);
    block.attention = SelfAttention(weights, name + ".attn", m.features, m.heads);
    if (m.is_moe[i]) {
      block.mixture = make_mixture(weights, name + ".moe.", memory);
      mixtures_.push_back(block.mixture.get());
    } else {
      block.mlp = Experts(weights, name + ".mlp.", 1, m.features, m.mlp, Activation::gelu_tanh);
    }
  }
  final_norm_ = Norm(weights, "norm", m.features);
  head_.kind = m.head;
  head_.width = m.features, head_.representation = m.representation, head_.classes = m.classes;
  if (m.head == HeadKind::map) head_.map = MapHead(weights, m.features, m.heads, m.mlp);
  if (m.representation > 0) head_.pre = Linear(weights, "pre.w", "pre.b", m.features, m.representation);
  head_.last = Linear(weights, "head.w", "head.b", m.representation > 0 ? m.representation : m.features, m.classes);
}

void Network::prepare(const device_api::StepPlan& plan) {
  if (mixtures_.empty()) return;
  const int64_t tokens = shape_.bare_layer ? plan.images * plan.group_tokens : plan.images * embedding_.tokens();
  if (plan.group_tokens <= 0) throw DeviceError(device_api::Fault::failed, "routing in groups of no tokens");
  for (Mixture* mixture : mixtures_) mixture->prepare(plan, device_api::num_groups(tokens, plan.group_tokens));
}

MixtureInput Network::mixture_input(const PartMemory& part, size_t layer, const float* x, int64_t tokens) const {
  MixtureInput input{x, tokens, part.seeds ? part.seeds + layer : nullptr, part.noise, part.mask, part.aux + 4 * layer};
  input.off = part.off ? part.off + static_cast<int64_t>(layer) * shape_.experts : nullptr;
  input.unit_off = part.unit_off ? part.unit_off + static_cast<int64_t>(layer) * part.units * shape_.experts : nullptr;
  input.forced = part.forced;
  input.layer = static_cast<int64_t>(layer);
  input.image_tokens = shape_.bare_layer ? tokens : embedding_.tokens();
  return input;
}

void Network::forward_blocks(const Run& run, const PartMemory& part, float* stream, float* branch) {
  const int64_t tokens = embedding_.tokens(), rows = images_ * tokens, size = rows * shape_.features;
  size_t layer = 0;
  for (size_t i = 0; i < blocks_.size(); ++i) {
    Block& b = blocks_[i];
    float *sum1 = i == 0 ? stream : run.floats(size), *u1 = run.floats(size);
    b.norm1.forward(run, stream, i == 0 ? nullptr : branch, sum1, u1, rows, b.kept1);
    const auto block = static_cast<int64_t>(i);
    const bool shown = block >= run.plan.attention_begin && block < run.plan.attention_end;
    b.attention.forward(run, u1, images_, tokens, branch, b.kept_attention, shown);
    float *sum2 = run.floats(size), *u2 = run.floats(size);
    b.norm2.forward(run, sum1, branch, sum2, u2, rows, b.kept2);
    stream = sum2;
    if (b.mixture)
      b.mixture->forward(run, mixture_input(part, layer++, u2, rows), branch);
    else
      b.mlp.forward(run, u2, branch, rows, b.kept_mlp);
  }
  stream_ = stream, branch_ = branch;
}

void Network::forward(const Run& run, const PartMemory& part) {
  images_ = run.plan.images;
  if (bare_) {
    bare_->forward(run, mixture_input(part, 0, part.images, images_ * run.plan.group_tokens), part.logits);
    return;
  }
  const int64_t tokens = embedding_.tokens(), rows = images_ * tokens, size = rows * shape_.features;
  float *stream = run.floats(size), *branch = run.floats(size);
  embedding_.forward(run, part.images, images_, stream, kept_embedding_);
  forward_blocks(run, part, stream, branch);
  float* sum = run.floats(size);
  normalized_ = run.floats(size);
  final_norm_.forward(run, stream_, branch_, sum, normalized_, rows, kept_norm_);
  head_.forward(run, normalized_, images_, tokens, part.logits, kept_head_);
}

const float* Network::attention_of(int64_t block) const {
  return blocks_.at(static_cast<size_t>(block)).kept_attention.probabilities;
}

std::optional<bool> Network::attention_is_fused() const {
  if (blocks_.empty() || images_ == 0) return std::nullopt;
  return blocks_.front().kept_attention.fused.q != nullptr;
}

std::vector<const float*> Network::layers() const {
  std::vector<const float*> passed;
  for (const Block& b : blocks_) passed.push_back(b.kept1.x), passed.push_back(b.kept2.x);
  passed.push_back(kept_norm_.x);
  passed.push_back(normalized_);
  return passed;
}

void Network::backward(const Run& run, const float* dlogits, float* dimages) {
  const ArenaScope scope(run.arena);
  if (bare_) {
    run.clear(dimages, images_ * run.plan.group_tokens * shape_.features * kFloat);
    bare_->backward(run, dlogits, dimages);
    return;
  }
  const int64_t tokens = embedding_.tokens(), rows = images_ * tokens, size = rows * shape_.features;
  float *dstream = run.zeros(size), *du = run.floats(size);
  head_.backward(run, kept_head_, images_, tokens, dlogits, du);
  final_norm_.backward(run, kept_norm_, du, dstream, rows);
  for (size_t i = blocks_.size(); i-- > 0;) {
    Block& b = blocks_[i];
    if (b.mixture) {
      run.clear(du, size * kFloat);
      b.mixture->backward(run, dstream, du);
    } else {
      b.mlp.backward(run, b.kept_mlp, dstream, du);
    }
    b.norm2.backward(run, b.kept2, du, dstream, rows);
    b.attention.backward(run, b.kept_attention, dstream, du, tokens);
    b.norm1.backward(run, b.kept1, du, dstream, rows);
  }
  embedding_.backward(run, kept_embedding_, dstream, dimages);
}

}  // namespace moescope::cuda
