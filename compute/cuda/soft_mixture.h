// Soft MoE on the device: what its two halves share.
#pragma once

#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "compute/cuda/kernels/l2_normalize.h"
#include "compute/cuda/mixture.h"

namespace moescope::cuda {

inline Epsilon epsilon_of(NormEps eps) {
  return eps == NormEps::inside ? Epsilon::inside : eps == NormEps::outside ? Epsilon::outside : Epsilon::clamp;
}

class SoftMixture : public Mixture {
 public:
  SoftMixture(const Weights& weights, const std::string& prefix, const MixtureShape& shape, DeviceMemory& memory)
      : shape_(shape),
        memory_(&memory),
        phi_(weights.get(prefix + (has_embeddings() ? "slots" : "mu"))),
        scale_(weights.get_or_none(prefix + "scale")),
        token_gain_(weights.get_or_none(prefix + "norm.g")),
        slot_gain_(weights.get_or_none(prefix + "slot_norm.g")),
        experts_(weights, prefix, shape.experts, shape.width, shape.hidden, shape.activation) {}

  void forward(const Run& run, const MixtureInput& input, float* y) override;
  void backward(const Run& run, const float* dy, float* dx) override;
  device_api::RoutingView routing() const override;
  void prepare(const device_api::StepPlan& plan, int64_t groups) override;

 private:
  bool has_embeddings() const {
    return shape_.normalize == SoftNormalize::rms || shape_.normalize == SoftNormalize::layer;
  }
  bool fixed_dispatch() const {
    return shape_.mixing != SoftMixing::learned && shape_.mixing != SoftMixing::uniform_combine;
  }
  bool fixed_combine() const {
    return shape_.mixing != SoftMixing::learned && shape_.mixing != SoftMixing::uniform_dispatch;
  }
  int64_t slots_per_expert(const device_api::StepPlan& plan) const {
    return plan.slots_per_expert > 0 ? plan.slots_per_expert : shape_.slots_per_expert;
  }
  int64_t slots() const { return shape_.experts * slots_per_expert_; }
  bool has_all_slots() const { return slots_per_expert_ == shape_.slots_per_expert; }
  /// Full groups, and the last one when it is shorter, side by side: the dense ops want equal groups.
  struct GroupRun {
    int64_t groups, tokens;  // of each group
    int64_t first_token, first_group;
  };
  std::vector<GroupRun> group_runs() const;
  float rms_gain() const { return std::sqrt(static_cast<float>(shape_.width)); }
  void take_slots(const Run& run, const float* from, float* to, int64_t rows, int64_t columns) const;
  const float* slots_that_take_part(const Run& run) const;
  void normalize(const Run& run);
  void weigh(const Run& run);
  void fix(const Run& run, const GroupRun& groups, float* weights, float value) const;
  void intervene(const Run& run);
  void reorder(const Run& run, const float* from, float* to, bool by_expert) const;
  void slot_gradients(const Run& run, const float* dlogits) const;
  void token_gradients(const Run& run, const float* dlogits, float* dmixed, float* dx) const;

  MixtureShape shape_;
  DeviceMemory* memory_;
  Weight phi_, scale_, token_gain_, slot_gain_;
  Experts experts_;
  using Extents = std::pair<int64_t, int64_t>;  // groups, slots of an expert
  std::map<Extents, Buffer> orders_;            // (2,E*G*P) rows to take, by expert and back

  // of the last forward pass
  MixtureInput in_;
  int64_t groups_ = 0, group_tokens_ = 0, slots_per_expert_ = 0;
  const float* normalized_phi_ = nullptr;
  float *normalized_x_ = nullptr, *mixed_ = nullptr;  // mixed_: what the experts see of x
  float *x_mean_ = nullptr, *x_rstd_ = nullptr, *phi_mean_ = nullptr, *phi_rstd_ = nullptr;
  float *logits_ = nullptr, *dispatch_ = nullptr, *combine_ = nullptr, *outputs_ = nullptr;  // outputs (G,Q,D)
  const uint8_t* unit_off_ = nullptr;
  float* shown_combine_ = nullptr;
  Experts::Context kept_;
};

}  // namespace moescope::cuda
