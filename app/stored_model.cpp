// Reads a checkpoint from the store and builds the model that it fits.
#include "app/stored_model.h"

#include "app/config_options.h"
#include "app/run_lookup.h"
#include "app/store_path.h"
#include "compute/records/config_fields.h"
#include "compute/train/trainer.h"
#include "sessions/checkpoints.h"

namespace moescope {

namespace {

bool may_change(std::string_view key) {
  return find_field(key).adjust == Adjust::live || key == "data.path" || key == "data.test_limit" ||
         key == "data.train_limit" || key == "data.workers" || key == "train.micro_batch" ||
         key.starts_with("compute.");
}

void apply_settings(RunConfig& config, const std::vector<std::string>& settings) {
  for (const std::string& setting : settings) {
    apply_setting(config, setting);
    const std::string key = setting.substr(0, setting.find('='));
    if (!may_change(key)) throw ConfigError(key + " shapes the stored model and cannot change; train a new run");
  }
}

}  // namespace

StoredModel load_stored_model(const std::string& store_asked, const std::string& run,
                              const std::vector<std::string>& settings) {
  const SessionStore store = open_store_for_reading(store_asked);
  const RunReader reader(store);
  StoredModel stored;
  stored.run_id = find_run(reader, run);
  const std::string name = "run " + std::to_string(stored.run_id);
  const std::optional<CheckpointInfo> info = reader.latest_checkpoint(stored.run_id);
  if (!info) throw UserError(name + " has no checkpoint to evaluate; let it train longer");
  const std::vector<std::byte> bytes = load_checkpoint(store.database(), info->checkpoint_id);
  const Checkpoint checkpoint = read_checkpoint(bytes, name + "'s checkpoint of step " + std::to_string(info->step));

  stored.trained_on = checkpoint.head.dataset_hash;
  stored.step = checkpoint.head.place.step;
  stored.config = checkpoint.head.config;
  apply_settings(stored.config, settings);
  stored.backend = make_backend(stored.config.compute);
  stored.dataset = open_dataset(stored.config.data);
  const ImageShape image = image_shape(stored.dataset->info());
  if (image.height != checkpoint.head.image.height || image.width != checkpoint.head.image.width ||
      image.channels != checkpoint.head.image.channels || image.classes != checkpoint.head.image.classes) {
    throw UserError(name + " was trained on images of another size or other classes than " +
                    stored.dataset->info().name + " has now; point data.path to the data set it was trained on");
  }
  stored.model = std::make_unique<VisionTransformer>(stored.config, image);
  stored.model->parameters().allocate(*stored.backend, 0);
  restore_values(checkpoint, stored.model->parameters());
  return stored;
}

}  // namespace moescope
