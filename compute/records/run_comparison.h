// Chosen runs side by side: what differs between them and nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compute/records/stored_run.h"

namespace moescope {

/// A run as it was after some steps.
struct RunMoment {
  int64_t run_id = 0;
  int64_t step = -1;                              // -1: as far as it has come
  bool operator==(const RunMoment&) const = default;
};

/// "3", "3@400": as the command line writes it.
inline std::string moment_text(const RunMoment& moment) {
  return std::to_string(moment.run_id) + (moment.step >= 0 ? "@" + std::to_string(moment.step) : "");
}

/// A result or a setting: one text a run.
struct ComparedValue {
  std::string name;
  std::vector<std::string> values;
  std::vector<uint8_t> turned;                    // 1: a knob changed this setting while that run trained
};

/// A knob that was turned in some of the runs and not in all.
struct ComparedKnob {
  int64_t step = 0;
  std::string text;                               // "router.k 1 -> 2"
  std::vector<uint8_t> in_run;                    // 1: in that run
};

struct RunComparison {
  std::vector<RunMoment> asked;
  std::string refusal;                            // one sentence when they cannot be compared
  std::vector<std::string> labels;                // "3 vmoe-s", "3 vmoe-s at step 400"
  std::vector<int64_t> colors;                    // of the palette: seeds of one experiment share theirs, as in curves
  std::vector<ComparedValue> results, settings;   // settings: only those that differ
  std::vector<ComparedKnob> knobs;
  std::vector<std::string> metric_keys;           // that at least one of them has
  std::vector<std::vector<int64_t>> checkpoints;  // steps of the stored ones, of each run
};

}  // namespace moescope
