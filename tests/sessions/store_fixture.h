// A folder for one test's store, and events to fill it with.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "compute/records/event.h"
#include "sessions/run_reader.h"
#include "sessions/run_writer.h"
#include "support/temp_folder.h"

namespace moescope {

class StoreTest : public testing::Test {
 protected:
  SessionStore open_writer() const { return {path_, SessionStore::Access::write}; }
  SessionStore open_reader() const { return {path_, SessionStore::Access::read}; }

  const TempFolder temp_;
  std::filesystem::path folder_ = temp_.path(), path_ = folder_ / "runs.db";
};

inline RunStarted a_start(const std::string& name = "a run") {
  RunStarted start;
  start.config.name = name;
  start.environment = {{"cpu", "Test CPU"}, {"threads", "2"}};
  start.num_parameters = 1234567;
  start.gflops_per_image = 0.25;
  return start;
}

inline Metric a_metric(const std::string& key, int64_t step, double value) {
  return {.key = key, .step = step, .wall_secs = static_cast<double>(step) * 0.5, .value = value};
}

inline MetricsTaken a_step(int64_t step, double loss) {
  return {{a_metric("train/loss", step, loss), a_metric("train/accuracy", step, 1 / (1 + loss))}};
}

/// `size` bytes that differ from one another and from those of another seed.
inline std::vector<std::byte> some_bytes(size_t size, uint32_t seed) {
  std::vector<std::byte> bytes(size);
  uint32_t state = seed * 2654435761u + 1;
  for (std::byte& byte : bytes) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<std::byte>(state >> 24);
  }
  return bytes;
}

inline CheckpointTaken a_checkpoint(int64_t step, size_t size, bool rolling = true) {
  return {.step = step,
          .wall_secs = static_cast<double>(step) * 0.5,
          .rolling = rolling,
          .reason = rolling ? "rolling" : "asked",
          .bytes = std::make_shared<const std::vector<std::byte>>(some_bytes(size, static_cast<uint32_t>(step)))};
}

/// What `action` throws as a StoreError; fails the test when it throws none.
template <class Action>
StoreError store_error(Action&& action) {
  try {
    action();
  } catch (const StoreError& error) { return error; }
  ADD_FAILURE() << "no StoreError was thrown";
  return {StoreProblem::other, "", "none"};
}

}  // namespace moescope
