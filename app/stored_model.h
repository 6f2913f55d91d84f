// A stored run brought back to life for evaluation: its last checkpoint as a model, with its data set.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "compute/backends/backend.h"
#include "compute/data/dataset.h"
#include "compute/models/vision_transformer.h"
#include "compute/train/checkpoint.h"

namespace moescope {

struct StoredModel {
  RunConfig config;  // as the checkpoint saved it, with the settings asked for
  int64_t run_id = 0, step = 0;
  std::string trained_on;            // DatasetInfo::content_hash of the training data
  std::unique_ptr<Backend> backend;  // outlives the model
  std::shared_ptr<const Dataset> dataset;
  std::unique_ptr<VisionTransformer> model;
};

/// `run` as find_run takes it. `settings` ("key=value") may change live fields, data.path, data.test_limit,
/// data.workers and compute.*. Throws UserError: no such run, no checkpoint, another setting, a data set that is not
/// the one trained on.
StoredModel load_stored_model(const std::string& store, const std::string& run,
                              const std::vector<std::string>& settings);

}  // namespace moescope
