// From the penultimate layer to action values: plain, dueling, or a distribution of returns for each action (C51).
#pragma once

#include <optional>

#include "compute/nn/linear.h"
#include "compute/records/rl_config.h"

namespace moescope::rl {

/// Parameters "q.w" (F,A*N), "q.b"; dueling: "adv.*" of that shape and "val.*" (F,N). N atoms; 1: plain Q-values.
/// Dueling: logits[a] = value + advantage[a] - mean over actions of the advantages, atom by atom. NUMERICS 5.6.
class QOutput {
 public:
  QOutput(ParameterSet& parameters, int64_t width, int64_t actions, int64_t atoms, bool dueling);

  int64_t actions() const { return actions_; }
  int64_t atoms() const { return atoms_; }
  /// logits (B,A,N) in the arena from x (B,F).
  Tensor forward(const Tensor& x, Arena& arena) const;
  /// dx (B,F) overwritten, from dlogits (B,A,N).
  void backward(const Tensor& x, const Tensor& dlogits, const Tensor& dx, Arena& arena) const;

 private:
  int64_t actions_, atoms_;
  Linear q_;                     // or the advantages
  std::optional<Linear> value_;  // dueling
};

/// q (B,A): the logits themselves with one atom, else the mean of the softmax over [-limit, limit]; probabilities
/// (B,A,N) may be empty.
void action_values(const Tensor& logits, double limit, const Tensor& q, const Tensor& probabilities = {});

}  // namespace moescope::rl
