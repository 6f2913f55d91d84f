// The models of the papers by name, and how their published numbers compare with ours.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compute/models/vision_transformer.h"
#include "compute/studies/study.h"

namespace moescope {

/// One entry of assets/paper_models.json, where the fields are explained.
struct PaperModel {
  std::string name, about, preset, parameters, source;
  std::vector<std::string> settings;
  int64_t classes = 0;
  std::optional<double> gflops, steps, exaflops, relative_gflops;
  bool einsum = false;
};

/// Throws ConfigError naming file and entry for a damaged table.
std::vector<PaperModel> load_paper_models();

/// Not allocated: only to be counted. Images of 224 x 224 x 3.
VisionTransformer build_paper_model(const PaperModel& model);

/// One published number beside ours.
struct Agreement {
  std::string model, quantity, paper, ours, source;
  double deviation = 0;  // ours / theirs - 1; of printed digits 0 when they are the same
  bool agrees = false;
};

/// Parameters must print as the paper's digits, cut off or rounded; GFLOPs within 0.7 %, exaFLOPs within 1 %, relative
/// GFLOPs within 1 % of theirs: what PAPERS.md 1.4 found the closed formula to reach on the tables.
std::vector<Agreement> compare_with_papers(const std::vector<PaperModel>& models);

/// The agreements as numbers, for recipe R0: "paper/QUANTITY/MODEL" and "here/..." (parameters in millions),
/// "deviation/...", "agrees/..." (1 or 0).
StudyOutcome count_paper_models(const StudyCase& study, const StudyProgress& progress);

/// Whether `count` prints as "933M", "1.8B" or "3446.0M", cut off or rounded.
bool prints_as(double count, const std::string& digits);

}  // namespace moescope
