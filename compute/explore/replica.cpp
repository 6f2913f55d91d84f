// Values are copied flat: two models of one configuration lay out their parameters alike.
#include "compute/explore/replica.h"

#include <atomic>
#include <cstring>

#include "compute/core/error.h"
#include "compute/records/config_fields.h"
#include "compute/train/checkpoint.h"
#include "compute/train/trainer.h"

namespace moescope {
namespace {

std::unique_ptr<VisionTransformer> empty_model(const RunConfig& config, const ImageShape& image) {
  auto model = std::make_unique<VisionTransformer>(config, image);
  model->parameters().allocate_values(host_memory());
  return model;
}

int64_t next_model_number() {
  static std::atomic<int64_t> built = 0;
  return ++built;
}

bool same(const ImageShape& a, const ImageShape& b) {
  return a.height == b.height && a.width == b.width && a.channels == b.channels && a.classes == b.classes;
}

/// Live settings aside: a running model may be given other routers.
bool same_model(const RunConfig& a, const RunConfig& b) {
  const std::vector<FieldText> ours = list_fields(a), theirs = list_fields(b);
  for (size_t i = 0; i < ours.size(); ++i)
    if (ours[i].field.adjust != Adjust::live && ours[i].value != theirs[i].value) return false;
  return true;
}

void copy_values(const Tensor& from, const Tensor& to) {
  check_shape(from.size() == to.size(), [&] {
    return "replica: " + describe("from", from) + " and " + describe("to", to) + " are not one model's";
  });
  std::memcpy(to.f32(), from.f32(), static_cast<size_t>(from.bytes()));
}

}  // namespace

void Replica::take(const PublishedWeights& weights) {
  if (!model || dataset != weights.dataset || !same_model(config, weights.config)) {
    model = empty_model(weights.config, weights.image);
    model_number = next_model_number();
  }
  copy_values(weights.values, model->parameters().values());
  config = weights.config;
  dataset = weights.dataset;
  version = weights.version;
  label = {true, weights.run_id, 0, weights.step, "live, step " + std::to_string(weights.step)};
}

Replica Replica::copy() const {
  Replica other{config, label, version, dataset, empty_model(model->config(), model->image()), next_model_number()};
  copy_values(model->parameters().values(), other.model->parameters().values());
  return other;
}

Replica Replica::of_checkpoint(std::span<const std::byte> bytes, const std::string& name, ModelLabel label,
                               std::shared_ptr<const Dataset> dataset) {
  const Checkpoint checkpoint = read_checkpoint(bytes, name);
  if (!same(image_shape(dataset->info()), checkpoint.head.image)) {
    throw UserError(name + " was trained on images of another size or other classes than " + dataset->info().name +
                    " has; point data.path to the data set it was trained on");
  }
  Replica replica;
  replica.config = checkpoint.head.config;
  replica.label = std::move(label);
  replica.label.live = false;
  replica.label.step = checkpoint.head.place.step;
  replica.dataset = std::move(dataset);
  replica.model = empty_model(replica.config, checkpoint.head.image);
  replica.model_number = next_model_number();
  restore_values(checkpoint, replica.model->parameters());
  return replica;
}

}  // namespace moescope
