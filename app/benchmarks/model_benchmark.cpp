// The benchmark's loop: the trainer itself on random images, then plain forward passes.
#include "app/benchmarks/model_benchmark.h"

#include <sys/resource.h>

#include "app/tools/timing.h"
#include "compute/backends/backend.h"
#include "compute/core/rng.h"
#include "compute/train/trainer.h"

namespace moescope {

namespace {

constexpr Repeats kRepeats = {.warm_up = 3, .least = 5};  // as the peer

class RandomImages final : public Dataset {
 public:
  RandomImages(const ImageShape& image, int64_t num_images) {
    info_.name = "random images";
    info_.num_train = info_.num_test = num_images;
    info_.height = image.height;
    info_.width = image.width;
    info_.channels = image.channels;
    for (int64_t c = 0; c < image.classes; ++c) info_.class_names.push_back(std::to_string(c));
    info_.mean.assign(static_cast<size_t>(image.channels), 0.5f);
    info_.std.assign(static_cast<size_t>(image.channels), 0.29f);  // of uniform bytes
    bytes_.resize(static_cast<size_t>(num_images * info_.bytes_per_image()));
    Rng draw(0, RngPurpose::test);
    for (uint8_t& byte : bytes_) byte = static_cast<uint8_t>(draw.below(256));
  }
  int32_t label(Split, int64_t i) const override { return static_cast<int32_t>(i % info_.num_classes()); }
  const uint8_t* pixels(Split, int64_t i, std::vector<uint8_t>&) const override {
    return bytes_.data() + i * info_.bytes_per_image();
  }

 private:
  std::vector<uint8_t> bytes_;
};

double train_secs(Trainer& trainer, double secs) {
  const auto one_step = [&] {
    if (trainer.step() == Trainer::Advance::diverged) {
      throw UserError("the benchmark diverged (" + trainer.divergence() + "); lower train.learning_rate");
    }
  };
  return median_secs(one_step, secs, kRepeats);
}

double infer_secs(VisionTransformer& model, Memory& memory, int64_t batch, double secs) {
  const ImageShape& image = model.image();
  const Buffer images(memory, {batch, image.height, image.width, image.channels});
  Rng(0, RngPurpose::test, 1).fill_normal(images.f32(), images.size(), 1);
  Arena arena(memory);
  const auto one_pass = [&] {
    arena.reset();
    Pass pass;
    pass.arena = &arena;
    pass.router = &model.config().router;
    model.forward(images, pass);
  };
  return median_secs(one_pass, secs, kRepeats);
}

int64_t peak_rss_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

}  // namespace

BenchmarkResult benchmark(const RunConfig& config, const ImageShape& image, double secs) {
  const auto backend = make_backend(config.compute);
  const int64_t batch = config.train.batch_size;
  Trainer trainer(config, std::make_shared<RandomImages>(image, 2 * batch), *backend);
  BenchmarkResult result;
  result.num_parameters = trainer.model().parameters().count();
  result.train_images_per_sec = static_cast<double>(batch) / train_secs(trainer, secs);
  result.infer_images_per_sec = static_cast<double>(batch) / infer_secs(trainer.model(), *backend, batch, secs);
  result.peak_rss_mib = peak_rss_mib();
  return result;
}

}  // namespace moescope
