// What a batch holds: its order, its augmentation, its targets. When it is made is BatchRing's business.
#include "compute/data/loader.h"

#include <algorithm>
#include <limits>

namespace moescope {
namespace {

constexpr int64_t kNoEnd = std::numeric_limits<int64_t>::max();

int64_t steps_of(const DatasetInfo& info, int64_t batch_size) {
  if (batch_size < 1 || batch_size > info.num_train) {
    throw ConfigError("train.batch_size = " + std::to_string(batch_size) + " does not fit the " +
                      std::to_string(info.num_train) + " training images of " + info.name +
                      ": set it to between 1 and that number");
  }
  return info.num_train / batch_size;
}

BatchRing::MakeMemory memory_for(const DatasetInfo& info, int64_t batch_size, bool raw) {
  return [&info, batch_size, raw] {
    return BatchMemory(batch_size, info.height, info.width, info.channels, info.num_classes(), raw);
  };
}

/// Points the batch's tensors at the first n rows of its memory.
void shape_batch(Batch& batch, BatchMemory& memory, int64_t n, bool with_targets) {
  const auto rows = [&](const Buffer& buffer) {
    return buffer.tensor().empty() ? Tensor() : buffer.tensor().rows(0, n);
  };
  batch.images = rows(memory.images), batch.labels = rows(memory.labels), batch.bytes = rows(memory.bytes);
  batch.targets = with_targets ? rows(memory.targets) : Tensor();
  batch.indices.resize(static_cast<size_t>(n));
}

}  // namespace

LoaderSettings LoaderSettings::of(const RunConfig& config) {
  return {config.train.batch_size,
          config.data.workers,
          config.data.scale,
          static_cast<uint64_t>(config.train.seed),
          Augmentation::of(config.train),
          false};
}

BatchLoader::BatchLoader(std::shared_ptr<const Dataset> dataset, const LoaderSettings& settings, int64_t first_step)
    : dataset_(std::move(dataset)),
      settings_(settings),
      normalizer_(dataset_->info(), settings.scale),
      steps_per_epoch_(steps_of(dataset_->info(), settings.batch_size)),
      augmentation_(settings.augmentation),
      worker_states_(static_cast<size_t>(settings.workers)),
      ring_(static_cast<int>(settings.workers), first_step, kNoEnd,
            memory_for(dataset_->info(), settings.batch_size, settings.raw),
            [this](Batch& batch, BatchMemory& memory, int worker) {
              prepare(batch, memory, worker_states_[static_cast<size_t>(worker)]);
            }) {}

Augmentation BatchLoader::augmentation() const {
  std::lock_guard lock(augmentation_mutex_);
  return augmentation_;
}

void BatchLoader::prepare(Batch& batch, BatchMemory& memory, WorkerState& state) const {
  const DatasetInfo& info = dataset_->info();
  const Augmentation augmentation = this->augmentation();
  const int64_t n = settings_.batch_size, image_size = info.bytes_per_image();
  batch.epoch = batch.step / steps_per_epoch_;
  if (state.epoch != batch.epoch) {
    state.order.resize(static_cast<size_t>(info.num_train));
    Rng(settings_.seed, RngPurpose::data_order, static_cast<uint64_t>(batch.epoch))
        .permutation(state.order.data(), info.num_train);
    state.epoch = batch.epoch;
  }
  shape_batch(batch, memory, n, augmentation.needs_targets());
  const int32_t* chosen = state.order.data() + batch.step % steps_per_epoch_ * n;
  std::copy(chosen, chosen + n, batch.indices.begin());
  for (int64_t i = 0; i < n; ++i) batch.labels.i32()[i] = dataset_->label(Split::train, chosen[i]);
  draw_batch(augmentation, settings_.seed, batch.step, n, batch.draws);
  const auto pixels = [&](int64_t i) { return dataset_->pixels(Split::train, chosen[i], state.pixels); };
  if (!settings_.raw) return make(batch, memory, pixels, state.first_row);
  for (int64_t i = 0; i < n; ++i) std::copy_n(pixels(i), image_size, batch.bytes.u8() + i * image_size);
}

template <class Pixels>
void BatchLoader::make(Batch& batch, BatchMemory& memory, Pixels&& pixels, std::vector<float>& first_row) const {
  const DatasetInfo& info = dataset_->info();
  const BatchDraws& draws = batch.draws;
  const int64_t n = batch.size(), image_size = info.bytes_per_image();
  for (int64_t i = 0; i < n; ++i)
    place(pixels(i), info.height, info.width, draws.placements[static_cast<size_t>(i)], normalizer_,
          memory.images.f32() + i * image_size);
  if (batch.targets.empty()) return;
  fill_targets(batch.labels.i32(), n, info.num_classes(), draws.smoothing, batch.targets.f32());
  if (!draws.mixes) return;
  mix_with_successor(batch.images.f32(), n, image_size, draws.weight, first_row);
  mix_with_successor(batch.targets.f32(), n, info.num_classes(), draws.weight, first_row);
}

const Batch& BatchLoader::made(const Batch& raw) {
  const DatasetInfo& info = dataset_->info();
  const int64_t n = raw.size();
  if (!made_memory_)
    made_memory_ = std::make_unique<BatchMemory>(n, info.height, info.width, info.channels, info.num_classes());
  made_ = raw;
  made_.images = made_memory_->images.tensor();
  made_.targets = raw.draws.mixes || raw.draws.smoothing > 0 ? made_memory_->targets.tensor() : Tensor();
  std::vector<float> first_row;
  make(
      made_, *made_memory_, [&](int64_t i) { return raw.bytes.u8() + i * info.bytes_per_image(); }, first_row);
  return made_;
}

void BatchLoader::seek(int64_t step, const Augmentation& augmentation) {
  {
    std::lock_guard lock(augmentation_mutex_);
    augmentation_ = augmentation;
  }
  ring_.seek(step);
}

EvalBatches::EvalBatches(std::shared_ptr<const Dataset> dataset, Split split, int64_t batch_size, PixelScale scale,
                         int64_t workers)
    : dataset_(std::move(dataset)),
      split_(split),
      batch_size_(std::max<int64_t>(1, std::min(batch_size, dataset_->size(split)))),
      num_batches_((dataset_->size(split) + batch_size_ - 1) / batch_size_),
      normalizer_(dataset_->info(), scale),
      scratch_(static_cast<size_t>(workers)),
      ring_(static_cast<int>(workers), 0, num_batches_, memory_for(dataset_->info(), batch_size_, false),
            [this](Batch& batch, BatchMemory& memory, int worker) {
              prepare(batch, memory, scratch_[static_cast<size_t>(worker)]);
            }) {}

void EvalBatches::prepare(Batch& batch, BatchMemory& memory, std::vector<uint8_t>& scratch) const {
  const DatasetInfo& info = dataset_->info();
  const int64_t first = batch.step * batch_size_, n = std::min(batch_size_, dataset_->size(split_) - first);
  batch.epoch = 0;
  shape_batch(batch, memory, n, false);
  for (int64_t i = 0; i < n; ++i) {
    batch.indices[static_cast<size_t>(i)] = static_cast<int32_t>(first + i);
    const uint8_t* pixels = dataset_->pixels(split_, first + i, scratch);
    normalizer_.apply(pixels, info.pixels_per_image(), batch.images.f32() + i * info.bytes_per_image());
    batch.labels.i32()[i] = dataset_->label(split_, first + i);
  }
}

}  // namespace moescope
