// The whole model on the device: one part of a step forward and back. Mirrors compute/models/vision_transformer.
#pragma once

#include <optional>
#include <vector>

#include "compute/cuda/mixture.h"
#include "compute/cuda/vision_layers.h"

namespace moescope::cuda {

/// What a part of a step reads and writes, all in device memory.
struct PartMemory {
  const float* images = nullptr;    // (N,H,W,C); a bare layer's x (T,D)
  const uint64_t* seeds = nullptr;  // (MoE layers)
  const float* noise = nullptr;
  const uint8_t* mask = nullptr;
  const uint8_t* off = nullptr;         // (MoE layers, E)
  const uint8_t* unit_off = nullptr;    // (MoE layers, inputs, E)
  int64_t units = 0;                    // inputs
  const ForcedPatch* forced = nullptr;  // of all layers
  float* aux = nullptr;                 // (MoE layers, 4)
  float* logits = nullptr;              // (N,classes); a bare layer's y (T,D)
};

class Network {
 public:
  Network(const device_api::ModelShape& shape, const Weights& weights, DeviceMemory& memory);

  void prepare(const device_api::StepPlan& plan);
  void forward(const Run& run, const PartMemory& part);
  /// dlogits: of the outputs. dimages: overwritten unless null.
  void backward(const Run& run, const float* dlogits, float* dimages);

  int64_t output_columns() const { return shape_.bare_layer ? shape_.features : shape_.classes; }
  int64_t tokens_per_image() const { return embedding_.tokens(); }
  const std::vector<Mixture*>& mixtures() const { return mixtures_; }
  /// Of the last forward pass, in the order of LayersView; in the pass's arena.
  std::vector<const float*> layers() const;
  /// (images,heads,L,L) of the last forward pass, of a block whose attention the plan asks for.
  const float* attention_of(int64_t block) const;
  /// Whether cuDNN computed the blocks' attention in the last forward pass; nothing: there was none.
  std::optional<bool> attention_is_fused() const;

 private:
  struct Block {
    Norm norm1, norm2;
    SelfAttention attention;
    Experts mlp;
    std::unique_ptr<Mixture> mixture;
    Norm::Context kept1, kept2;
    SelfAttention::Context kept_attention;
    Experts::Context kept_mlp;
  };
  void build(const Weights& weights, DeviceMemory& memory);
  std::unique_ptr<Mixture> make_mixture(const Weights& weights, const std::string& prefix, DeviceMemory& memory) const;
  MixtureInput mixture_input(const PartMemory& part, size_t layer, const float* x, int64_t tokens) const;
  void forward_blocks(const Run& run, const PartMemory& part, float* stream, float* branch);

  device_api::ModelShape shape_;
  Embedding embedding_;
  Buffer fixed_positions_;
  std::vector<Block> blocks_;
  std::unique_ptr<Mixture> bare_;
  std::vector<Mixture*> mixtures_;
  Norm final_norm_;
  Head head_;

  int64_t images_ = 0;  // of the last forward pass
  Embedding::Context kept_embedding_;
  Norm::Context kept_norm_;
  Head::Context kept_head_;
  float *stream_ = nullptr, *branch_ = nullptr, *normalized_ = nullptr;
};

}  // namespace moescope::cuda
