// Memory, slots, and when a step is queued, captured or replayed.
#include "compute/cuda/session.h"

#include <algorithm>
#include <cstring>

namespace moescope::cuda {
namespace {

using device_api::Fault;

constexpr int64_t kFloat = sizeof(float);
constexpr size_t kMostPlans = 8;  // a live knob makes a new one; the oldest goes

/// Refuses what has no program yet, naming the setting.
void check_supported(const device_api::ModelShape& shape) {
  if (shape.router != RouterKind::dense && shape.experts < 1)
    throw DeviceError(Fault::refused, "a router without experts");
  if (!shape.bare_layer && shape.features / shape.heads > 256)
    throw DeviceError(Fault::refused, "heads wider than 256; raise model.heads");
}

}  // namespace

Session::Session(const device_api::ModelShape& shape, std::span<const device_api::ParameterPlace> parameters,
                 int64_t num_floats)
    : shape_(shape),
      is_moe_(shape.is_moe, shape.is_moe + shape.depth),
      blas_(memory_, shape.precision),
      fused_attention_(shape.precision == Precision::bfloat16 ? make_fused_attention() : nullptr),
      arena_(memory_),
      num_floats_(num_floats),
      values_(memory_, {num_floats}),
      gradients_(memory_, {num_floats}) {
  check_supported(shape);
  shape_.is_moe = is_moe_.data();
  check(cudaMemsetAsync(gradients_.f32(), 0, static_cast<size_t>(num_floats * kFloat), compute_), "cudaMemsetAsync");
  for (const device_api::ParameterPlace& p : parameters)
    weights_.add(p.name, {values_.f32() + p.offset, gradients_.f32() + p.offset, p.size});
  if (shape.depth > 0 || shape.bare_layer) network_.emplace(shape_, weights_, memory_);
  shape_.positions = nullptr;  // the caller's, and copied
  extents_.layers = network_ ? static_cast<int64_t>(network_->mixtures().size()) : 0;
  extents_.experts = shape.experts, extents_.slots_per_expert = shape.slots_per_expert;
  extents_.features = shape.features, extents_.router = shape.router, extents_.depth = shape.depth;
  extents_.output_columns = network_ ? network_->output_columns() : 0;
  extents_.output_rows = 1;
  if (network_ && !shape.bare_layer) {
    extents_.tokens = network_->tokens_per_image();
    extents_.image_floats = shape.height * shape.width * shape.channels;
  }
  compute_.synchronize();
}

Session::~Session() {
  cudaStreamSynchronize(compute_);
  cudaStreamSynchronize(copies_);
}

const Buffer& Session::flat(device_api::Flat what) {
  using enum device_api::Flat;
  if (what == values) return values_;
  if (what == gradients) return gradients_;
  Buffer& moment = moments_[what == moment0 ? 0 : 1];
  if (moment.tensor().empty()) {
    moment = Buffer(memory_, {num_floats_});
    check(cudaMemsetAsync(moment.f32(), 0, static_cast<size_t>(num_floats_ * kFloat), compute_), "cudaMemsetAsync");
    compute_.synchronize();
  }
  return moment;
}

void Session::write(device_api::Flat what, int64_t begin, int64_t count, const float* from) {
  check(cudaMemcpyAsync(flat(what).f32() + begin, from, static_cast<size_t>(count * kFloat), cudaMemcpyHostToDevice,
                        compute_),
        "cudaMemcpyAsync");
  compute_.synchronize();
}

void Session::read(device_api::Flat what, int64_t begin, int64_t count, float* to) {
  check(cudaMemcpyAsync(to, flat(what).f32() + begin, static_cast<size_t>(count * kFloat), cudaMemcpyDeviceToHost,
                        compute_),
        "cudaMemcpyAsync");
  compute_.synchronize();
}

void Session::forget_graphs() {
  compute_.synchronize();  // none may be running
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
  put(slot.in->images, input.images, count * extents_.image_floats * kFloat);
  put(slot.in->targets, input.targets, count * extents_.output_rows * extents_.output_columns * kFloat);
  put(slot.in->seeds, input.seeds, plan.parts * extents_.layers * int64_t{sizeof(uint64_t)});
  if (plan.given_noise) put(slot.in->noise, input.noise, tokens * columns * kFloat);
  if (plan.has_mask) put(slot.in->mask, input.mask, tokens);
  if (plan.experts_off) put(slot.in->off, input.off, extents_.layers * extents_.experts);
  put(slot.in->forced, input.forced, plan.num_forced * int64_t{sizeof(device_api::ForcedToken)});
  put(slot.in->stretches, input.stretches, input.num_stretches * int64_t{sizeof(device_api::UpdateStretch)});
}

void Session::stage(int32_t number, const device_api::StepPlan& plan, const device_api::StepInput& input) {
  Slot& slot = slots_[static_cast<size_t>(number)];
  if (shape_.bare_layer) {  // what an image is to a model, a group of tokens is to a layer
    extents_.tokens = extents_.output_rows = plan.group_tokens;
    extents_.image_floats = plan.group_tokens * shape_.features;
  }
  if (network_) network_->prepare(plan);
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
  std::string key(reinterpret_cast<const char*>(&slot.plan), sizeof slot.plan);
  key += std::to_string(slot.num_stretches);
  for (const auto& one : captured_)
    if (one->key == key) return *one;
  if (captured_.size() == kMostPlans) {
    compute_.synchronize();
    captured_.erase(captured_.begin());
  }
  captured_.push_back(std::make_unique<Captured>());
  captured_.back()->key = std::move(key);
  return *captured_.back();
}

void Session::launch(int32_t number) {
  Slot& slot = slots_[static_cast<size_t>(number)];
  if (!slot.staged) throw DeviceError(Fault::failed, "a step was launched that was not staged");
  slot.uploaded.hold(compute_);
  Captured& captured = captured_for(slot);
  if (!captured.measured) {
    const Arena::Mark empty = arena_.mark();
    try {
      queue_step(slot);
    } catch (...) {
      arena_.rewind(empty);  // what did not fit leaves nothing behind
      throw;
    }
    arena_.reset();  // one block from now on; waits for the device when there were several
    if (arena_.growths() != arena_growths_) forget_graphs();
    arena_growths_ = arena_.growths();
    captured.measured = true;
  } else {
    Graph& graph = captured.graphs[static_cast<size_t>(number)];
    if (graph.empty()) graph.capture(compute_, [&] { queue_step(slot); });
    graph.launch(compute_);
  }
  slot.finished.record(compute_);
  slot.launched = true;
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

device_api::RoutingView Session::routing(int32_t number, int64_t part, int64_t layer) const {
  const Slot& slot = slots_[static_cast<size_t>(number)];
  const RoutingLayout& l = slot.out->routing.at(static_cast<size_t>(part * extents_.layers + layer));
  const auto f32 = [&](int64_t offset) {
    return offset < 0 ? nullptr : reinterpret_cast<const float*>(slot.host_out.data() + offset);
  };
  const auto i32 = [&](int64_t offset) {
    return offset < 0 ? nullptr : reinterpret_cast<const int32_t*>(slot.host_out.data() + offset);
  };
  return {f32(l.logits),     f32(l.noisy_logits), f32(l.clean_gates), f32(l.gates),       i32(l.expert),
          i32(l.place),      i32(l.chosen),       i32(l.slot_token),  f32(l.slot_weight), f32(l.group_losses),
          f32(l.group_sums), f32(l.dispatch),     f32(l.combine),     f32(l.scale)};
}

device_api::LayersView Session::layers(int32_t number, int64_t part) const {
  const Slot& slot = slots_[static_cast<size_t>(number)];
  const std::byte* at = slot.host_out.data() + slot.out->layers.at(static_cast<size_t>(part));
  return {reinterpret_cast<const float*>(at), num_layer_stretches(extents_),
          slot.plan.images * extents_.tokens * extents_.features};
}

}  // namespace moescope::cuda
