// A model to look through: its own values, no gradients, and a label that says whose they are.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "compute/data/dataset.h"
#include "compute/models/vision_transformer.h"
#include "compute/records/look.h"
#include "compute/train/weight_exchange.h"

namespace moescope {

struct Replica {
  RunConfig config;  // as it evaluates
  ModelLabel label;
  int64_t version = 0;  // PublishedWeights::version; 0 for a checkpoint
  std::shared_ptr<const Dataset> dataset;
  std::unique_ptr<VisionTransformer> model;
  int64_t model_number = 0;  // of all that this process has built: tells two models from each other

  /// Takes the values in; builds the model first when there is none or another one is needed.
  void take(const PublishedWeights& weights);
  /// The same values in a model of its own.
  Replica copy() const;
  /// From a stored checkpoint. `name` is what errors call it. Throws FormatError, and UserError when the data set is
  /// not of the size and classes that the model was made for.
  static Replica of_checkpoint(std::span<const std::byte> bytes, const std::string& name, ModelLabel label,
                               std::shared_ptr<const Dataset> dataset);
};

}  // namespace moescope
