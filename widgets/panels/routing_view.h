// Reading a routing map: pure answers to what the pictures ask. No ImGui here.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "compute/records/snapshot.h"

namespace moescope::panels {

/// One choice of one token in a sparse map.
struct Choice {
  int64_t expert = -1;  // -1: none
  float gate = 0;
  int64_t place = -1;
  DropReason drop = DropReason::none;
  bool executed() const { return expert >= 0 && drop == DropReason::none; }
};

const ImageView* find_view(const Snapshot& snapshot, const WatchedImage& image);
const RoutingMap* find_map(const ImageView& view, int64_t layer);

/// "layer 3": the block's index, which counts from 0 here as in commands, links, settings and stored metrics.
std::string layer_name(int64_t layer);
const ExpertLoad* find_load(const Snapshot& snapshot, int64_t layer);
/// Block indices of the MoE layers, in order.
std::vector<int64_t> moe_layer_list(const RunConfig& config);

bool is_sparse(const RoutingMap& map);
int64_t num_patches(const RoutingMap& map);
int64_t token_of_patch(const RoutingMap& map, int64_t patch);
/// -1 for the class token.
int64_t patch_of_token(const RoutingMap& map, int64_t token);
bool expert_is_off(const RoutingMap& map, int64_t expert);

// sparse
std::vector<Choice> choices(const RoutingMap& map, int64_t token);
/// The first choice that was executed; expert -1 when the token was left to the residual path.
Choice executed_choice(const RoutingMap& map, int64_t token);
bool goes_to(const RoutingMap& map, int64_t token, int64_t expert);
int64_t count_dropped(const RoutingMap& map);
/// What a token asked for: its choices; under Experts Choice, where tokens are not asked, the expert of its largest
/// gate.
std::vector<Choice> wanted_choices(const RoutingMap& map, int64_t token);
float gate_of(const RoutingMap& map, int64_t token, int64_t expert);
/// Choices that were not executed, by reason, over all tokens of the image.
struct LostChoices {
  int64_t full = 0, off = 0;
};
LostChoices count_lost(const RoutingMap& map);

/// Coefficient of variation: standard deviation over mean; 0 when there are no values or their mean is 0.
double variation(const std::vector<float>& values);
/// The load of a layer's experts over the tokens of this one map (compute/moe/observe.h gives the same over a batch).
ExpertLoad load_of(const RoutingMap& map);

// soft: weights in units of the uniform weight, so that a flat map is 1 everywhere
int64_t num_slots(const RoutingMap& map);
/// Slots per expert of a soft run: as configured, or (when the capacity factor decides) as its layers have them; 1
/// while neither is known.
int64_t slots_per_expert(const Snapshot& snapshot);
int64_t expert_of_slot(const RoutingMap& map, int64_t slot);
float dispatch_times(const RoutingMap& map, int64_t token, int64_t slot);  // dispatch * S
float combine_times(const RoutingMap& map, int64_t token, int64_t slot);   // combine * Q

struct SoftRange {
  float dispatch_max = 1, combine_max = 1, min = 1, max = 1;  // over all tokens and slots, × uniform
  float typical_peak = 1;  // nine slots of ten have a lower peak of their dispatch map
};
SoftRange soft_range(const RoutingMap& map);
/// Round upper end of the colour scale, 2 or more: at 2, uniform lies in the middle and reads as flat.
float scale_top(float largest);
/// The slot (of one expert, or of all when expert is -1) whose dispatch map has the highest peak.
int64_t sharpest_slot(const RoutingMap& map, int64_t expert = -1);
/// What a token gives to all slots together, × uniform: the sum of its dispatch weights over Q / S (Soft MoE,
/// section 5.2).
float token_weight_times(const RoutingMap& map, int64_t token);
/// Entropy of a token's combine weights in nats; the largest possible is log(Q).
float combine_entropy(const RoutingMap& map, int64_t token);
/// How many tokens, the heaviest first, make up this share of everything that the slots take in.
int64_t tokens_for_share(const RoutingMap& map, double share);
/// The slots that this token reads most (combine) or feeds most (dispatch), best first, with × uniform.
std::vector<std::pair<int64_t, float>> top_slots(const RoutingMap& map, int64_t token, bool combine, size_t count);

}  // namespace moescope::panels
