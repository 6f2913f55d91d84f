// A stored run brought back to life for evaluation: its last checkpoint as a model, with its data set.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/options/run_lookup.h"
#include "compute/backends/backend.h"
#include "compute/data/dataset.h"
#include "compute/explore/replica.h"
#include "compute/models/vision_transformer.h"
#include "compute/records/event.h"
#include "compute/train/checkpoint.h"

namespace moescope {

struct StoredModel {
  RunConfig config;  // as the checkpoint saved it, with the settings asked for
  int64_t run_id = 0, checkpoint_id = 0, step = 0;
  double wall_secs = 0;              // of the checkpoint
  std::string trained_on;            // DatasetInfo::content_hash of the training data
  std::unique_ptr<Backend> backend;  // outlives the model
  std::shared_ptr<const Dataset> dataset;
  std::unique_ptr<VisionTransformer> model;
};

/// `run` as find_run takes it; `step` chooses the checkpoint, -1 the last one; StepMatch::up_to takes the last one at
/// or before it (checkpoint_up_to). `settings` ("key=value") may change live fields, data.path, data.test_limit,
/// data.workers and compute.*. Throws UserError: no such run, no checkpoint of that step, another setting, a data set
/// that is not the one trained on.
StoredModel load_stored_model(const std::string& store, const std::string& run,
                              const std::vector<std::string>& settings, int64_t step = -1,
                              StepMatch match = StepMatch::exact);

/// The stored model as something to look through. The data set and the model move.
Replica replica_of(StoredModel& stored);

/// Says on stderr what was left out of the data set, and when it is not the one that the run saw.
void tell_about_data(const StoredModel& stored);

/// Keeps evaluations with the run. Where the store cannot be written to, says so on stderr in one sentence.
void store_evaluations(const std::string& store, const StoredModel& stored, const std::vector<Evaluated>& evaluations);

}  // namespace moescope
