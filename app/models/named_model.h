// A model by its name, a paper's or a preset's, with the images that it would see: what is costed without training.
#pragma once

#include <string>
#include <vector>

#include "compute/models/vision_transformer.h"

namespace moescope {

struct NamedModel {
  RunConfig config;
  ImageShape image;
  double steps = 0;  // of the paper's training; 0: not said
  std::string about;
};

/// `settings` are "key=value", applied last. image: side in pixels, classes: of the head; 0: as the configuration's
/// data set has them. Throws ConfigError, naming the nearest name.
NamedModel named_model(const std::string& name, const std::vector<std::string>& settings, int64_t image,
                       int64_t classes);

}  // namespace moescope
