// Replays golden files (results of the papers' public code) and compares: outputs and gradients, on every kernel.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compute/backends/cuda/plugin.h"
#include "compute/records/parity.h"
#include "compute/records/run_config.h"

namespace moescope {

/// What came of one file under one instruction set.
struct ConformLine {
  enum class Verdict { passed, failed, skipped };
  std::string file;  // "soft_basic"
  std::string kind;  // "moe"
  InstructionSet instructions = InstructionSet::automatic;
  std::string backend;  // "cuda-host"; empty: the CPU under `instructions`
  Verdict verdict = Verdict::failed;
  std::string tensor;    // the one nearest to, or furthest beyond, its tolerance
  double deviation = 0;  // max|a-b| / max(1, max|b|) of it; NaN when it is not a number
  double tolerance = 0;
  std::optional<Parity> parity;  // whole models on a device: their layers beside the CPU's
  std::string message;           // why it failed or was skipped, when numbers do not say it
};

struct ConformSummary {
  int64_t passed = 0, failed = 0, skipped = 0;
  bool ok() const { return failed == 0 && passed > 0; }
};

/// Runs every *.safetensors of `folder`, in name order, once for each of `sets`, and reports each line as it comes.
/// Tolerances are those of the folder's INDEX.md; a file that it does not list fails. Kinds without a runner are
/// skipped, and counted. Throws FormatError when the folder has no such files or no INDEX.md.
ConformSummary run_conform(const std::string& folder, const std::vector<InstructionSet>& sets,
                           const std::function<void(const ConformLine&)>& report);

/// The same, each file once, on a GPU plug-in that lines call `backend`. Kinds that no GPU program computes are
/// skipped.
ConformSummary run_conform(const std::string& folder, const std::shared_ptr<const DevicePlugin>& device,
                           const std::string& backend, const std::function<void(const ConformLine&)>& report);

/// "soft_basic       moe   avx2   passed   2.1e-07 of 1e-05 allowed at grad.param.w1".
std::string describe(const ConformLine& line);
/// "47 passed, 0 failed, 6 skipped (kinds without a runner: rl, rl_td)".
std::string describe(const ConformSummary& summary);

}  // namespace moescope
