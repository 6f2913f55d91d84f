// The door between the program and a GPU plug-in: plain structs and C functions under one version number.
//
// How a training step runs on a GPU. Not op by op: a step is one program on the device. The plug-in is given the
// model's shape and its parameters' names and places, and from then on does whole steps by itself: forward, losses,
// backward, clip, update, all queued on one stream and captured as one graph, with no data-dependent size and no wait
// of the host inside. Beside it the CPU engine stays as it is: the same VisionTransformer and ParameterSet hold the
// truth on the host, values and moments are written to and read from the device as flat stretches in the order of
// ParameterSet, and what the device routed comes back as the Routing that every observer knows. Op-level dispatch would
// have kept one model code, but that code packs kept pairs (their number depends on the data) and reads parameters on
// the host; a GPU would have to be waited for several times a layer.
//
// Nothing here owns host memory of the other side. Every function returns a Fault; message() says more.
#pragma once

#include <cstddef>
#include <cstdint>

#include "compute/records/device_maps.h"
#include "compute/records/run_config.h"

namespace moescope::device_api {

inline constexpr int kVersion = 4;

enum class Fault : int32_t {
  none,
  no_device,       // the driver works and sees no GPU
  driver_too_old,  // for the runtime that the plug-in was built with
  out_of_memory,   // of the device; the session is as before the call
  device_lost,     // nothing more can be done with this session
  refused,         // a model or setting that the plug-in cannot run
  failed,          // a library refused a call: a defect of ours
};

struct DeviceFacts {
  char name[128];
  int32_t devices, major, minor, driver, runtime;  // versions as 13000
  int64_t memory_bytes, free_bytes;
  int32_t on_host;  // 1: the strict fake, kernels run on this host
};

/// The model, as VisionTransformer builds it.
struct ModelShape {
  int64_t height, width, channels, classes, patch;
  int64_t features, depth, heads, mlp;  // D, blocks, heads, H of a dense block
  int64_t representation;
  PositionKind position;
  HeadKind head;
  bool qk_norm;
  RouterKind router;
  int64_t experts, expert_hidden, slots_per_expert;
  Activation activation;
  SoftMixing mixing;
  SoftNormalize soft_normalize;
  NormEps soft_eps;
  bool bf16_boundary;
  Precision precision;
  bool bare_layer;         // only the mixture layer, its parameters without prefix; tokens in and out instead of images
  const uint8_t* is_moe;   // (depth)
  const float* positions;  // (L,D) the fixed table of sincos2d; else null
};

/// A stretch of the flat parameters.
struct ParameterPlace {
  const char* name;
  int64_t offset, size;
};

/// Parameters [begin, the next one's begin) are updated alike; lives as long as the call.
struct UpdateStretch {
  int64_t begin;
  float learning_rate, weight_decay, correction1, correction2;  // 1 / (1 - beta^t), of both moments
  bool operator==(const UpdateStretch&) const = default;
};

/// What a step is: the same bytes mean the same captured graph. All parts are equally large.
struct StepPlan {
  int64_t parts, images;  // micro-batches, and images of each (bare layer: groups of each, see group_tokens)
  int64_t group_tokens, capacity, k;
  int64_t last_capacity;               // of a part's last group when the part's end cuts it short; else as capacity
  float noise_deviation, temperature;  // deviation of the noise on the logits; 0: none
  float importance_weight, load_weight, gshard_weight;
  float gradient_scale;  // of the loss: 1 / batch
  float aux_scale;       // weight of a part in the step's auxiliary loss
  float beta1, beta2, epsilon, momentum;
  double clip_norm;
  LossKind loss;
  OptimizerKind optimizer;
  float target_on, target_off;  // of raw images: a target at its label and elsewhere, before mixup
  // In inference alone: experts kept for an input (0: all), patches forced, and of a Soft MoE expert's slots the first
  // so many (0: all).
  int64_t kept, num_forced, slots_per_expert;
  int64_t attention_begin, attention_end;  // blocks [begin, end) whose attention comes back
  uint8_t bpr, training, backward, update, given_noise, has_mask, keep_routing, keep_logits, input_gradient,
      keep_outputs, keep_layers, keep_maps, kept_by_load, experts_off, given_kept, raw_images, mixes, keep_scored;
  bool operator==(const StepPlan&) const = default;
  // What comes back to the host beyond the numbers of a step: keep_routing what the load statistics read, keep_logits
  // with it every score and gate of the routers, keep_scored what they saw, keep_outputs the class logits, keep_layers
  // what each layer passed on. keep_maps, of one part: what heat maps show stays on the device, for take_maps.
};

/// Groups that `tokens` tokens are routed in; the last may be shorter.
inline int64_t num_groups(int64_t tokens, int64_t group_tokens) { return (tokens + group_tokens - 1) / group_tokens; }

/// Expert `expert` of MoE layer `layer` answers with the weights of `by`. In kBesideSlot alone.
struct ReplacedExpert {
  int64_t layer, expert, by;
};

/// The patch of every image that stands at token `first` of its tokens goes to `expert` in MoE layer `layer`.
struct ForcedToken {
  int64_t layer, first, expert;
};

/// Where an image goes: moved, then mirrored; what moves in is black. As compute/data's Placement.
struct PlacedImage {
  int32_t down, right, mirrored;
};

/// What plan.raw_images is made from, images and targets both: as compute/data/augment does it, to the same bits.
struct RawImages {
  const uint8_t* bytes;            // (parts*images,H,W,C)
  const PlacedImage* places;       // (parts*images)
  const float* table;              // (C,256) the float of each byte
  const int32_t* labels;           // (parts*images)
  float weight, successor_weight;  // with plan.mixes: of each image, and of the next one in its mixture
};

/// Host arrays of one step. Null: absent.
struct StepInput {
  const float* images;      // (parts*images,H,W,C); bare layer: (T,D)
  const float* targets;     // (parts*images,classes); bare layer: the outputs' gradient (T,D)
  const uint64_t* seeds;    // (parts, MoE layers) of the router noise
  const float* noise;       // (T,E) or (T,Q) given draws instead, of the only MoE layer
  const uint8_t* mask;      // (T) bare soft layer
  const uint8_t* off;       // (MoE layers, E) 1: switched off, with plan.experts_off
  const uint8_t* unit_off;  // (MoE layers, inputs, E) 1: not kept for that input, with plan.given_kept. An input is an
                            // image in Tokens Choice, else a group
  const ForcedToken* forced;
  const ReplacedExpert* replaced;
  int64_t num_replaced;
  const UpdateStretch* stretches;
  int64_t num_stretches;
  RawImages raw;  // with plan.raw_images, instead of images and targets
};

/// What a step came to.
struct StepResult {
  double loss;               // summed over all images
  double gradient_norm;      // before clipping; 0 without update
  const float* logits;       // (parts*images,classes), bare layer: (T,D); null without keep_outputs. Good until the
                             // next step of the same slot
  const int32_t* predicted;  // (parts*images)
  const float* aux;          // (parts, MoE layers, 4): importance, load, gshard, weighted sum
  const float* input_gradient;
};

/// A MoE layer's routing of one part, copied to the host (keep_routing). Good until the next step of the slot.
struct RoutingView {
  const float* logits;                      // with keep_logits: sparse (T,E); soft (T,Q), without noise
  const float *noisy_logits, *clean_gates;  // sparse (T,E), with keep_logits
  const float* gates;                       // sparse (T,E)
  const int32_t *expert, *place;            // (T,K)
  const int32_t* chosen;                    // (G,E,C)
  const int32_t* slot_token;                // (E,G,C), -1: empty
  const float* slot_weight;
  const float *group_losses, *group_sums;  // (G,3), (G,3,E)
  const float *dispatch, *combine;         // soft (T,Q); with keep_logits also of experts that are off
  const float* scale;                      // one number, or null
  const uint8_t* unit_off;                 // (inputs,E) 1: not kept for that input; null: all are
  const float* scored;                     // (T,D) what the router saw, with keep_scored
};

/// What a part's layers passed on (keep_layers), each (images*tokens,D): the embedding, then for each block the stream
/// after its attention and after its MLP or mixture, last the normalised stream that the head reads.
struct LayersView {
  const float* values;  // (2*depth+2, images*tokens, D)
  int64_t count, floats;
};

/// Who looked at whom in a part: (blocks,images,heads,L,L) of blocks [attention_begin, attention_end), rows sum to 1.
struct AttentionView {
  const float* probabilities;
  int64_t blocks, floats;  // of a block
};

enum class Flat : int32_t { values, gradients, moment0, moment1 };

/// Single ops on host arrays, for conformance: the assignment from gates (T,E) of one group, and the auxiliary losses
/// of one group with their gradients by the logits, each (T,E).
struct ChoiceAsk {
  RouterKind router;
  uint8_t bpr;
  const float* gates;
  int64_t tokens, experts, k, capacity;
  int32_t *expert, *place;  // (T,K) tokens_choice
  int32_t* chosen;          // (E,C) experts_choice
};
struct AuxiliaryAsk {
  const float *logits, *noise;
  int64_t tokens, experts, k;
  float deviation;
  float* losses;  // (3) importance, load, gshard
  float *by_importance, *by_load, *by_gshard;
};

struct Session;
/// What a step with keep_maps routed, in memory of its own: outlives the session.
struct KeptMaps;
/// An OpenGL texture that the device writes. From share_texture to unshare_texture, which comes before the texture is
/// deleted, every call on the thread of its context.
struct SharedTexture;

/// Bytes of every struct that crosses, so that sides of two builds find out before they misread each other.
inline constexpr int kNumStructs = 17;
struct StructSize {
  char name[20];
  int32_t bytes;
};
inline constexpr StructSize kStructSizes[kNumStructs] = {{"DeviceFacts", sizeof(DeviceFacts)},
                                                         {"ModelShape", sizeof(ModelShape)},
                                                         {"ParameterPlace", sizeof(ParameterPlace)},
                                                         {"UpdateStretch", sizeof(UpdateStretch)},
                                                         {"StepPlan", sizeof(StepPlan)},
                                                         {"StepInput", sizeof(StepInput)},
                                                         {"PlacedImage", sizeof(PlacedImage)},
                                                         {"RawImages", sizeof(RawImages)},
                                                         {"ForcedToken", sizeof(ForcedToken)},
                                                         {"ReplacedExpert", sizeof(ReplacedExpert)},
                                                         {"StepResult", sizeof(StepResult)},
                                                         {"RoutingView", sizeof(RoutingView)},
                                                         {"LayersView", sizeof(LayersView)},
                                                         {"AttentionView", sizeof(AttentionView)},
                                                         {"ChoiceAsk", sizeof(ChoiceAsk)},
                                                         {"AuxiliaryAsk", sizeof(AuxiliaryAsk)},
                                                         {"MapTexels", sizeof(MapTexels)}};

/// Slots hold the input and output of a step each: a training step can be staged in one of the first two while the
/// other's runs. What looks at the model has the other two. kLookSlot (evaluations) takes its turn with the training
/// steps. kBesideSlot (watched images) has a stream and memory of its own: it takes a copy of the values as the last
/// step launched before it leaves them, and runs beside the steps that follow, which wait for that copy alone.
inline constexpr int32_t kNumSlots = 4, kLookSlot = 2, kBesideSlot = 3;

/// The functions of a plug-in.
struct Functions {
  int32_t version;
  int32_t bytes;  // of this struct
  StructSize structs[kNumStructs];
  Fault (*facts)(DeviceFacts* out);
  const char* (*message)();  // of the last fault, of any session of this thread's process
  Fault (*open)(const ModelShape* shape, const ParameterPlace* parameters, int64_t num_parameters, int64_t num_floats,
                Session** out);
  void (*close)(Session*);
  Fault (*write)(Session*, Flat what, int64_t begin, int64_t count, const float* from);
  Fault (*read)(Session*, Flat what, int64_t begin, int64_t count, float* to);
  Fault (*stage)(Session*, int32_t slot, const StepPlan*, const StepInput*);
  Fault (*launch)(Session*, int32_t slot);
  Fault (*wait)(Session*, int32_t slot, StepResult* out);
  Fault (*routing)(Session*, int32_t slot, int64_t part, int64_t moe_layer, RoutingView* out);
  Fault (*layers)(Session*, int32_t slot, int64_t part, LayersView* out);
  Fault (*attention_maps)(Session*, int32_t slot, int64_t part, AttentionView* out);
  const char* (*attention)(Session*);  // who computes it and why, in words; good until the next question
  int32_t (*cudnn)();                  // its version, as 91900; 0: none is installed that serves
  Fault (*choose)(const ChoiceAsk*);
  Fault (*auxiliary)(const AuxiliaryAsk*);
  // Heat maps. The maps of the last step launched in `slot`, each once; null: the model routes nothing.
  Fault (*take_maps)(Session*, int32_t slot, KeptMaps** out);
  void (*drop_maps)(KeptMaps*);
  Fault (*gl_device)();  // refused: the current OpenGL context is not on the device; message() is why, as words
  Fault (*share_texture)(uint32_t texture, int64_t width, int64_t height, SharedTexture** out);
  void (*unshare_texture)(SharedTexture*);
  /// texels.layer counts the MoE layers, texels.first_token the tokens of the step.
  Fault (*write_texture)(KeptMaps*, const MapTexels* texels, SharedTexture*);
};

/// The one symbol of a plug-in. Null when it does not speak `version`.
using Entry = const Functions*(int32_t version);
inline constexpr const char* kEntryName = "moescope_device_functions";

}  // namespace moescope::device_api
