// Reads a checkpoint from the store and builds the model that it fits.
#include "app/models/stored_model.h"

#include <algorithm>
#include <iostream>
#include <optional>

#include "app/options/config_options.h"
#include "app/options/run_lookup.h"
#include "app/options/store_path.h"
#include "compute/records/config_fields.h"
#include "compute/train/environment.h"
#include "compute/train/trainer.h"
#include "sessions/checkpoints.h"
#include "sessions/run_evaluations.h"
#include "sessions/store_error.h"

namespace moescope {

namespace {

bool may_change(std::string_view key) {
  return find_field(key).adjust == Adjust::live || (says_where(key) && key != "name") || key == "data.test_limit" ||
         key == "data.train_limit" || key == "train.micro_batch";
}

void apply_settings(RunConfig& config, const std::vector<std::string>& settings) {
  for (const std::string& setting : settings) {
    apply_setting(config, setting);
    const std::string key = setting.substr(0, setting.find('='));
    if (!may_change(key)) throw ConfigError(key + " shapes the stored model and cannot change; train a new run");
  }
}

/// Other limits, another folder: other data, and asked for.
bool names_data(const std::string& setting) {
  return setting.starts_with("data.") && !setting.starts_with("data.workers=");
}

}  // namespace

StoredModel load_stored_model(const std::string& store_asked, const std::string& run,
                              const std::vector<std::string>& settings, int64_t step, StepMatch match) {
  const SessionStore store = open_store_for_reading(store_asked);
  const RunReader reader(store);
  StoredModel stored;
  stored.run_id = find_run(reader, run, RunKind::model);
  const std::string name = "run " + std::to_string(stored.run_id);
  const std::optional<CheckpointInfo> info =
      find_checkpoint(reader, stored.run_id, step < 0 ? std::nullopt : std::optional(step), match);
  if (!info) throw UserError(name + " has no checkpoint to evaluate; let it train longer");
  const std::vector<std::byte> bytes = load_checkpoint(store.database(), info->checkpoint_id);
  const Checkpoint checkpoint = read_checkpoint(bytes, name + "'s checkpoint of step " + std::to_string(info->step));

  stored.trained_on = checkpoint.head.dataset_hash;
  stored.checkpoint_id = info->checkpoint_id;
  stored.step = checkpoint.head.place.step;
  stored.wall_secs = checkpoint.head.place.wall_secs;
  stored.config = checkpoint.head.config;
  stored.config.compute.device = DeviceKind::automatic;  // where it was trained says nothing about this machine
  apply_settings(stored.config, settings);
  stored.backend = make_backend(stored.config.compute);
  stored.dataset = open_dataset(stored.config.data);
  const ImageShape image = image_shape(stored.dataset->info());
  if (image.height != checkpoint.head.image.height || image.width != checkpoint.head.image.width ||
      image.channels != checkpoint.head.image.channels || image.classes != checkpoint.head.image.classes) {
    throw UserError(name + " was trained on images of another size or other classes than " +
                    stored.dataset->info().name + " has now; point data.path to the data set it was trained on");
  }
  // Other files under the same settings are a mistake.
  const std::string& now = stored.dataset->info().content_hash;
  if (std::none_of(settings.begin(), settings.end(), names_data) && !stored.trained_on.empty() &&
      stored.trained_on != now) {
    throw UserError(name + " was trained on other data (fingerprint " + stored.trained_on + ") than " +
                    stored.dataset->info().name + " holds here (" + now +
                    "); point it to its own with --set data.path=DIR, or name the data yourself to use it on these");
  }
  stored.model = std::make_unique<VisionTransformer>(stored.config, image);
  stored.model->parameters().allocate(*stored.backend, 0);
  restore_values(checkpoint, stored.model->parameters());
  return stored;
}

Replica replica_of(StoredModel& stored) {
  Replica replica;
  replica.config = stored.config;
  replica.label = {false, stored.run_id, stored.checkpoint_id, stored.step,
                   "run " + std::to_string(stored.run_id) + ", step " + std::to_string(stored.step)};
  replica.dataset = stored.dataset;
  replica.model = std::move(stored.model);
  return replica;
}

void tell_about_data(const StoredModel& stored) {
  if (const std::string left_out = warnings_text(stored.dataset->info()); !left_out.empty())
    std::cerr << "note: " << left_out << "\n";
  if (stored.trained_on.empty() || stored.trained_on == stored.dataset->info().content_hash) return;
  std::cerr << "note: the data set differs from the one that the run saw (other files, or other limits)\n";
}

void store_evaluations(const std::string& store_asked, const StoredModel& stored,
                       const std::vector<Evaluated>& evaluations) {
  try {
    const SessionStore store(store_path(store_asked), SessionStore::Access::edit);
    Transaction transaction(store.database());
    for (const Evaluated& one : evaluations) add_evaluation(store.database(), stored.run_id, one);
    transaction.commit();
  } catch (const StoreError& error) {
    std::cerr << "note: the evaluation was not stored with the run: " << error.what() << "\n";
  }
}

}  // namespace moescope
