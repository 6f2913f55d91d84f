// Offsets one after the other, each aligned for the widest load.
#include "compute/cuda/step_layout.h"

namespace moescope::cuda {
namespace {

constexpr int64_t kAlignment = 256;
constexpr int64_t kFour = 4;

int64_t take(int64_t& at, int64_t bytes) {
  const int64_t begin = at;
  at += (bytes + kAlignment - 1) / kAlignment * kAlignment;
  return begin;
}

RoutingLayout place_routing(const RoutingLayout& sizes, int64_t& at) {
  const auto put = [&](int64_t size) { return size > 0 ? take(at, size * kFour) : -1; };
  return {put(sizes.logits),      put(sizes.noisy_logits), put(sizes.gates),      put(sizes.clean_gates),
          put(sizes.expert),      put(sizes.place),        put(sizes.chosen),     put(sizes.slot_token),
          put(sizes.slot_weight), put(sizes.group_losses), put(sizes.group_sums), put(sizes.dispatch),
          put(sizes.combine),     put(sizes.scale),        put(sizes.unit_off),   put(sizes.scored)};
}

}  // namespace

InputLayout::InputLayout(const device_api::StepPlan& plan, const StepExtents& x, int64_t num_stretches) {
  const int64_t count = plan.parts * plan.images, tokens = count * x.tokens;
  const int64_t columns = x.router == RouterKind::soft ? x.experts * x.slots_per_expert : x.experts;
  int64_t at = 0;
  const int64_t made = plan.raw_images ? 0 : count, raw_images = count - made;
  images = take(at, made * x.image_floats * kFour);
  targets = take(at, made * x.output_rows * x.output_columns * kFour);
  raw = take(at, raw_images * x.image_floats);
  places = take(at, raw_images * int64_t{sizeof(device_api::PlacedImage)});
  table = take(at, raw_images > 0 ? x.channels * 256 * kFour : 0);
  labels = take(at, raw_images * kFour);
  weights = take(at, plan.mixes ? 2 * kFour : 0);
  seeds = take(at, plan.parts * x.layers * int64_t{sizeof(uint64_t)});
  noise = take(at, plan.given_noise ? tokens * columns * kFour : 0);
  mask = take(at, plan.has_mask ? tokens : 0);
  off = take(at, plan.experts_off ? x.layers * x.experts : 0);
  unit_off = take(at, plan.given_kept ? x.layers * num_units(plan, x) * x.experts : 0);
  forced = take(at, plan.num_forced * int64_t{sizeof(device_api::ForcedToken)});
  stretches = take(at, num_stretches * int64_t{sizeof(device_api::UpdateStretch)});
  bytes = at;
}

int64_t num_units(const device_api::StepPlan& plan, const StepExtents& x) {
  return x.router == RouterKind::tokens_choice ? plan.images
                                               : device_api::num_groups(plan.images * x.tokens, plan.group_tokens);
}

int64_t slots_per_expert(const device_api::StepPlan& plan, const StepExtents& x) {
  return plan.slots_per_expert > 0 ? plan.slots_per_expert : x.slots_per_expert;
}

RoutingLayout routing_sizes(const device_api::StepPlan& plan, const StepExtents& x) {
  RoutingLayout sizes{};
  const int64_t tokens = plan.images * x.tokens, gates = tokens * x.experts;
  if (plan.kept > 0 && plan.kept < x.experts) sizes.unit_off = (num_units(plan, x) * x.experts + kFour - 1) / kFour;
  sizes.scored = plan.keep_scored ? tokens * x.features : 0;
  if (x.router == RouterKind::soft) {
    sizes.dispatch = sizes.combine = gates * slots_per_expert(plan, x);
    sizes.scale = 1;
    sizes.logits = plan.keep_logits ? sizes.dispatch : 0;
    return sizes;
  }
  const int64_t groups = device_api::num_groups(tokens, plan.group_tokens), places = x.experts * groups * plan.capacity;
  sizes.gates = gates;
  sizes.logits = sizes.noisy_logits = sizes.clean_gates = plan.keep_logits ? gates : 0;
  sizes.slot_token = sizes.slot_weight = places;
  if (x.router == RouterKind::experts_choice) {
    sizes.chosen = places;
  } else {
    sizes.expert = sizes.place = tokens * plan.k;
    sizes.group_losses = groups * 3;
    sizes.group_sums = groups * 3 * x.experts;
  }
  return sizes;
}

OutputLayout::OutputLayout(const device_api::StepPlan& plan, const StepExtents& x) {
  const int64_t count = plan.parts * plan.images;
  int64_t at = 0;
  loss = take(at, plan.parts * int64_t{sizeof(double)});
  squares = take(at, sizeof(double));
  norm = take(at, kFour);
  clip = take(at, kFour);
  aux = take(at, plan.parts * x.layers * 4 * kFour);
  predicted = take(at, count * x.output_rows * kFour);
  input_gradient = take(at, plan.input_gradient ? count * x.image_floats * kFour : 0);
  copied_bytes = at;
  logits = take(at, count * x.output_rows * x.output_columns * kFour);
  device_bytes = at;
  if (plan.keep_outputs) copied_bytes = device_bytes;
  place_maps(plan, x);
  at = copied_bytes;
  if (plan.keep_routing && x.layers > 0) {
    const RoutingLayout sizes = routing_sizes(plan, x);
    for (int64_t i = 0; i < plan.parts * x.layers; ++i) routing.push_back(place_routing(sizes, at));
  }
  for (int64_t part = 0; part < plan.parts && plan.keep_layers; ++part)
    layers.push_back(take(at, num_layer_stretches(x) * plan.images * x.tokens * x.features * kFour));
  const int64_t blocks = plan.attention_end - plan.attention_begin;
  for (int64_t part = 0; part < plan.parts && blocks > 0; ++part)
    attention.push_back(take(at, blocks * attention_floats(plan, x) * kFour));
  bytes = at;
}

void OutputLayout::place_maps(const device_api::StepPlan& plan, const StepExtents& x) {
  maps_begin = device_bytes, maps_bytes = 0;
  if (!plan.keep_maps || x.layers == 0) return;
  const RoutingLayout sizes = routing_sizes(plan, x);
  const auto put = [&](int64_t size) { return size > 0 ? take(maps_bytes, size * kFour) : -1; };
  for (int64_t layer = 0; layer < x.layers; ++layer)
    maps.push_back({put(sizes.dispatch), put(sizes.combine), put(sizes.gates)});
  device_bytes += maps_bytes;
}

int64_t attention_floats(const device_api::StepPlan& plan, const StepExtents& x) {
  return plan.images * x.heads * x.tokens * x.tokens;
}

int64_t num_layer_stretches(const StepExtents& x) { return 2 * x.depth + 2; }

}  // namespace moescope::cuda
