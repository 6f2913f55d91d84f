// Everything that decides what a run of deep reinforcement learning computes. The table of its fields is
// rl_config_fields.h. Numbers default to what learns the MinAtar games in minutes.
#pragma once

#include <cstdint>
#include <string>

namespace moescope {

enum class RlEncoder { minatar, nature, impala, dense };
enum class RlLayer { dense, soft, top1 };
enum class RlTokens { per_conv, per_feat, per_samp, patch, average_patch };  // NUMERICS 5.2

struct RlConfig {
  std::string name = "dqn";
  std::string game = "breakout";
  double sticky_probability = 0.1;  // the move before is played again
  bool difficulty_ramping = true;
  int64_t max_episode_steps = 0;  // 0: the game's own limit

  RlEncoder encoder = RlEncoder::minatar;
  int64_t filters = 16;  // of the MinAtar convolution; units of a dense encoder's layers
  RlLayer layer = RlLayer::dense;
  int64_t hidden = 128;        // units of the penultimate dense layer, or of each expert
  int64_t widen = 1;           // dense: so many times as wide
  int64_t experts = 8;         // E
  bool divide_hidden = false;  // each expert has hidden / E units
  RlTokens tokens = RlTokens::per_conv;
  int64_t patch = 3;       // side of a patch
  int64_t embedding = 0;   // width of a patch token; 0: the channels of the map
  bool normalize = false;  // Soft MoE: unit tokens and slots in the logits, with a learned scale
  bool fixed_phi = false;  // Soft MoE: phi stays as it was drawn
  double capacity_factor = 1;
  double router_noise = 0;  // top1: logits get router_noise / E * eps in training
  double importance_weight = 0, load_weight = 0;
  double load_noise = 1;  // deviation * E of the fresh draw behind the load loss

  bool double_dqn = false, dueling = false, noisy = false, prioritized = false;
  int64_t atoms = 1;        // of the distribution of returns (C51); 1: plain Q-values
  double value_limit = 10;  // C51: the atoms lie on [-limit, limit]
  int64_t n_step = 3;
  double gamma = 0.99;
  double learning_rate = 5e-4, adam_epsilon = 1e-5;
  int64_t batch_size = 32;
  int64_t replay_capacity = 100'000;
  int64_t replay_mib = 1024;      // most memory that the replay buffer may take
  int64_t min_replay = 5'000;     // steps before the first update
  int64_t update_period = 4;      // agent steps between updates
  int64_t target_period = 1'000;  // agent steps between copies to the target network
  double epsilon_train = 0.01, epsilon_eval = 0.001;
  int64_t epsilon_decay = 50'000;  // steps from 1 to epsilon_train after the first update; 0: constant
  bool clip_rewards = true;        // to [-1, 1] for learning; returns are always told whole

  int64_t report_every = 1'000;  // agent steps between rows of metrics
  int64_t checkpoint_secs = 30;
  int64_t seed = 0;
  int64_t threads = 0;  // 0: one per core
};

}  // namespace moescope
