// The pieces of a step, and what surrounds them: knobs, saving, going back.
#include "compute/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <span>
#include <utility>

#include "compute/core/clock.h"
#include "compute/eval/evaluator.h"
#include "compute/models/cost.h"
#include "compute/moe/capacity.h"
#include "compute/ops/cross_entropy/cross_entropy.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/ops/reduce/reduce.h"
#include "compute/records/config_fields.h"
#include "compute/train/device_training.h"
#include "compute/train/divergence.h"
#include "compute/train/load_observer.h"
#include "compute/train/schedule.h"
#include "compute/train/watch.h"

namespace moescope {

namespace {

/// Gives the model its first values, and an optimiser.
std::unique_ptr<Optimizer> allocate(VisionTransformer& model, const TrainConfig& train, Memory& memory) {
  model.parameters().allocate(memory, static_cast<uint64_t>(train.seed));
  return std::make_unique<Optimizer>(train.optimizer, model.parameters(), memory);
}

LoaderSettings loader_settings(const RunConfig& config, bool on_device) {
  LoaderSettings settings = LoaderSettings::of(config);
  settings.raw = on_device;
  return settings;
}

int64_t images_at_once(const RunConfig& config) { return std::min(config.train.micro_batch, config.train.batch_size); }

}  // namespace

ImageShape image_shape(const DatasetInfo& info) { return {info.height, info.width, info.channels, info.num_classes()}; }

Trainer::Trainer(const RunConfig& config, std::shared_ptr<const Dataset> dataset, Memory& memory)
    : config_(config),
      dataset_(std::move(dataset)),
      model_(config_, image_shape(dataset_->info())),
      optimizer_(allocate(model_, config_.train, memory)),
      device_(DeviceTraining::make(config_, dataset_->info(), model_, *optimizer_)),
      loader_(dataset_, loader_settings(config_, device_ != nullptr)),
      arena_(memory),
      one_hot_(Shape{images_at_once(config_), dataset_->info().num_classes()}),
      loads_(std::make_unique<LoadObserver>(model_)),
      schedule_steps_(schedule_length(config_.train, loader_.steps_per_epoch())) {}

struct Trainer::BegunLook {
  Watcher::Begun begun;
};

Trainer::~Trainer() = default;

Trainer::Advance Trainer::advance() {
  const auto begin = std::chrono::steady_clock::now();
  const int64_t flops_before = flops_done();
  if (next_part_ == 0) begin_step();
  bool finite = device_ ? step_on_device() : micro_batch(next_part_++);
  const bool last = device_ || next_part_ * images_at_once(config_) >= config_.train.batch_size;
  if (!device_ && finite && last) finite = finish_step();
  secs_ += secs_since(begin);
  flops_ += flops_done() - flops_before;
  if (!finite) {
    abandon_step();
    return Advance::diverged;
  }
  if (!last) return Advance::working;
  report_.step_secs = secs_;
  report_.gflop = static_cast<double>(flops_) * 1e-9;
  next_part_ = 0;
  return Advance::stepped;
}

Trainer::Advance Trainer::step() {
  for (;;) {
    if (const Advance result = advance(); result != Advance::working) return result;
  }
}

void Trainer::abandon_step() { next_part_ = 0; }

void Trainer::begin_step() {
  if (!batch_) batch_ = &fetch_batch();
  batch_hash_ = checksum(std::as_bytes(std::span(batch_->indices)));
  model_.parameters().zero_gradients();
  loads_->begin();
  divergence_.clear();
  loss_sum_ = aux_sum_ = secs_ = 0;
  num_correct_ = flops_ = 0;
}

const Batch& Trainer::fetch_batch() {
  if (next_ && next_->step == step_) return *std::exchange(next_, nullptr);
  if (loader_.next_step() != step_) loader_.seek(step_, Augmentation::of(config_.train));
  next_ = nullptr;
  return loader_.next();
}

void Trainer::forget_batches() {
  batch_ = next_ = nullptr;
  if (device_) device_->forget_staged();
}

Tensor Trainer::targets_of(const Batch& batch, int64_t begin, int64_t end) const {
  if (!batch.targets.empty()) return batch.targets.rows(begin, end);
  const Tensor targets = one_hot_.tensor().rows(0, end - begin);
  fill_targets(batch.labels.i32() + begin, end - begin, targets.dim(1), 0, targets.f32());
  return targets;
}

bool Trainer::micro_batch(int64_t part) {
  const int64_t batch_size = config_.train.batch_size, begin = part * images_at_once(config_);
  const int64_t end = std::min(begin + images_at_once(config_), batch_size);
  const double share = static_cast<double>(end - begin) / static_cast<double>(batch_size);
  arena_.reset();
  Pass pass;
  pass.arena = &arena_;
  pass.router = &config_.router;
  pass.training = pass.backward = true;
  pass.seed = static_cast<uint64_t>(config_.train.seed);
  pass.step = step_;
  pass.part = part;
  pass.observer = loads_.get();

  const Tensor images = batch_->images.rows(begin, end);
  const Tensor logits = model_.forward(images, pass);
  num_correct_ += count_correct(logits, batch_->labels.i32() + begin);
  const Tensor dlogits = arena_.make(logits.shape());
  const double loss = cross_entropy(config_.train.loss, logits, targets_of(*batch_, begin, end), dlogits,
                                    1 / static_cast<float>(batch_size));
  const double aux = model_.aux_loss();
  if (!std::isfinite(loss) || !std::isfinite(aux)) {
    divergence_ =
        "the loss of step " + std::to_string(step_ + 1) + " is not finite: " + locate_divergence(model_, images, pass);
    return false;
  }
  loss_sum_ += loss;
  aux_sum_ += aux * share;  // the step's auxiliary loss is the mean over its groups
  model_.backward(dlogits, pass, share);
  return true;
}

bool Trainer::finish_step() {
  const TrainConfig& train = config_.train;
  const double norm = optimizer_->gradient_norm();
  if (!std::isfinite(norm)) {
    const std::string where = locate_bad_gradient(model_.parameters());
    divergence_ = "a gradient of step " + std::to_string(step_ + 1) + " is not finite" +
                  (where.empty() ? ": their squares add up to more than a number can hold" : ": " + where);
    return false;
  }
  const double rate = learning_rate(train, schedule_steps_, step_);
  optimizer_->update(train, step_, rate, clip_factor(norm, train.clip_norm));
  take_report(loss_sum_, aux_sum_, rate, norm);
  return true;
}

void Trainer::take_report(double loss, double aux_loss, double rate, double norm) {
  ++step_;
  report_.batch_hash = batch_hash_;
  batch_ = nullptr;
  const auto images = static_cast<double>(config_.train.batch_size);
  report_.step = step_;
  report_.loss = loss / images;
  report_.aux_loss = aux_loss;
  report_.accuracy = static_cast<double>(num_correct_) / images;
  report_.learning_rate = rate;
  report_.gradient_norm = norm;
  loads_->finish(step_, report_.layers);
}

bool Trainer::step_on_device() {
  const double rate = learning_rate(config_.train, schedule_steps_, step_);
  device_->begin(config_, *batch_, step_, rate);
  stage_next();
  const DeviceStep done = device_->end(config_, *loads_);
  flops_ += static_cast<int64_t>(model_cost(model_).train_flops) * config_.train.batch_size;
  if (!done.finite()) {
    describe_device_divergence();
    return false;
  }
  num_correct_ = done.num_correct;
  take_report(done.loss, done.aux_loss, rate, done.gradient_norm);
  return true;
}

/// While the GPU works on this step the next one's images go up. What goes wrong there is met again, and told, when
/// that step begins.
void Trainer::stage_next() {
  try {
    batch_ = nullptr;
    next_ = &loader_.next();
    device_->stage(config_, *next_, step_ + 1, learning_rate(config_.train, schedule_steps_, step_ + 1));
  } catch (const UserError&) { device_->forget_staged(); }
}

void Trainer::describe_device_divergence() {
  device_->bring_back_values();  // the step changed nothing
  batch_ = &loader_.made(fetch_batch());
  // The CPU does the step again, and looks where it breaks.
  bool finite = true;
  for (int64_t part = 0; finite && part * images_at_once(config_) < config_.train.batch_size; ++part)
    finite = micro_batch(part);
  if (!finite) return;
  device_->bring_back_gradients();
  const std::string where = locate_bad_gradient(model_.parameters());
  divergence_ = "a number of step " + std::to_string(step_ + 1) + " is not finite on the GPU" +
                (where.empty() ? "" : ": " + where);
}

VisionTransformer& Trainer::model() {
  if (device_) device_->bring_back_values();
  return model_;
}

const VisionTransformer& Trainer::model() const {
  if (device_) device_->bring_back_values();
  return model_;
}

std::shared_ptr<DeviceModel> Trainer::device() const { return device_ ? device_->device() : nullptr; }

std::vector<ImageView> Trainer::look(Watcher& watcher) {
  if (device_) {
    try {
      return watcher.look(model_, config_.router, step_, device_->device().get());
    } catch (const DeviceFault& fault) {  // where training fits, a look may not: the CPU has room
      if (fault.fault != device_api::Fault::out_of_memory) throw;
    }
  }
  return watcher.look(model(), config_.router, step_);
}

void Trainer::forget_look() { look_.reset(); }

bool Trainer::begin_look(Watcher& watcher) {
  forget_look();
  if (!device_) return false;
  try {
    Watcher::Begun begun = watcher.begin(model_, config_.router, step_, *device_->device());
    look_ = std::make_unique<BegunLook>(std::move(begun));
  } catch (const DeviceFault& fault) {  // where training fits, a copy of its values may not
    if (fault.fault != device_api::Fault::out_of_memory) throw;
  }
  return look_ != nullptr;
}

std::optional<std::vector<ImageView>> Trainer::end_look(Watcher& watcher) {
  if (!look_) return std::nullopt;
  return watcher.end(model_, std::move(std::exchange(look_, nullptr)->begun), *device_->device());
}

void Trainer::set_field(const std::string& key, const std::string& value) {
  if (find_field(key).adjust != Adjust::live) {
    throw ConfigError(key +
                      " shapes the model or the data and cannot change on a running model; start a new run with " +
                      key + "=" + value);
  }
  RunConfig changed = config_;
  moescope::set_field(changed, key, value);
  validate(changed, model_.image().height);
  const auto slots = [&](const RunConfig& config) {
    return soft_slots_per_expert(config.router, model_.tokens_per_image() * group_images(config.router));
  };
  if (config_.router.kind == RouterKind::soft && slots(config_) != slots(changed)) {
    throw ConfigError(key + "=" + value + " asks for " + std::to_string(slots(changed)) +
                      " slots per expert where the " + "model has " + std::to_string(slots(config_)) +
                      "; set router.slots_per_expert instead, which " + "gives the running model new slots");
  }
  const int64_t schedule_steps = schedule_length(changed.train, steps_per_epoch());
  abandon_step();
  const Augmentation before = Augmentation::of(config_.train), after = Augmentation::of(changed.train);
  config_ = std::move(changed);
  schedule_steps_ = schedule_steps;
  if (before == after) return;
  forget_batches();
  loader_.seek(step_, after);
}

void Trainer::take_over(const Trainer& before) {
  if (before.device_) before.device_->bring_back();
  const ParameterSet& all_theirs = before.model_.parameters();
  for (Parameter& mine : model_.parameters().all()) {
    const Parameter* theirs = all_theirs.find(mine.name);
    const bool kept = theirs != nullptr && theirs->shape == mine.shape;
    mine.first_step = kept ? theirs->first_step : before.step_;
    if (!kept) continue;
    copy(theirs->value, mine.value);
    const auto part = [](const Tensor& flat, const Parameter& p) {
      return flat.rows(p.offset, p.offset + p.shape.size());
    };
    for (int i = 0; i < std::min(optimizer_->num_moments(), before.optimizer_->num_moments()); ++i)
      copy(part(before.optimizer_->moment(i), *theirs), part(optimizer_->moment(i), mine));
  }
  if (device_) device_->send();
  step_ = before.step_;
  report_ = before.report_;
  abandon_step();
  forget_batches();
  loader_.seek(step_, Augmentation::of(config_.train));
}

std::vector<std::byte> Trainer::save(RunPlace place) const {
  place.step = step_;
  if (device_) device_->bring_back();
  return write_checkpoint({config_, std::move(place), model_.image(), dataset_->info().content_hash},
                          model_.parameters(), *optimizer_);
}

void Trainer::restore(const Checkpoint& checkpoint, bool other_data) {
  if (!other_data && checkpoint.head.dataset_hash != dataset_->info().content_hash) {
    throw FormatError(
        checkpoint.name + " was trained on other images (" + checkpoint.head.dataset_hash + ") than " +
        dataset_->info().name + " holds now (" + dataset_->info().content_hash +
        "); point data.path at the images it saw, or name it yourself, --set data.path=DIR, to go on with "
        "these");
  }
  RunConfig config = config_;
  for (const FieldText& field : list_fields(checkpoint.head.config)) {
    const std::string key(field.field.key), here = get_field(config_, key);
    if (field.field.adjust == Adjust::live)
      moescope::set_field(config, key, field.value);
    else if (here != field.value && !says_where(key)) {
      throw FormatError(checkpoint.name + " was saved with " + key + "=" + field.value + ", not " + here +
                        "; use the configuration it was saved with");
    }
  }
  restore_training(checkpoint, model_.parameters(), *optimizer_);
  if (device_) device_->send();
  config_ = std::move(config);
  schedule_steps_ = schedule_length(config_.train, steps_per_epoch());
  step_ = checkpoint.head.place.step;
  abandon_step();
  forget_batches();
  loader_.seek(step_, Augmentation::of(config_.train));
}

}  // namespace moescope
