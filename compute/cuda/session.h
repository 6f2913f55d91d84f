// A model on a device: its parameters and moments, three slots of input and output, and the step as a captured graph.
//
// Two streams. `copies` uploads the input of one slot while `compute` works on the other; events keep the order: an
// upload waits until the slot's last step has read its input, a step waits for its upload. The host waits only for the
// end of a step. A plan's first step runs as it is queued, which finds out how much memory it takes; its second is
// captured; from then on it is replayed.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "compute/cuda/fused_attention.h"
#include "compute/cuda/network.h"
#include "compute/cuda/step_layout.h"

namespace moescope::cuda {

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

 private:
  struct Slot {
    device_api::StepPlan plan{};
    std::optional<InputLayout> in;
    std::optional<OutputLayout> out;
    int64_t num_stretches = 0;
    PinnedMemory host_in, host_out;
    Buffer device_in, device_out;
    Event uploaded, finished;
    bool staged = false, launched = false;
  };
  struct Captured {
    std::string key;  // the plan's bytes
    bool measured = false;
    std::array<Graph, device_api::kNumSlots> graphs;
  };

  void reserve(Slot& slot);
  void fill(Slot& slot, const device_api::StepInput& input);
  Captured& captured_for(const Slot& slot);
  void forget_graphs();
  void queue_step(Slot& slot);
  void queue_part(const Run& run, Slot& slot, int64_t part);
  void queue_loss(const Run& run, Slot& slot, int64_t part, float* logits, float* dlogits);
  void queue_routing(const Run& run, Slot& slot, int64_t part);
  void queue_layers(const Run& run, Slot& slot, int64_t part);
  void queue_update(const Run& run, Slot& slot);
  const Buffer& flat(device_api::Flat what);
  std::byte* device_out(const Slot& slot, int64_t offset) const;
  const std::byte* device_in(const Slot& slot, int64_t offset) const;

  device_api::ModelShape shape_;
  std::vector<uint8_t> is_moe_;
  StepExtents extents_;
  DeviceMemory memory_;
  Stream compute_, copies_;
  Blas blas_;
  std::unique_ptr<FusedAttention> fused_attention_;  // null in float32, and without cuDNN
  Arena arena_;
  int64_t num_floats_;
  Buffer values_, gradients_, moments_[2];
  Weights weights_;
  std::optional<Network> network_;
  std::array<Slot, device_api::kNumSlots> slots_;
  std::vector<std::unique_ptr<Captured>> captured_;
  int arena_growths_ = 0;
};

}  // namespace moescope::cuda
