// Memory, slots, and when a step is queued, captured or replayed.
#include "compute/cuda/session.h"

#include <algorithm>
#include <cstring>

namespace moescope::cuda {
namespace {

using device_api::Fault;

constexpr int64_t kFloat = sizeof(float);
constexpr size_t kMostPlans = 24;  // a live knob or a point of a curve makes a new one; the oldest goes

/// Refuses what has no program yet, naming the setting.
void check_supported(const device_api::ModelShape& shape) {
  if (shape.router != RouterKind::dense && shape.experts < 1)
    throw DeviceError(Fault::refused, "a router without experts");
}

}  // namespace

Lane::Lane(DeviceMemory& memory, Precision precision)
    : blas(memory, precision),
      fused_attention(precision == Precision::bfloat16 ? cuda::fused_attention() : nullptr),
      arena(memory) {}

Session::Session(const device_api::ModelShape& shape, std::span<const device_api::ParameterPlace> parameters,
                 int64_t num_floats)
    : shape_(shape),
      is_moe_(shape.is_moe, shape.is_moe + shape.depth),
      num_floats_(num_floats),
      values_(memory_, {num_floats}),
      gradients_(memory_, {num_floats}),
      steps_(memory_, shape.precision) {
  check_supported(shape);
  shape_.is_moe = is_moe_.data();
  check(cudaMemsetAsync(gradients_.f32(), 0, static_cast<size_t>(num_floats * kFloat), steps_.stream),
        "cudaMemsetAsync");
  for (const device_api::ParameterPlace& p : parameters) places_.push_back({p.name, p.offset, p.size});
  std::optional<Network>& network = steps_.network;
  if (shape.depth > 0 || shape.bare_layer)
    network.emplace(shape_, weights_in(values_.f32(), gradients_.f32()), memory_);
  extents_.layers = network ? static_cast<int64_t>(network->mixtures().size()) : 0;
  extents_.experts = shape.experts, extents_.slots_per_expert = shape.slots_per_expert;
  extents_.features = shape.features, extents_.router = shape.router, extents_.depth = shape.depth,
  extents_.heads = shape.heads;
  extents_.output_columns = network ? network->output_columns() : 0;
  extents_.output_rows = 1;
  if (network && !shape.bare_layer) {
    extents_.tokens = network->tokens_per_image();
    extents_.image_floats = shape.height * shape.width * shape.channels, extents_.channels = shape.channels;
    if (shape.positions) positions_.assign(shape.positions, shape.positions + extents_.tokens * shape.features);
  }
  shape_.positions = positions_.empty() ? nullptr : positions_.data();  // no longer the caller's
  steps_.stream.synchronize();
}

Session::~Session() {
  cudaStreamSynchronize(steps_.stream);
  if (beside_) cudaStreamSynchronize(beside_->stream);
  cudaStreamSynchronize(copies_);
}

Weights Session::weights_in(float* values, float* gradients) const {
  Weights weights;
  for (const Place& p : places_)
    weights.add(p.name, {values + p.offset, gradients ? gradients + p.offset : nullptr, p.size});
  return weights;
}

Lane& Session::beside() {
  if (beside_) return *beside_;
  copied_values_ = Buffer();  // of an attempt for which there was no room
  copied_values_ = Buffer(memory_, {num_floats_});
  auto lane = std::make_unique<Lane>(memory_, shape_.precision);
  lane->network.emplace(shape_, weights_in(copied_values_.f32(), nullptr), memory_);
  beside_ = std::move(lane);
  return *beside_;
}

/// The values as the last update left them, for a look beside the steps that follow. The next update waits for it.
void Session::copy_values(const Slot& slot) {
  const Lane& lane = *slot.lane;
  if (has_updated_) updated_.hold(lane.stream);
  check(cudaMemcpyAsync(copied_values_.f32(), values_.f32(), static_cast<size_t>(num_floats_ * kFloat),
                        cudaMemcpyDeviceToDevice, lane.stream),
        "cudaMemcpyAsync");
  for (const device_api::ReplacedExpert& one : slot.replaced) replace(lane, one);
  values_copied_.record(lane.stream);
  has_copied_ = true;
}

/// The block whose mixture is number `layer` of all.
int64_t Session::block_of(int64_t layer) const {
  int64_t block = 0;
  for (int64_t before = layer; before >= 0; ++block) before -= is_moe_.at(static_cast<size_t>(block));
  return block - 1;
}

void Session::replace(const Lane& lane, const device_api::ReplacedExpert& one) {
  const std::string prefix = "block" + std::to_string(block_of(one.layer)) + ".moe.";
  for (const Place& p : places_) {
    if (p.name != prefix + "w1" && p.name != prefix + "b1" && p.name != prefix + "w2" && p.name != prefix + "b2")
      continue;
    const int64_t each = p.size / shape_.experts;
    check(cudaMemcpyAsync(copied_values_.f32() + p.offset + one.expert * each, values_.f32() + p.offset + one.by * each,
                          static_cast<size_t>(each * kFloat), cudaMemcpyDeviceToDevice, lane.stream),
          "cudaMemcpyAsync");
  }
}

const Buffer& Session::flat(device_api::Flat what) {
  using enum device_api::Flat;
  if (what == values) return values_;
  if (what == gradients) return gradients_;
  Buffer& moment = moments_[what == moment0 ? 0 : 1];
  if (moment.tensor().empty()) {
    moment = Buffer(memory_, {num_floats_});
    check(cudaMemsetAsync(moment.f32(), 0, static_cast<size_t>(num_floats_ * kFloat), steps_.stream),
          "cudaMemsetAsync");
    steps_.stream.synchronize();
  }
  return moment;
}

void Session::write(device_api::Flat what, int64_t begin, int64_t count, const float* from) {
  if (has_copied_) values_copied_.hold(steps_.stream);
  check(cudaMemcpyAsync(flat(what).f32() + begin, from, static_cast<size_t>(count * kFloat), cudaMemcpyHostToDevice,
                        steps_.stream),
        "cudaMemcpyAsync");
  steps_.stream.synchronize();
}

void Session::read(device_api::Flat what, int64_t begin, int64_t count, float* to) {
  check(cudaMemcpyAsync(to, flat(what).f32() + begin, static_cast<size_t>(count * kFloat), cudaMemcpyDeviceToHost,
                        steps_.stream),
        "cudaMemcpyAsync");
  steps_.stream.synchronize();
}

void Session::forget_graphs() {
  steps_.stream.synchronize();  // none may be running
  if (beside_) beside_->stream.synchronize();
  for (const auto& one : captured_)
    for (Graph& graph : one->graphs) graph.clear();
}

void Session::reserve(Slot& slot) {
  const auto grow = [&](Buffer& buffer, int64_t bytes) {
    if (buffer.size() >= bytes && !buffer.tensor().empty()) return;
    forget_graphs();  // they hold the old address
    buffer = Buffer();
    buffer = Buffer(memory_, {std::max<int64_t>(bytes, 1)}, DType::u8);
  };
  grow(slot.device_in, slot.in->bytes);
  grow(slot.device_out, slot.out->device_bytes);
  const std::byte* before = slot.host_out.data();
  slot.host_in.reserve(std::max<int64_t>(slot.in->bytes, 1));
  if (slot.host_out.reserve(std::max<int64_t>(slot.out->bytes, 1)) != before) forget_graphs();
}

void Session::fill(Slot& slot, const device_api::StepInput& input) {
  const device_api::StepPlan& plan = slot.plan;
  const int64_t count = plan.parts * plan.images, tokens = count * extents_.tokens;
  const int64_t columns = extents_.experts * (shape_.router == RouterKind::soft ? extents_.slots_per_expert : 1);
  const auto put = [&](int64_t offset, const void* from, int64_t bytes) {
    if (from && bytes > 0) std::memcpy(slot.host_in.data() + offset, from, static_cast<size_t>(bytes));
  };
  if (plan.raw_images) {
    put(slot.in->raw, input.raw.bytes, count * extents_.image_floats);
    put(slot.in->places, input.raw.places, count * int64_t{sizeof(device_api::PlacedImage)});
    put(slot.in->table, input.raw.table, extents_.channels * 256 * kFloat);
    put(slot.in->labels, input.raw.labels, count * int64_t{sizeof(int32_t)});
    const float weights[] = {input.raw.weight, input.raw.successor_weight};
    if (plan.mixes) put(slot.in->weights, weights, sizeof weights);
  } else {
    put(slot.in->images, input.images, count * extents_.image_floats * kFloat);
    put(slot.in->targets, input.targets, count * extents_.output_rows * extents_.output_columns * kFloat);
  }
  put(slot.in->seeds, input.seeds, plan.parts * extents_.layers * int64_t{sizeof(uint64_t)});
  if (plan.given_noise) put(slot.in->noise, input.noise, tokens * columns * kFloat);
  if (plan.has_mask) put(slot.in->mask, input.mask, tokens);
  if (plan.experts_off) put(slot.in->off, input.off, extents_.layers * extents_.experts);
  if (plan.given_kept)
    put(slot.in->unit_off, input.unit_off, extents_.layers * num_units(plan, extents_) * extents_.experts);
  put(slot.in->forced, input.forced, plan.num_forced * int64_t{sizeof(device_api::ForcedToken)});
  put(slot.in->stretches, input.stretches, input.num_stretches * int64_t{sizeof(device_api::UpdateStretch)});
}

void Session::stage(int32_t number, const device_api::StepPlan& plan, const device_api::StepInput& input) {
  Slot& slot = slots_[static_cast<size_t>(number)];
  if (shape_.bare_layer) {  // what an image is to a model, a group of tokens is to a layer
    extents_.tokens = extents_.output_rows = plan.group_tokens;
    extents_.image_floats = plan.group_tokens * shape_.features;
  }
  slot.lane = number == device_api::kBesideSlot ? &beside() : &steps_;
  if (slot.lane == &steps_ && input.num_replaced > 0)
    throw DeviceError(Fault::failed, "experts were to be replaced in the values that training goes on from");
  slot.replaced.assign(input.replaced, input.replaced + input.num_replaced);
  if (slot.lane->network) slot.lane->network->prepare(plan);
  if (plan.update)
    for (int i = 0; i < (plan.optimizer == OptimizerKind::adamw ? 2 : 1); ++i)
      flat(i == 0 ? device_api::Flat::moment0 : device_api::Flat::moment1);
  if (slot.staged) slot.uploaded.synchronize();  // the pinned input is still being read
  slot.plan = plan;
  slot.num_stretches = input.num_stretches;
  slot.in.emplace(plan, extents_, input.num_stretches);
  slot.out.emplace(plan, extents_);
  reserve(slot);
  fill(slot, input);
  if (slot.launched) slot.finished.hold(copies_);  // its last step reads the device's copy until then
  if (slot.in->bytes > 0)
    check(cudaMemcpyAsync(slot.device_in.tensor().data(), slot.host_in.data(), static_cast<size_t>(slot.in->bytes),
                          cudaMemcpyHostToDevice, copies_),
          "cudaMemcpyAsync");
  slot.uploaded.record(copies_);
  slot.staged = true;
}

Session::Captured& Session::captured_for(const Slot& slot) {
  std::string key(slot.lane == &steps_ ? "s" : "b");
  key.append(reinterpret_cast<const char*>(&slot.plan), sizeof slot.plan);
  key += std::to_string(slot.num_stretches);
  for (const auto& one : captured_)
    if (one->key == key) return *one;
  if (captured_.size() == kMostPlans) {
    steps_.stream.synchronize();
    if (beside_) beside_->stream.synchronize();
    captured_.erase(captured_.begin());
  }
  captured_.push_back(std::make_unique<Captured>());
  captured_.back()->key = std::move(key);
  return *captured_.back();
}

void Session::launch(int32_t number) {
  Slot& slot = slots_[static_cast<size_t>(number)];
  if (!slot.staged) throw DeviceError(Fault::failed, "a step was launched that was not staged");
  Lane& lane = *slot.lane;
  if (&lane == beside_.get()) copy_values(slot);
  if (slot.plan.update && has_copied_) values_copied_.hold(lane.stream);
  slot.uploaded.hold(lane.stream);
  Captured& captured = captured_for(slot);
  if (!captured.measured) {
    const Arena::Mark empty = lane.arena.mark();
    try {
      queue_step(slot);
    } catch (...) {
      lane.arena.rewind(empty);  // what did not fit leaves nothing behind
      throw;
    }
    lane.arena.reset();  // one block from now on; waits for the device when there were several
    if (lane.arena.growths() != lane.arena_growths) forget_graphs();
    lane.arena_growths = lane.arena.growths();
    captured.measured = true;
  } else {
    Graph& graph = captured.graphs[static_cast<size_t>(number)];
    if (graph.empty()) graph.capture(lane.stream, [&] { queue_step(slot); });
    graph.launch(lane.stream);
  }
  slot.finished.record(lane.stream);
  slot.launched = true;
  keep_maps(slot);
  if (!slot.plan.update) return;
  updated_.record(lane.stream);
  has_updated_ = true;
}

device_api::StepResult Session::wait(int32_t number) {
  Slot& slot = slots_[static_cast<size_t>(number)];
  slot.finished.synchronize();
  const std::byte* out = slot.host_out.data();
  const auto at = [&](int64_t offset) { return out + offset; };
  device_api::StepResult result{};
  const auto* losses = reinterpret_cast<const double*>(at(slot.out->loss));
  for (int64_t part = 0; part < slot.plan.parts && slot.plan.backward; ++part) result.loss += losses[part];
  if (slot.plan.update) result.gradient_norm = *reinterpret_cast<const float*>(at(slot.out->norm));
  if (slot.plan.keep_outputs) result.logits = reinterpret_cast<const float*>(at(slot.out->logits));
  result.predicted = reinterpret_cast<const int32_t*>(at(slot.out->predicted));
  result.aux = reinterpret_cast<const float*>(at(slot.out->aux));
  if (slot.plan.input_gradient) result.input_gradient = reinterpret_cast<const float*>(at(slot.out->input_gradient));
  return result;
}

}  // namespace moescope::cuda
