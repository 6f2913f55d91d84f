// Walks the folder, runs each case, and finds the tensor that comes nearest to its tolerance.
#include "compute/conform/conform.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>

#include "compute/backends/implementations.h"
#include "compute/conform/conform_kinds.h"
#include "compute/conform/tolerances.h"
#include "compute/core/error.h"
#include "compute/records/config_fields.h"

namespace moescope {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> golden_paths(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".safetensors") paths.push_back(entry.path().string());
  if (error) throw FormatError(folder + ": cannot be listed (" + error.message() + "); name a folder of golden files");
  if (paths.empty()) throw FormatError(folder + ": holds no *.safetensors files");
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// How far a tensor has used up its tolerance; more than 1 fails. NaN counts as infinitely far.
double share_of_tolerance(double deviation, double tolerance) {
  if (std::isnan(deviation)) return std::numeric_limits<double>::infinity();
  if (tolerance > 0) return deviation / tolerance;
  return deviation == 0 ? 0 : std::numeric_limits<double>::infinity();
}

void compare(const GoldenCase& golden, const GoldenResults& results, const Tolerance& tolerance, ConformLine& line) {
  double worst = -1;
  for (const NamedTensor& want : golden.file.tensors()) {
    const bool is_output = want.name.starts_with("out."), is_gradient = want.name.starts_with("grad.");
    if (!is_output && !is_gradient) continue;
    const Tensor* got = results.find(want.name);
    const double allowed = is_output ? tolerance.output : tolerance.gradient;
    const double distance = got ? deviation(*got, want.tensor) : std::numeric_limits<double>::infinity();
    const double share = share_of_tolerance(distance, allowed);
    if (share <= worst) continue;
    worst = share;
    line.tensor = want.name;
    line.deviation = distance;
    line.tolerance = allowed;
    line.message = got ? "" : "not computed";
  }
  if (worst < 0) line.message = "the file holds nothing to compare with";
  line.verdict = worst >= 0 && worst <= 1 ? ConformLine::Verdict::passed : ConformLine::Verdict::failed;
}

struct Engine {
  InstructionSet set = InstructionSet::automatic;
  std::shared_ptr<const DevicePlugin> device;
  std::string name;  // of the device's backend
};

ConformLine run_file(const std::string& path, const Engine& engine,
                     const std::map<std::string, Tolerance>& tolerances) {
  const UseInstructionSet use(engine.set);
  ConformLine line;
  line.file = fs::path(path).stem().string();
  line.instructions = engine.set;
  line.backend = engine.name;
  try {
    GoldenCase golden = GoldenCase::read(path);
    golden.device = engine.device;
    line.kind = golden.kind;
    const auto tolerance = tolerances.find(line.file);
    const GoldenKind* kind = find_golden_kind(golden.kind);
    if (!kind) {
      line.verdict = ConformLine::Verdict::skipped;
      line.message = "no runner for kind " + golden.kind;
    } else if (engine.device && !kind->on_device) {
      line.verdict = ConformLine::Verdict::skipped;
      line.message = "the GPU program computes nothing of kind " + golden.kind;
    } else if (tolerance == tolerances.end() && !kind->exact) {
      line.message = "INDEX.md does not list it with its tolerances";
    } else {
      GoldenResults results;
      kind->run(golden, results);
      line.parity = results.parity;
      compare(golden, results, kind->exact ? Tolerance{0, 0} : tolerance->second, line);
    }
  } catch (const std::exception& error) { line.message = error.what(); }
  return line;
}

const char* verdict_name(ConformLine::Verdict verdict) {
  return verdict == ConformLine::Verdict::passed   ? "passed"
         : verdict == ConformLine::Verdict::failed ? "FAILED"
                                                   : "skipped";
}

ConformSummary run_files(const std::string& folder, const std::vector<Engine>& engines,
                         const std::function<void(const ConformLine&)>& report) {
  const std::vector<std::string> paths = golden_paths(folder);
  const std::map<std::string, Tolerance> tolerances = read_tolerances(folder);
  ConformSummary summary;
  for (const std::string& path : paths)
    for (const Engine& engine : engines) {
      const ConformLine line = run_file(path, engine, tolerances);
      using enum ConformLine::Verdict;
      ++(line.verdict == passed ? summary.passed : line.verdict == failed ? summary.failed : summary.skipped);
      report(line);
    }
  return summary;
}

}  // namespace

ConformSummary run_conform(const std::string& folder, const std::vector<InstructionSet>& sets,
                           const std::function<void(const ConformLine&)>& report) {
  std::vector<Engine> engines;
  for (const InstructionSet set : sets) engines.push_back({set, nullptr, ""});
  return run_files(folder, engines, report);
}

ConformSummary run_conform(const std::string& folder, const std::shared_ptr<const DevicePlugin>& device,
                           const std::string& backend, const std::function<void(const ConformLine&)>& report) {
  return run_files(folder, {{InstructionSet::automatic, device, backend}}, report);
}

std::string describe(const ConformLine& line) {
  char text[256];
  std::snprintf(text, sizeof text, "%-26s %-9s %-10s %-8s", line.file.c_str(), line.kind.c_str(),
                line.backend.empty() ? std::string(choice_name(line.instructions)).c_str() : line.backend.c_str(),
                verdict_name(line.verdict));
  std::string out = text;
  if (!line.tensor.empty()) {
    std::snprintf(text, sizeof text, "%.1e of %.0e allowed at ", line.deviation, line.tolerance);
    out += text + line.tensor;
  }
  if (!line.message.empty()) out += (line.tensor.empty() ? "" : ": ") + line.message;
  return out;
}

std::string describe(const ConformSummary& summary) {
  return std::to_string(summary.passed) + " passed, " + std::to_string(summary.failed) + " failed, " +
         std::to_string(summary.skipped) + " skipped (no runner for their kind)";
}

}  // namespace moescope
