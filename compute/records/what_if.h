// What if the model were asked differently: a value that says how a look, or an evaluation, differs from the model as
// it is. It never touches the weights or the run.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compute/records/command.h"
#include "compute/records/run_config.h"

namespace moescope {

// ---- the experts. `layer` is a block index, as everywhere.

/// The expert does no work: sparse choices of it are dropped, soft slots of it give zero; nobody's weight changes.
struct ExpertOff {
  int64_t layer = 0, expert = 0;
  bool operator==(const ExpertOff&) const = default;
};
/// What goes to `expert` is computed by the weights of `by`; routing stays. Two of them with the names exchanged swap
/// a pair of experts.
struct ExpertReplaced {
  int64_t layer = 0, expert = 0, by = 0;
  bool operator==(const ExpertReplaced&) const = default;
};
/// The patch's best choice is `expert`, at the weight that its best choice had (tokens_choice); its output comes from
/// this expert's slots alone, in the proportion they had (soft). experts_choice has no choice of a patch to force.
struct PatchForced {
  int64_t layer = 0, patch = 0, expert = 0;  // patch: row-major in the grid, the class token not counted
  bool operator==(const PatchForced&) const = default;
};

enum class KeepBy : uint8_t {
  combine,  // Algorithm 1 of the implicit-bias paper: the largest sums over the input's tokens of combine weight (gate)
  random,   // uniform, drawn anew for each input and layer from (seed, image, layer)
  load,     // the experts that are the best one of the most tokens
};
/// For each input (image) and each layer only `count` experts do their work, chosen by that layer's own routing. The
/// combine weights stay as they are: zeroing, not renormalising (PAPERS 2.5).
struct ExpertsKept {
  int64_t count = 0;  // 0: all
  KeepBy by = KeepBy::combine;
  uint64_t seed = 0;
  bool operator==(const ExpertsKept&) const = default;
};

// ---- the image, in pixels of the size that the model sees

struct OccludePatch {
  int64_t patch = 0;
  uint8_t value = 0;  // of every channel
  bool operator==(const OccludePatch&) const = default;
};
struct AddNoise {
  double deviation = 0;  // of normal noise, in steps of 0..255
  uint64_t seed = 0;
  bool operator==(const AddNoise&) const = default;
};
/// What leaves on one side is lost, what comes in is the value 0.
struct ShiftImage {
  int64_t right = 0, down = 0;
  bool operator==(const ShiftImage&) const = default;
};
/// A disc; a model of one channel sees the first colour.
struct PaintSpot {
  int64_t row = 0, column = 0, radius = 0;
  std::array<uint8_t, 3> color{255, 255, 255};
  bool operator==(const PaintSpot&) const = default;
};
using ImageEdit = std::variant<OccludePatch, AddNoise, ShiftImage, PaintSpot>;

/// Everything at once; a default one changes nothing.
struct WhatIf {
  std::vector<ExpertOff> off;
  std::vector<ExpertReplaced> replaced;
  std::vector<PatchForced> forced;
  ExpertsKept kept;
  std::optional<int64_t> k;               // tokens_choice
  std::optional<double> capacity_factor;  // sparse
  std::optional<bool> bpr;                // tokens_choice
  std::optional<double> temperature;
  std::optional<int64_t> slots_per_expert;  // soft: the first so many slots of each expert, at most those it has
  std::vector<ImageEdit> edits;             // in this order
  bool operator==(const WhatIf&) const = default;

  bool is_nothing() const { return *this == WhatIf{}; }
};

/// "expert 3:0 off, k 1, 4 experts kept by combine weight"; "as it is" when nothing is changed.
std::string describe(const WhatIf& what_if);

/// Throws ConfigError, naming what exists, when the model has no such layer, expert, patch or knob, when a value is
/// outside its range, and when every expert of a layer would be off. num_patches: of the grid, class token not counted.
void check(const WhatIf& what_if, const RunConfig& config, int64_t num_patches);

/// The router's knobs with those of `what_if` in their place.
RouterConfig knobs_under(const WhatIf& what_if, RouterConfig router);

/// The experts (E flags, 1: off) that `what_if` switches off in `layer`; empty when it switches none there.
std::vector<uint8_t> experts_off(const WhatIf& what_if, int64_t layer, int64_t num_experts);

/// "combine", "random", "load". Throws ConfigError naming the nearest for another word.
std::string_view name_of(KeepBy by);
KeepBy keep_by_named(const std::string& name);

}  // namespace moescope
