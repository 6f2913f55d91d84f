// Weights out and in.
#include "app/models/weights_file.h"

#include <charconv>
#include <cmath>
#include <cstring>

#include "app/models/stored_model.h"
#include "compute/core/safetensors.h"
#include "compute/models/cost.h"
#include "compute/records/config_fields.h"
#include "compute/train/optimizer.h"
#include "sessions/run_writer.h"

namespace moescope {

namespace {

constexpr const char* kFormat = "moescope-weights-1";

int64_t number_in(const Safetensors& file, const std::string& key, const std::string& where) {
  const std::string& text = file.text(key);
  int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || value < 0) {
    throw UserError(where + ": its metadata says " + key + "=" + text + ", which is no number; export the run anew");
  }
  return value;
}

RunConfig config_in(const Safetensors& file) {
  RunConfig config;
  for (const auto& [key, value] : file.metadata()) {
    if (key.starts_with("config.")) set_field(config, key.substr(7), value);
  }
  return config;
}

void copy_values(const Safetensors& file, const std::string& where, const ParameterSet& parameters) {
  for (const NamedTensor& tensor : file.tensors()) {
    if (parameters.find(tensor.name) == nullptr) {
      throw UserError(where + ": the model that its metadata describes has no '" + tensor.name +
                      "'; export the run anew");
    }
  }
  for (const Parameter& parameter : parameters.all()) {
    const Tensor& values = file.at(parameter.name, parameter.shape);
    for (int64_t i = 0; i < values.size(); ++i) {
      if (!std::isfinite(values.f32()[i]))
        throw UserError(where + ": '" + parameter.name + "' holds a NaN or an infinity; a model cannot go on from it");
    }
    std::memcpy(parameter.value.data(), values.data(), static_cast<size_t>(values.size()) * sizeof(float));
  }
}

}  // namespace

void export_weights(const std::string& store, const std::string& run, const std::filesystem::path& file) {
  const StoredModel stored = load_stored_model(store, run, {});
  SafetensorsWriter writer;
  writer.set_text("format", kFormat);
  writer.set_text("step", std::to_string(stored.step));
  writer.set_text("dataset_hash", stored.trained_on);
  const ImageShape& image = stored.model->image();
  writer.set_text("image.height", std::to_string(image.height));
  writer.set_text("image.width", std::to_string(image.width));
  writer.set_text("image.channels", std::to_string(image.channels));
  writer.set_text("image.classes", std::to_string(image.classes));
  for (const FieldText& field : list_fields(stored.config))
    writer.set_text("config." + std::string(field.field.key), field.value);
  for (const Parameter& parameter : stored.model->parameters().all()) writer.add(parameter.name, parameter.value);
  writer.write(file.string());
}

int64_t import_weights(const SessionStore& store, const std::filesystem::path& path, const std::string& name) {
  const std::string where = path.string();
  const Safetensors file = Safetensors::read(where);
  const auto format = file.metadata().find("format");
  if (format == file.metadata().end() || format->second != kFormat) {
    throw UserError(where + " does not say which model its weights are of (its metadata lack format=" + kFormat +
                    "); only files of `moescope runs export --format safetensors` can be imported");
  }
  CheckpointHead head;
  head.config = config_in(file);
  if (!name.empty()) head.config.name = name;
  head.image = {number_in(file, "image.height", where), number_in(file, "image.width", where),
                number_in(file, "image.channels", where), number_in(file, "image.classes", where)};
  head.place.step = number_in(file, "step", where);
  head.dataset_hash = file.text("dataset_hash");
  const auto backend = make_backend(ComputeConfig{.device = DeviceKind::cpu});
  VisionTransformer model(head.config, head.image);
  model.parameters().allocate(*backend, 0);
  copy_values(file, where, model.parameters());
  // Adam's moments begin at nothing here, whatever the number of the step.
  for (Parameter& parameter : model.parameters().all()) parameter.first_step = head.place.step;
  const Optimizer optimizer(head.config.train.optimizer, model.parameters(), *backend);
  RunStarted start{head.config,
                   {{"imported_from", where}, {"dataset_hash", head.dataset_hash}},
                   model.parameters().count(),
                   model_cost(model).forward_flops * 1e-9};
  auto bytes = std::make_shared<const std::vector<std::byte>>(write_checkpoint(head, model.parameters(), optimizer));
  RunWriter writer(store);
  writer.write(std::vector<Event>{std::move(start),
                                  CheckpointTaken{head.place.step, 0, false, "imported", std::move(bytes)},
                                  StateChanged{head.place.step, 0, RunState::finished, "imported"}});
  return writer.run_id();
}

}  // namespace moescope
