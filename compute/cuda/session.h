// A model on a device: its parameters and moments, three slots of input and output, and the step as a captured graph.
//
// Three streams. `copies` uploads the input of one slot while another computes; events keep the order: an upload waits
// until the slot's last step has read its input, a step waits for its upload. Steps and evaluations take turns in one
// lane. The lane beside it, made when kBesideSlot is first used, looks at a copy of the values: it waits for the last
// update, copies, and computes; the next update waits for the copy and no longer. The host waits only for the end of a
// step. A plan's first step runs as it is queued, which finds out how much memory it takes; its second is captured;
// from then on it is replayed.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "compute/cuda/fused_attention.h"
#include "compute/cuda/kept_maps.h"
#include "compute/cuda/network.h"
#include "compute/cuda/step_layout.h"

namespace moescope::cuda {

/// Whatever two computations at once must not share.
struct Lane {
  Lane(DeviceMemory& memory, Precision precision);
  Stream stream;
  Blas blas;
  FusedAttention* fused_attention;  // null but in bfloat16, and without cuDNN
  Arena arena;
  int arena_growths = 0;
  std::optional<Network> network;
};

class Session {
 public:
  Session(const device_api::ModelShape& shape, std::span<const device_api::ParameterPlace> parameters,
          int64_t num_floats);
  ~Session();

  void write(device_api::Flat what, int64_t begin, int64_t count, const float* from);
  void read(device_api::Flat what, int64_t begin, int64_t count, float* to);
  void stage(int32_t slot, const device_api::StepPlan& plan, const device_api::StepInput& input);
  void launch(int32_t slot);
  device_api::StepResult wait(int32_t slot);
  device_api::RoutingView routing(int32_t slot, int64_t part, int64_t layer) const;
  device_api::LayersView layers(int32_t slot, int64_t part) const;
  /// The maps of the last step launched in the slot, once; null: it routes nothing. Throws DeviceError out_of_memory
  /// when there was no room for them.
  std::unique_ptr<KeptMaps> take_maps(int32_t slot);
  device_api::AttentionView attention_maps(int32_t slot, int64_t part) const;
  /// Who computes the training steps' attention, and why.
  std::string attention() const;

 private:
  struct Slot {
    Lane* lane = nullptr;
    device_api::StepPlan plan{};
    std::vector<device_api::ReplacedExpert> replaced;
    std::optional<InputLayout> in;
    std::optional<OutputLayout> out;
    int64_t num_stretches = 0;
    PinnedMemory host_in, host_out;
    Buffer device_in, device_out;
    Event uploaded, finished;
    bool staged = false, launched = false;
    std::unique_ptr<KeptMaps> maps;  // until they are taken
  };
  struct Captured {
    std::string key;  // the lane and the plan's bytes
    bool measured = false;
    std::array<Graph, device_api::kNumSlots> graphs;
  };

  struct Place {
    std::string name;
    int64_t offset, size;
  };
  /// Names to addresses in a stretch laid out like `values`; no gradients: null.
  Weights weights_in(float* values, float* gradients) const;
  Lane& beside();
  void copy_values(const Slot& slot);
  int64_t block_of(int64_t layer) const;
  void replace(const Lane& lane, const device_api::ReplacedExpert& one);
  void reserve(Slot& slot);
  void fill(Slot& slot, const device_api::StepInput& input);
  Captured& captured_for(const Slot& slot);
  void forget_graphs();
  void queue_step(Slot& slot);
  /// What a step learns from, all parts of it: as it came, or made here from raw images.
  struct Examples {
    const float *images = nullptr, *targets = nullptr;
  };
  Examples queue_examples(const Run& run, const Slot& slot) const;
  void queue_part(const Run& run, Slot& slot, const Examples& examples, int64_t part);
  void queue_loss(const Run& run, Slot& slot, const float* targets, int64_t part, float* logits, float* dlogits);
  void queue_routing(const Run& run, Slot& slot, int64_t part);
  void queue_layers(const Run& run, Slot& slot, int64_t part);
  void queue_maps(const Run& run, const Slot& slot) const;
  void keep_maps(Slot& slot);
  void queue_attention(const Run& run, Slot& slot, int64_t part);
  void queue_update(const Run& run, Slot& slot);
  const Buffer& flat(device_api::Flat what);
  std::byte* device_out(const Slot& slot, int64_t offset) const;
  const std::byte* device_in(const Slot& slot, int64_t offset) const;

  device_api::ModelShape shape_;
  std::vector<uint8_t> is_moe_;
  std::vector<float> positions_;  // the fixed table, or empty
  std::vector<Place> places_;
  StepExtents extents_;
  DeviceMemory memory_;
  Stream copies_;
  int64_t num_floats_;
  Buffer values_, gradients_, moments_[2];
  Lane steps_;
  std::unique_ptr<Lane> beside_;  // null until it is used
  Buffer copied_values_;          // that it looks at
  Event updated_, values_copied_;
  std::shared_ptr<MapPool> maps_ = std::make_shared<MapPool>();
  bool has_updated_ = false, has_copied_ = false;
  std::array<Slot, device_api::kNumSlots> slots_;
  std::vector<std::unique_ptr<Captured>> captured_;
};

}  // namespace moescope::cuda
