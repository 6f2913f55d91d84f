// Everything that decides what a run computes. The table of its fields, with ranges and help, is config_fields.h.
#pragma once

#include <cstdint>
#include <string>

namespace moescope {

enum class DatasetKind { fashion_mnist, fashion_scenes, cifar10, cifar100, folder, handwritten_digits };
enum class PixelScale { standardize, unit_range };  // (x/255 - mean)/std of the data set, or [-1, 1]
enum class PositionKind { learned, sincos2d, none };
enum class HeadKind { gap, token, map };
enum class InitScheme { jax, torch };  // the papers' initial draws (vmoe, flax), or those of PyTorch's layers
// NUMERICS 4.4: Soft MoE's "last n", V-MoE's "last n", V-MoE's "every 2", or the blocks of model.moe_list.
enum class MoePlacement { last, last_odd, every_second, listed };
enum class RouterKind { dense, soft, tokens_choice, experts_choice };
enum class SoftNormalize { logits, tokens, none, rms, layer };  // what "normalised router" means, see router.soft_normalize
// Soft MoE's ablation (table 2): which of the two weight matrices is learned, and what stands for the other.
enum class SoftMixing { learned, uniform_combine, uniform_dispatch, uniform, identity };
enum class NormEps { inside, outside, clamp };                  // NUMERICS 1.2
enum class CapacityRounding { ceil, round };
enum class Activation { gelu_tanh, gelu_erf, relu, geglu };
enum class OptimizerKind { adamw, sgd };
enum class ScheduleKind { constant, cosine, linear, rsqrt, whole_cosine };  // the last falls from step 0 on
enum class LossKind { softmax, sigmoid };
enum class DecayRule { all, kernels };
enum class DeviceKind { automatic, cpu, cuda };
enum class Precision { float32, tf32, bfloat16 };  // of the operands of matrix products; sums are float32
enum class InstructionSet { automatic, reference, avx2, avx512 };

// clang-format off: the notes of a struct stand in one column
struct DataConfig {
  DatasetKind dataset = DatasetKind::fashion_mnist;
  std::string path;              // empty: where Debian's package puts Fashion-MNIST
  int64_t image_size = 0;        // side in pixels for folder and fashion_scenes; 0: the data set's own (folder 64, scenes 56)
  int64_t items_per_scene = 4;   // fashion_scenes: items placed on one canvas
  PixelScale scale = PixelScale::standardize;
  int64_t train_limit = 0;       // use only the first N training images; 0: all
  int64_t test_limit = 0;
  int64_t workers = 1;           // threads that decode and augment
};

struct ModelConfig {
  int64_t patch = 4;
  int64_t width = 128;   // D
  int64_t depth = 4;     // number of blocks
  int64_t heads = 4;
  int64_t mlp = 512;     // H, of the dense blocks and of each expert
  PositionKind position = PositionKind::learned;
  HeadKind head = HeadKind::gap;
  bool qk_norm = false;
  int64_t representation = 0;      // width of a tanh layer before the head; 0: none
  double head_bias_init = 0;
  InitScheme init = InitScheme::jax;
  bool zero_head = false;          // start the head's kernel at 0, as the papers do
  MoePlacement moe_placement = MoePlacement::last;
  int64_t moe_blocks = 2;          // n of "last n"
  std::string moe_list;            // block numbers for `listed`, from 0: "2,5,8,11"
};

struct RouterConfig {
  RouterKind kind = RouterKind::soft;
  int64_t num_experts = 16;         // E
  int64_t expert_mlp = 0;           // hidden width of one expert; 0: model.mlp
  Activation activation = Activation::gelu_tanh;
  bool identical_init = false;      // all experts start equal, as in the released configs (split_rngs False)
  int64_t group_images = 0;         // images routed together; 0: 8 for tokens_choice, 1 for soft and experts_choice
  double noise_std = 1;             // sparse: logits get noise_std / E * eps; soft: noise_std * eps. Training only
  double temperature = 1;           // logits are divided by it, after the scale
  double capacity_factor = 1.05;
  double eval_capacity_factor = 0;  // 0: as in training
  CapacityRounding capacity_rounding = CapacityRounding::ceil;
  int64_t capacity_multiple_of = 1;
  // tokens_choice
  int64_t k = 1;
  bool bpr = false;
  double importance_weight = 0.005;
  double load_weight = 0.005;
  double gshard_weight = 0;
  // soft
  int64_t slots_per_expert = 3;     // p; 0: from capacity_factor
  SoftMixing mixing = SoftMixing::learned;
  SoftNormalize soft_normalize = SoftNormalize::logits;
  NormEps soft_eps = NormEps::inside;
  double scale_init = 1;            // start of the learned scale of the logits
  bool bf16_boundary = false;       // round what crosses dispatch and combine to bfloat16, NUMERICS 1.6
};

struct TrainConfig {
  OptimizerKind optimizer = OptimizerKind::adamw;
  double learning_rate = 1e-3;      // peak
  double end_learning_rate = 0;
  double weight_decay = 0.05;
  double head_weight_decay = -1;    // negative: as weight_decay
  DecayRule decay_rule = DecayRule::all;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double momentum = 0.9;
  ScheduleKind schedule = ScheduleKind::cosine;
  int64_t warmup_steps = 200;
  int64_t schedule_steps = 0;       // length of the schedule; 0: epochs * steps per epoch
  int64_t timescale = 10000;        // rsqrt
  int64_t cooldown_steps = 0;       // rsqrt
  double clip_norm = 0;             // global gradient norm; 0: off
  LossKind loss = LossKind::softmax;
  double label_smoothing = 0;
  int64_t batch_size = 128;
  int64_t micro_batch = 32;         // images computed at once; bounds memory, does not change the result's meaning
  double epochs = 3;
  bool flip = true;
  int64_t shift = 0;                // random shift by up to so many pixels
  int64_t crop = 0;                 // pad by so many pixels, then crop at random
  double mixup = 0;                 // alpha of the Dirichlet; 0: off
  int64_t eval_every = 0;           // steps between evaluations; 0: once an epoch
  int64_t checkpoint_secs = 8;      // between rolling checkpoints, so that with one's own time at most 10 s are lost; 0: only at the end
  int64_t checkpoint_ring_mib = 128; // rolling checkpoints kept to go back to; 0: the last alone
  int64_t seed = 0;
};

struct ComputeConfig {
  DeviceKind device = DeviceKind::automatic;
  Precision precision = Precision::float32;
  int64_t threads = 0;              // 0: one per core
  InstructionSet instructions = InstructionSet::automatic;
};

// clang-format on
struct RunConfig {
  std::string name = "run";
  DataConfig data;
  ModelConfig model;
  RouterConfig router;
  TrainConfig train;
  ComputeConfig compute;
};

}  // namespace moescope
