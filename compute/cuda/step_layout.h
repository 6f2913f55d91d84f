// Where the parts of a step's input and output stand in their buffers: the same offsets on the device and in the
// page-locked memory of the host.
#pragma once

#include <vector>

#include "compute/backends/cuda/device_api.h"

namespace moescope::cuda {

/// What the layouts depend on besides the plan.
struct StepExtents {
  int64_t channels = 0;
  int64_t image_floats = 0;                     // of one image; of a bare layer's group of tokens
  int64_t output_columns = 0, output_rows = 0;  // of one image (1 row), or of a group
  int64_t tokens = 0;                           // of one image or group
  int64_t layers = 0;                           // mixtures
  int64_t depth = 0, heads = 0;                 // blocks, and heads of each
  int64_t experts = 0, slots_per_expert = 0, features = 0;
  RouterKind router = RouterKind::dense;
};

struct InputLayout {
  int64_t images, targets, seeds, noise, mask, off, unit_off, forced, stretches;
  int64_t raw, places, table, labels, weights;  // of raw images
  int64_t bytes;
  InputLayout(const device_api::StepPlan& plan, const StepExtents& extents, int64_t num_stretches);
};

/// Offsets of one routing, -1: not kept.
struct RoutingLayout {
  int64_t logits, noisy_logits, gates, clean_gates, expert, place, chosen, slot_token, slot_weight, group_losses,
      group_sums, dispatch, combine, scale, unit_off, scored;
};

/// Offsets of what heat maps show of a layer, -1: it has none of the kind.
struct MapLayout {
  int64_t dispatch, combine, gates;
};

struct OutputLayout {
  int64_t loss, squares, norm, clip, aux, predicted, input_gradient, logits;
  int64_t copied_bytes;                // up to here both sides hold the same
  int64_t device_bytes;                // of the device: the logits too when nobody asked for them, and the maps
  int64_t maps_begin, maps_bytes;      // on the device alone
  std::vector<MapLayout> maps;         // (layers), from maps_begin on
  std::vector<RoutingLayout> routing;  // (parts, layers), on the host alone
  std::vector<int64_t> layers;         // (parts) likewise
  std::vector<int64_t> attention;      // (parts) likewise
  int64_t bytes;                       // of the host
  OutputLayout(const device_api::StepPlan& plan, const StepExtents& extents);

 private:
  void place_maps(const device_api::StepPlan& plan, const StepExtents& extents);
};

/// Inputs of a part that keep experts of their own: images in Tokens Choice, else groups.
int64_t num_units(const device_api::StepPlan& plan, const StepExtents& extents);
/// Slots of a Soft MoE expert in a step.
int64_t slots_per_expert(const device_api::StepPlan& plan, const StepExtents& extents);
/// Elements of four bytes of each tensor of a routing of one part; 0: absent.
RoutingLayout routing_sizes(const device_api::StepPlan& plan, const StepExtents& extents);
/// Floats of one block's attention.
int64_t attention_floats(const device_api::StepPlan& plan, const StepExtents& extents);
/// Stretches of a LayersView.
int64_t num_layer_stretches(const StepExtents& extents);

}  // namespace moescope::cuda
