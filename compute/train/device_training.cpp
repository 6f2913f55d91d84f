// The plan of a step out of the configuration; sums and routings out of its result.
#include "compute/train/device_training.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "compute/data/augment.h"
#include "compute/eval/evaluator.h"
#include "compute/moe/router.h"
#include "compute/records/config_fields.h"
#include "compute/train/alike_parameters.h"

namespace moescope {
namespace {

using device_api::Flat;

/// As the CPU's AdamW: the corrections in double, from beta as float.
float correction(double beta, int64_t updates) {
  return static_cast<float>(
      1 / (1 - std::pow(static_cast<double>(static_cast<float>(beta)), static_cast<double>(updates))));
}

}  // namespace

bool DeviceStep::finite() const {
  return std::isfinite(loss) && std::isfinite(aux_loss) && std::isfinite(gradient_norm);
}

std::unique_ptr<DeviceTraining> DeviceTraining::make(const RunConfig& config, const DatasetInfo& data,
                                                     VisionTransformer& model, Optimizer& optimizer) {
  std::shared_ptr<DeviceModel> device = DeviceModel::make(config.compute, model);
  if (!device) return nullptr;
  const Normalizer normalizer(data, config.data.scale);
  return std::unique_ptr<DeviceTraining>(new DeviceTraining(std::move(device), normalizer, model, optimizer));
}

DeviceTraining::DeviceTraining(std::shared_ptr<DeviceModel> device, const Normalizer& normalizer,
                               VisionTransformer& model, Optimizer& optimizer)
    : model_(model), optimizer_(optimizer), device_(std::move(device)) {
  for (int64_t channel = 0; channel < normalizer.channels(); ++channel)
    for (int byte = 0; byte < 256; ++byte) table_.push_back(normalizer.value(channel, static_cast<uint8_t>(byte)));
}

device_api::StepPlan DeviceTraining::plan_for(const RunConfig& config) const {
  const TrainConfig& train = config.train;
  device_api::StepPlan plan = empty_plan();
  set_router(config.router, group_images(config.router) * model_.tokens_per_image(), true, plan);
  plan.images = std::min(train.micro_batch, train.batch_size);
  plan.parts = train.batch_size / plan.images;
  plan.gradient_scale = 1 / static_cast<float>(train.batch_size);
  plan.aux_scale = static_cast<float>(plan.images) / static_cast<float>(train.batch_size);
  set_update(train, plan);
  plan.loss = train.loss;
  plan.raw_images = 1;
  plan.mixes = train.mixup > 0;
  const TargetValues targets = target_values(train.label_smoothing, model_.image().classes);
  plan.target_on = targets.on, plan.target_off = targets.off;
  plan.backward = plan.update = 1;
  plan.keep_routing = !model_.moe_blocks().empty();
  return plan;
}

void set_update(const TrainConfig& train, device_api::StepPlan& plan) {
  plan.beta1 = static_cast<float>(train.beta1), plan.beta2 = static_cast<float>(train.beta2);
  plan.epsilon = static_cast<float>(train.epsilon), plan.momentum = static_cast<float>(train.momentum);
  plan.clip_norm = train.clip_norm;
  plan.optimizer = train.optimizer;
}

std::vector<device_api::UpdateStretch> update_stretches(const ParameterSet& parameters, const TrainConfig& train,
                                                        int64_t step, double learning_rate) {
  std::vector<device_api::UpdateStretch> stretches;
  for_each_alike(parameters, train, [&](const AlikeParameters& alike) {
    const int64_t updates = step - alike.first_step + 1;
    stretches.push_back({alike.begin, static_cast<float>(learning_rate), static_cast<float>(alike.weight_decay),
                         correction(train.beta1, updates), correction(train.beta2, updates)});
  });
  return stretches;
}

DeviceTraining::Ask DeviceTraining::ask_for(const RunConfig& config, int64_t step, double learning_rate) const {
  Ask ask;
  ask.plan = plan_for(config);
  for (int64_t part = 0; part < ask.plan.parts; ++part)
    for (const int64_t block : model_.moe_blocks())
      ask.seeds.push_back(router_noise_seed(static_cast<uint64_t>(config.train.seed), step, part, block));
  ask.stretches = update_stretches(model_.parameters(), config.train, step, learning_rate);
  ask.step = step;
  return ask;
}

void DeviceTraining::upload(int slot, const Ask& ask, const Batch& batch) {
  places_.clear();
  for (const Placement& p : batch.draws.placements)
    places_.push_back({static_cast<int32_t>(p.down), static_cast<int32_t>(p.right), p.mirrored});
  device_api::StepInput input{};
  input.raw = {batch.bytes.u8(),
               places_.data(),
               table_.data(),
               batch.labels.i32(),
               static_cast<float>(batch.draws.weight),
               static_cast<float>(1 - batch.draws.weight)};
  input.seeds = ask.seeds.data();
  input.stretches = ask.stretches.data(), input.num_stretches = static_cast<int64_t>(ask.stretches.size());
  device_->stage(slot, ask.plan, input);
}

void DeviceTraining::stage(const RunConfig& config, const Batch& batch, int64_t step, double learning_rate) {
  has_staged_ = false;
  staged_ = ask_for(config, step, learning_rate);
  upload(1 - slot_, staged_, batch);
  has_staged_ = true;
}

void DeviceTraining::begin(const RunConfig& config, const Batch& batch, int64_t step, double learning_rate) {
  running_ = ask_for(config, step, learning_rate);
  slot_ = 1 - slot_;
  if (!std::exchange(has_staged_, false) || !(staged_ == running_)) upload(slot_, running_, batch);
  device_->launch(slot_);
  values_behind_ = moments_behind_ = true;
  labels_.assign(batch.labels.i32(), batch.labels.i32() + batch.size());
}

DeviceStep DeviceTraining::end(const RunConfig& config, LoadObserver& loads) {
  const device_api::StepResult result = device_->end(slot_);
  const int64_t parts = running_.plan.parts, images = parts * running_.plan.images;
  const auto layers = static_cast<int64_t>(model_.moe_blocks().size());
  DeviceStep done;
  done.loss = result.loss;
  done.gradient_norm = result.gradient_norm;
  for (int64_t i = 0; i < parts * layers; ++i)
    done.aux_loss += static_cast<double>(result.aux[4 * i + 3]) / static_cast<double>(parts);
  for (int64_t i = 0; i < images; ++i) done.num_correct += result.predicted[i] == labels_[static_cast<size_t>(i)];
  observe(config, parts, loads);
  return done;
}

void DeviceTraining::observe(const RunConfig& config, int64_t parts, LoadObserver& loads) {
  const auto layers = static_cast<int64_t>(model_.moe_blocks().size());
  for (int64_t part = 0; part < parts; ++part)
    for (int64_t layer = 0; layer < layers; ++layer) {
      arena_.reset();
      loads.see(device_->routing(slot_, part, layer, config.router, arena_));
    }
}

void DeviceTraining::bring_back_values() {
  if (values_behind_) device_->read(Flat::values, model_.parameters().values());
  values_behind_ = false;
}

void DeviceTraining::bring_back() {
  bring_back_values();
  for (int i = 0; i < optimizer_.num_moments() && moments_behind_; ++i)
    device_->read(i == 0 ? Flat::moment0 : Flat::moment1, optimizer_.moment(i));
  moments_behind_ = false;
}

void DeviceTraining::bring_back_gradients() { device_->read(Flat::gradients, model_.parameters().gradients()); }

void DeviceTraining::send() {
  device_->write(Flat::values, model_.parameters().values());
  for (int i = 0; i < optimizer_.num_moments(); ++i)
    device_->write(i == 0 ? Flat::moment0 : Flat::moment1, optimizer_.moment(i));
  values_behind_ = moments_behind_ = false;
}

}  // namespace moescope
