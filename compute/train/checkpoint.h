// A run on disk: configuration, place in the run, parameters and the optimiser's moments, checked when read.
//
// Format, little-endian:  "MOESCOPE" | u32 version | u32 0 | u64 bytes of body | u64 checksum of body | body
//   body:  u32 fields, each (text key, text value) of config_fields.h
//          u32 facts, each (text key, text value): what RunPlace and the data set hold, and "first_step NAME" for
//          parameters whose first update was not step 0
//          u32 optimiser kind, u32 moments M
//          u32 parameters, each: text name, u32 rank, i64 extents, then (1 + M) times f32 values: value, moments
//   text:  u32 bytes, then UTF-8.  Fields and facts that are missing keep their default, so both may grow.
// Random state and data order need no bytes: both are functions of (seed, step).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "compute/models/vision_transformer.h"
#include "compute/nn/parameters.h"
#include "compute/records/run_config.h"
#include "compute/train/optimizer.h"

namespace moescope {

/// Where a run stands when it is saved.
struct RunPlace {
  int64_t step = 0;        // updates done; the next batch is that of this step
  double wall_secs = 0;    // since the run began, pauses included
  double active_secs = 0;  // pauses not included
  std::string stop_rule;
  double test_accuracy = -1, test_loss = -1;  // of the last evaluation
  int64_t test_step = -1;
};

/// What a checkpoint is about, and all that is needed to build the model it fits.
struct CheckpointHead {
  RunConfig config;  // with every live change applied so far
  RunPlace place;
  ImageShape image;
  std::string dataset_hash;  // DatasetInfo::content_hash
};

/// A checkpoint that has been read and found whole. The spans point into the bytes it was read from.
struct Checkpoint {
  struct Entry {
    std::string name;
    Shape shape;
    int64_t first_step = 0;                          // Parameter::first_step
    std::vector<std::span<const std::byte>> arrays;  // value, then moments
  };
  CheckpointHead head;
  OptimizerKind optimizer = OptimizerKind::adamw;
  std::vector<Entry> entries;
  std::string name;  // what errors call it
};

std::vector<std::byte> write_checkpoint(const CheckpointHead& head, const ParameterSet& parameters,
                                        const Optimizer& optimizer);

/// Checks everything that can be checked without a model. `name` is what errors call it, such as "checkpoint run.ckpt".
/// Throws FormatError: not a checkpoint, made by a newer version, truncated, damaged (checksum), unknown settings.
Checkpoint read_checkpoint(std::span<const std::byte> bytes, const std::string& name);

/// Sets the values of `parameters`. Throws FormatError naming the parameter when names or shapes differ; nothing is
/// changed then.
void restore_values(const Checkpoint& checkpoint, const ParameterSet& parameters);
/// Values, first steps and the optimiser's moments. Throws FormatError also when the optimiser is of another kind.
void restore_training(const Checkpoint& checkpoint, ParameterSet& parameters, const Optimizer& optimizer);

/// Checksum of the body: FNV-1a over 64-bit words in four lanes, so that it costs a tenth of writing the bytes.
uint64_t checksum(std::span<const std::byte> bytes);

}  // namespace moescope
