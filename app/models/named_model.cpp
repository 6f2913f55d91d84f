// The papers' models first, then the presets.
#include "app/models/named_model.h"

#include "app/models/paper_models.h"
#include "app/options/config_file.h"
#include "app/options/config_options.h"
#include "compute/core/error.h"
#include "compute/records/nearest_name.h"

namespace moescope {

namespace {

struct Found {
  NamedModel model;
  int64_t classes = 0;
};

Found find_model(const std::string& name) {
  std::vector<std::string> names;
  for (const PaperModel& model : load_paper_models()) {
    if (model.name == name) {
      Found found{{load_preset(model.preset), {}, model.steps.value_or(0), model.about}, model.classes};
      for (const std::string& setting : model.settings) apply_setting(found.model.config, setting);
      found.model.config.name = name;
      return found;
    }
    names.push_back(model.name);
  }
  for (const Preset& preset : list_presets()) {
    if (preset.name == name) return {{load_preset(name), {}, 0, preset.about}, 0};
    names.push_back(preset.name);
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  throw ConfigError("there is no model '" + name + "'; did you mean '" + std::string(nearest_name(name, views)) +
                    "'? `moescope plan --list` lists the papers' models, `moescope train --list-presets` the presets");
}

/// The images that the configuration would see, without opening its data set.
ImageShape planned_image(const RunConfig& config, int64_t asked_side, int64_t classes) {
  ImageShape shape{28, 28, 1, 10};
  switch (config.data.dataset) {
    case DatasetKind::fashion_mnist:
    case DatasetKind::handwritten_digits: break;
    case DatasetKind::fashion_scenes: shape = {56, 56, 1, 10}; break;
    case DatasetKind::cifar10: shape = {32, 32, 3, 10}; break;
    case DatasetKind::cifar100: shape = {32, 32, 3, 100}; break;
    case DatasetKind::folder: shape = {64, 64, 3, 1000}; break;
  }
  const int64_t side = asked_side > 0 ? asked_side : config.data.image_size;
  if (side > 0) shape.height = shape.width = side;
  if (classes > 0) shape.classes = classes;
  return shape;
}

}  // namespace

NamedModel named_model(const std::string& name, const std::vector<std::string>& settings, int64_t image,
                       int64_t classes) {
  Found found = find_model(name);
  RunConfig& config = found.model.config;
  for (const std::string& setting : settings) apply_setting(config, setting);
  if (config.data.dataset == DatasetKind::folder && config.data.path.empty()) config.data.path = ".";
  found.model.image = planned_image(config, image, classes > 0 ? classes : found.classes);
  return std::move(found.model);
}

}  // namespace moescope
