// The table of settings of reinforcement learning, as config_fields.h is that of vision: flags, stored parameters and
// help walk it.
#pragma once

#include "compute/records/config_fields.h"
#include "compute/records/rl_config.h"

namespace moescope {

template <>
std::span<const std::string_view> choice_names<RlEncoder>();
template <>
std::span<const std::string_view> choice_names<RlLayer>();
template <>
std::span<const std::string_view> choice_names<RlTokens>();

/// Calls visit(Field, member) for every field, in the order in which they are shown. Keys begin with "rl.", except
/// "name".
template <class Config, class Visit>
void visit_rl_fields(Config& c, Visit&& visit) {
  constexpr double kMany = 1e15;
  constexpr auto next_run = Adjust::next_run;
  const auto v = [&](std::string_view key, double min, double max, auto& member, std::string_view help) {
    visit(Field{key, min, max, next_run, help}, member);
  };
  v("name", 0, 0, c.name, "what to call the run");
  v("rl.game", 0, 0, c.game, "what is played: a MinAtar game, cartpole, acrobot, or atari:ROM");
  v("rl.sticky_probability", 0, 1, c.sticky_probability, "how often the move before is played again");
  v("rl.difficulty_ramping", 0, 1, c.difficulty_ramping, "games grow harder within an episode");
  v("rl.max_episode_steps", 0, kMany, c.max_episode_steps, "an episode is cut after so many steps; 0: the game's own");
  v("rl.encoder", 0, 0, c.encoder, "minatar: one 3x3 convolution; nature, impala as in Dopamine; dense: two layers");
  v("rl.filters", 1, 4096, c.filters, "filters of the MinAtar convolution, or units of a dense encoder");
  v("rl.layer", 0, 0, c.layer, "penultimate layer: dense, Soft MoE or Top-1 MoE");
  v("rl.hidden", 1, 65536, c.hidden, "units of the dense layer, or of each expert");
  v("rl.widen", 1, 1024, c.widen, "dense: so many times as wide");
  v("rl.experts", 1, 1024, c.experts, "number of experts E");
  v("rl.divide_hidden", 0, 1, c.divide_hidden, "each expert has hidden / E units");
  v("rl.tokens", 0, 0, c.tokens,
    "what a token is: a place (PerConv), a channel (PerFeat), the state (PerSamp), a patch");
  v("rl.patch", 1, 64, c.patch, "side of a patch in places of the map");
  v("rl.embedding", 0, 65536, c.embedding, "width of a patch token; 0: the channels of the map");
  v("rl.normalize", 0, 1, c.normalize, "Soft MoE: unit tokens and slots in the logits");
  v("rl.fixed_phi", 0, 1, c.fixed_phi, "Soft MoE: phi stays as it was drawn");
  v("rl.capacity_factor", 0.01, 64, c.capacity_factor, "slots relative to the number of tokens");
  v("rl.router_noise", 0, 100, c.router_noise, "top1: logits get so much / E of noise in training");
  v("rl.importance_weight", 0, 100, c.importance_weight, "weight of the importance loss");
  v("rl.load_weight", 0, 100, c.load_weight, "top1: weight of the load loss");
  v("rl.load_noise", 0, 100, c.load_noise, "top1: deviation times E of the draw behind the load loss");
  v("rl.double_dqn", 0, 1, c.double_dqn, "the online network chooses the next action, the target network values it");
  v("rl.dueling", 0, 1, c.dueling, "value and advantage streams");
  v("rl.noisy", 0, 1, c.noisy, "noisy layers explore instead of epsilon");
  v("rl.prioritized", 0, 1, c.prioritized, "prioritised replay, exponent 1/2 in sampling and in the weights");
  v("rl.atoms", 1, 1024, c.atoms, "atoms of the distribution of returns (C51: 51); 1: plain Q-values");
  v("rl.value_limit", 0.001, 1e6, c.value_limit, "the atoms lie on [-limit, limit]");
  v("rl.n_step", 1, 100, c.n_step, "rewards summed before the bootstrap");
  v("rl.gamma", 0, 1, c.gamma, "discount");
  v("rl.learning_rate", 0, 100, c.learning_rate, "learning rate of Adam");
  v("rl.adam_epsilon", 1e-16, 1, c.adam_epsilon, "epsilon of Adam, outside the root");
  v("rl.batch_size", 1, 65536, c.batch_size, "transitions per update");
  v("rl.replay_capacity", 1, kMany, c.replay_capacity, "transitions kept");
  v("rl.replay_mib", 1, kMany, c.replay_mib, "most memory for the replay buffer in MiB");
  v("rl.min_replay", 1, kMany, c.min_replay, "steps before the first update");
  v("rl.update_period", 1, kMany, c.update_period, "agent steps between updates");
  v("rl.target_period", 1, kMany, c.target_period, "agent steps between copies to the target network");
  v("rl.epsilon_train", 0, 1, c.epsilon_train, "share of random moves at the end of the decay");
  v("rl.epsilon_eval", 0, 1, c.epsilon_eval, "share of random moves in evaluation");
  v("rl.epsilon_decay", 0, kMany, c.epsilon_decay, "steps from 1 to epsilon_train; 0: constant");
  v("rl.clip_rewards", 0, 1, c.clip_rewards, "rewards are cut to [-1, 1] for learning");
  v("rl.report_every", 1, kMany, c.report_every, "agent steps between rows of metrics");
  v("rl.checkpoint_secs", 0, 86400, c.checkpoint_secs, "seconds between rolling checkpoints; 0: only at the end");
  v("rl.seed", 0, kMany, c.seed, "seed of everything random");
  v("rl.threads", 0, 1024, c.threads, "threads; 0: one a core");
}

/// As list_fields and set_field of config_fields.h; the "rl." of a key may be left out when setting.
std::vector<FieldText> list_fields(const RlConfig& config);
void set_field(RlConfig& config, std::string_view key, std::string_view text);

/// Checks what single ranges cannot see. Throws ConfigError naming both fields and a remedy.
void validate(const RlConfig& config);

/// True for keys of this table only.
inline bool is_rl_field(std::string_view key) { return key.starts_with("rl."); }

}  // namespace moescope
