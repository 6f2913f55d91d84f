// One step, queued from beginning to end: nothing here waits, allocates once it has been measured, or looks at a
// number.
#include <utility>

#include "compute/cuda/kernels/augment.h"
#include "compute/cuda/kernels/cross_entropy.h"
#include "compute/cuda/kernels/elementwise.h"
#include "compute/cuda/kernels/optimizer.h"
#include "compute/cuda/session.h"

namespace moescope::cuda {
namespace {

constexpr int64_t kFloat = sizeof(float);

static_assert(sizeof(device_api::UpdateStretch) == sizeof(OptimizerStretch) &&
              offsetof(device_api::UpdateStretch, correction2) == offsetof(OptimizerStretch, correction2));
static_assert(sizeof(device_api::ForcedToken) == sizeof(ForcedPatch) &&
              offsetof(device_api::ForcedToken, expert) == offsetof(ForcedPatch, expert));

static_assert(sizeof(device_api::PlacedImage) == sizeof(ImagePlacement) &&
              offsetof(device_api::PlacedImage, mirrored) == offsetof(ImagePlacement, mirrored));

}  // namespace

std::byte* Session::device_out(const Slot& slot, int64_t offset) const {
  return static_cast<std::byte*>(slot.device_out.tensor().data()) + offset;
}

const std::byte* Session::device_in(const Slot& slot, int64_t offset) const {
  return static_cast<const std::byte*>(slot.device_in.tensor().data()) + offset;
}

void Session::queue_step(Slot& slot) {
  Lane& lane = *slot.lane;
  Arena& arena = lane.arena;
  const Run run{lane.stream, arena, lane.blas, slot.plan, lane.fused_attention};
  if (slot.plan.backward) run.clear(gradients_.f32(), num_floats_ * kFloat);
  const Arena::Mark empty = arena.mark();
  const Examples examples = queue_examples(run, slot);
  const Arena::Mark before_part = arena.mark();
  for (int64_t part = 0; part < slot.plan.parts; ++part) {
    queue_part(run, slot, examples, part);
    arena.rewind(before_part);
  }
  arena.rewind(empty);
  if (slot.plan.update) queue_update(run, slot);
  arena.rewind(empty);
  run.to_host(slot.host_out.data(), device_out(slot, 0), slot.out->copied_bytes);
}

Session::Examples Session::queue_examples(const Run& run, const Slot& slot) const {
  const device_api::StepPlan& plan = slot.plan;
  const auto floats = [&](int64_t offset) { return reinterpret_cast<const float*>(device_in(slot, offset)); };
  if (!plan.raw_images) return {floats(slot.in->images), floats(slot.in->targets)};
  const int64_t count = plan.parts * plan.images, size = extents_.image_floats, classes = extents_.output_columns;
  float *images = run.floats(count * size), *targets = run.floats(count * classes);
  const ArenaScope scope(run.arena);
  float* placed = plan.mixes ? run.floats(count * size) : images;
  float* unmixed = plan.mixes ? run.floats(count * classes) : targets;
  run.launch(launch_place_images,
             {.bytes = reinterpret_cast<const uint8_t*>(device_in(slot, slot.in->raw)),
              .index = nullptr,
              .placements = reinterpret_cast<const ImagePlacement*>(device_in(slot, slot.in->places)),
              .table = floats(slot.in->table),
              .out = placed,
              .count = count,
              .height = shape_.height,
              .width = shape_.width,
              .channels = shape_.channels});
  run.launch(launch_fill_targets, {.labels = reinterpret_cast<const int32_t*>(device_in(slot, slot.in->labels)),
                                   .index = nullptr,
                                   .targets = unmixed,
                                   .count = count,
                                   .classes = classes,
                                   .on = plan.target_on,
                                   .off = plan.target_off});
  if (!plan.mixes) return {images, targets};
  const float* weights = floats(slot.in->weights);
  run.launch(launch_mix_rows, {placed, weights, images, count, size});
  run.launch(launch_mix_rows, {unmixed, weights, targets, count, classes});
  return {images, targets};
}

void Session::queue_part(const Run& run, Slot& slot, const Examples& examples, int64_t part) {
  const int64_t images = slot.plan.images, first = part * images, rows = extents_.output_rows;
  const int64_t columns = extents_.output_columns, tokens = images * extents_.tokens;
  const auto in = [&](int64_t offset, int64_t floats) {
    return reinterpret_cast<const float*>(device_in(slot, offset)) + floats;
  };
  const auto out = [&](int64_t offset, int64_t floats) {
    return reinterpret_cast<float*>(device_out(slot, offset)) + floats;
  };
  const int64_t noise_columns = extents_.experts * (shape_.router == RouterKind::soft ? extents_.slots_per_expert : 1);
  PartMemory memory;
  memory.images = examples.images + first * extents_.image_floats;
  memory.seeds = reinterpret_cast<const uint64_t*>(device_in(slot, slot.in->seeds)) + part * extents_.layers;
  if (slot.plan.given_noise) memory.noise = in(slot.in->noise, part * tokens * noise_columns);
  if (slot.plan.has_mask)
    memory.mask = reinterpret_cast<const uint8_t*>(device_in(slot, slot.in->mask)) + part * tokens;
  if (slot.plan.experts_off) memory.off = reinterpret_cast<const uint8_t*>(device_in(slot, slot.in->off));
  if (slot.plan.given_kept) {
    memory.unit_off = reinterpret_cast<const uint8_t*>(device_in(slot, slot.in->unit_off));
    memory.units = num_units(slot.plan, extents_);
  }
  if (slot.plan.num_forced > 0) memory.forced = reinterpret_cast<const ForcedPatch*>(device_in(slot, slot.in->forced));
  memory.aux = out(slot.out->aux, part * extents_.layers * 4);
  memory.logits = out(slot.out->logits, first * rows * columns);
  Network& network = *slot.lane->network;
  network.forward(run, memory);
  if (slot.plan.keep_routing) queue_routing(run, slot, part);
  if (slot.plan.keep_layers) queue_layers(run, slot, part);
  if (slot.plan.keep_maps) queue_maps(run, slot);
  if (slot.plan.attention_begin < slot.plan.attention_end) queue_attention(run, slot, part);
  if (!slot.plan.backward) return;
  float* dimages = slot.plan.input_gradient ? out(slot.out->input_gradient, first * extents_.image_floats) : nullptr;
  if (shape_.bare_layer) {
    network.backward(run, examples.targets + first * rows * columns, dimages);
    return;
  }
  float* dlogits = run.floats(images * columns);
  queue_loss(run, slot, examples.targets + first * columns, part, memory.logits, dlogits);
  network.backward(run, dlogits, dimages);
}

void Session::queue_loss(const Run& run, Slot& slot, const float* targets, int64_t part, float* logits,
                         float* dlogits) {
  const int64_t images = slot.plan.images, first = part * images;
  run.launch(launch_cross_entropy,
             {.kind = slot.plan.loss == LossKind::softmax ? Loss::softmax : Loss::sigmoid,
              .logits = logits,
              .targets = targets,
              .dlogits = dlogits,
              .row_loss = run.floats(images),
              .predicted = reinterpret_cast<int32_t*>(device_out(slot, slot.out->predicted)) + first,
              .loss = reinterpret_cast<double*>(device_out(slot, slot.out->loss)) + part,
              .rows = images,
              .classes = extents_.output_columns,
              .gradient_scale = slot.plan.gradient_scale});
}

void Session::queue_routing(const Run& run, Slot& slot, int64_t part) {
  const RoutingLayout sizes = routing_sizes(slot.plan, extents_);
  const Network& network = *slot.lane->network;
  for (size_t layer = 0; layer < network.mixtures().size(); ++layer) {
    const device_api::RoutingView from = network.mixtures()[layer]->routing();
    const RoutingLayout& to = slot.out->routing[static_cast<size_t>(part * extents_.layers) + layer];
    const auto bring = [&](const void* device, int64_t offset, int64_t size) {
      if (device && offset >= 0) run.to_host(slot.host_out.data() + offset, device, size * kFloat);
    };
    bring(from.logits, to.logits, sizes.logits);
    bring(from.noisy_logits, to.noisy_logits, sizes.noisy_logits);
    bring(from.gates, to.gates, sizes.gates);
    bring(from.clean_gates, to.clean_gates, sizes.clean_gates);
    bring(from.expert, to.expert, sizes.expert);
    bring(from.place, to.place, sizes.place);
    bring(from.chosen, to.chosen, sizes.chosen);
    bring(from.slot_token, to.slot_token, sizes.slot_token);
    bring(from.slot_weight, to.slot_weight, sizes.slot_weight);
    bring(from.group_losses, to.group_losses, sizes.group_losses);
    bring(from.group_sums, to.group_sums, sizes.group_sums);
    bring(from.dispatch, to.dispatch, sizes.dispatch);
    bring(from.combine, to.combine, sizes.combine);
    bring(from.scale, to.scale, sizes.scale);
    bring(from.unit_off, to.unit_off, sizes.unit_off);
    bring(from.scored, to.scored, sizes.scored);
  }
}

void Session::queue_layers(const Run& run, Slot& slot, int64_t part) {
  const int64_t bytes = slot.plan.images * extents_.tokens * extents_.features * kFloat;
  std::byte* to = slot.host_out.data() + slot.out->layers[static_cast<size_t>(part)];
  for (const float* from : slot.lane->network->layers()) run.to_host(std::exchange(to, to + bytes), from, bytes);
}

void Session::queue_attention(const Run& run, Slot& slot, int64_t part) {
  const int64_t bytes = attention_floats(slot.plan, extents_) * kFloat;
  std::byte* to = slot.host_out.data() + slot.out->attention[static_cast<size_t>(part)];
  for (int64_t block = slot.plan.attention_begin; block < slot.plan.attention_end; ++block)
    run.to_host(std::exchange(to, to + bytes), slot.lane->network->attention_of(block), bytes);
}

void Session::queue_update(const Run& run, Slot& slot) {
  const device_api::StepPlan& plan = slot.plan;
  auto* squares = reinterpret_cast<double*>(device_out(slot, slot.out->squares));
  auto* norm = reinterpret_cast<float*>(device_out(slot, slot.out->norm));
  auto* clip = reinterpret_cast<float*>(device_out(slot, slot.out->clip));
  auto* workspace = static_cast<double*>(run.bytes(dot_workspace_doubles(num_floats_) * int64_t{sizeof(double)}));
  run.launch(launch_dot, {gradients_.f32(), gradients_.f32(), num_floats_, squares, nullptr, workspace});
  // A gradient that is not finite makes the scale NaN, and the update then leaves everything as it was.
  run.launch(launch_clip, {squares, norm, clip, plan.clip_norm});
  const auto* stretches = reinterpret_cast<const OptimizerStretch*>(device_in(slot, slot.in->stretches));
  if (plan.optimizer == OptimizerKind::adamw)
    run.launch(launch_adamw, {gradients_.f32(), moments_[0].f32(), moments_[1].f32(), values_.f32(), nullptr, stretches,
                              clip, num_floats_, slot.num_stretches, plan.beta1, plan.beta2, plan.epsilon});
  else
    run.launch(launch_sgd_momentum, {gradients_.f32(), moments_[0].f32(), values_.f32(), nullptr, stretches, clip,
                                     num_floats_, slot.num_stretches, plan.momentum});
}

}  // namespace moescope::cuda
