// What a WhatIf says in words, and whether a model can be asked it.
#include "compute/records/what_if.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <sstream>

#include "compute/records/config_fields.h"
#include "compute/records/nearest_name.h"

namespace moescope {

namespace {

constexpr std::array<std::string_view, 3> kKeepNames{"combine", "random", "load"};

std::string number(int64_t value) { return std::to_string(value); }
std::string name_of(int64_t layer, int64_t expert) { return "expert " + number(layer) + ":" + number(expert); }

std::string plain(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

[[noreturn]] void refuse(const std::string& what, const std::string& remedy) {
  throw ConfigError(what + "; " + remedy);
}

// ---- words

struct DescribeEdit {
  std::string operator()(const OccludePatch& e) const { return "patch " + number(e.patch) + " occluded"; }
  std::string operator()(const AddNoise& e) const { return "noise of deviation " + plain(e.deviation); }
  std::string operator()(const ShiftImage& e) const {
    return "shifted by " + number(e.right) + "," + number(e.down) + " pixels";
  }
  std::string operator()(const PaintSpot& e) const {
    return "a spot of radius " + number(e.radius) + " at row " + number(e.row) + ", column " + number(e.column);
  }
};

// ---- what exists

/// Checks one WhatIf against one model; each member is about one kind of change.
class Checker {
 public:
  Checker(const RunConfig& config, int64_t num_patches)
      : config_(config), moe_(moe_layers(config.model, config.router)), num_patches_(num_patches) {}

  void expert(int64_t layer, int64_t expert) const {
    this->layer(layer, name_of(layer, expert) + " does not exist");
    if (expert < 0 || expert >= config_.router.num_experts) {
      refuse(name_of(layer, expert) + " does not exist",
             "layer " + number(layer) + " has experts 0 to " + number(config_.router.num_experts - 1));
    }
  }

  void patch(int64_t patch) const {
    if (patch < 0 || patch >= num_patches_) {
      refuse("patch " + number(patch) + " does not exist", "the image has patches 0 to " + number(num_patches_ - 1));
    }
  }

  void forced(const PatchForced& one) const {
    expert(one.layer, one.expert);
    patch(one.patch);
    if (config_.router.kind == RouterKind::experts_choice) {
      refuse("a patch cannot be forced to an expert under experts_choice, where experts choose",
             "switch the other experts off instead");
    }
  }

  void kept(const ExpertsKept& kept) const {
    if (kept.count == 0) return;
    need(config_.router.kind != RouterKind::dense, "experts kept " + number(kept.count), "the model is dense");
    in_range("experts kept", static_cast<double>(kept.count), 1, static_cast<double>(config_.router.num_experts));
  }

  void knobs(const WhatIf& w) const {
    const RouterKind kind = config_.router.kind;
    const bool by_token = kind == RouterKind::tokens_choice, sparse = by_token || kind == RouterKind::experts_choice;
    if (w.k) {
      need(by_token, "k", "only tokens_choice has it, and this model is " + std::string(choice_name(kind)));
      in_range("k", static_cast<double>(*w.k), 1, static_cast<double>(config_.router.num_experts));
    }
    if (w.bpr) need(by_token, "bpr", "only tokens_choice has it, and this model is " + std::string(choice_name(kind)));
    if (w.capacity_factor) {
      need(sparse, "capacity factor",
           "only sparse routers have one, and this model is " + std::string(choice_name(kind)));
      in_range("capacity factor", *w.capacity_factor, find_field("router.capacity_factor").min,
               find_field("router.capacity_factor").max);
    }
    if (w.temperature) {
      need(kind != RouterKind::dense, "temperature", "the model is dense and has no router");
      in_range("temperature", *w.temperature, find_field("router.temperature").min,
               find_field("router.temperature").max);
    }
    if (w.slots_per_expert) {
      need(kind == RouterKind::soft, "slots per expert",
           "only soft routers have them, and this model is " + std::string(choice_name(kind)));
      const int64_t has = config_.router.slots_per_expert;  // 0: the capacity factor decides; the router looks then
      in_range("slots per expert", static_cast<double>(*w.slots_per_expert), 1,
               has > 0 ? static_cast<double>(has) : find_field("router.slots_per_expert").max);
    }
  }

  void operator()(const OccludePatch& e) const { patch(e.patch); }
  void operator()(const AddNoise& e) const { in_range("noise deviation", e.deviation, 0, 255); }
  void operator()(const ShiftImage&) const {}
  void operator()(const PaintSpot& e) const { in_range("radius", static_cast<double>(e.radius), 0, 1024); }

  void some_left(const WhatIf& w) const {
    for (size_t layer = 0; layer < moe_.size(); ++layer) {
      if (!moe_[layer]) continue;
      const std::vector<uint8_t> off = experts_off(w, static_cast<int64_t>(layer), config_.router.num_experts);
      if (!off.empty() && std::count(off.begin(), off.end(), 0) == 0)
        refuse("every expert of layer " + number(static_cast<int64_t>(layer)) + " is off", "switch one on");
    }
  }

 private:
  void layer(int64_t layer, const std::string& what) const {
    if (layer >= 0 && layer < static_cast<int64_t>(moe_.size()) && moe_[static_cast<size_t>(layer)]) return;
    std::string layers;
    for (size_t i = 0; i < moe_.size(); ++i) {
      if (moe_[i]) layers += (layers.empty() ? "" : ", ") + std::to_string(i);
    }
    refuse(what, layers.empty() ? "the model is dense" : "the layers with experts are " + layers);
  }
  static void need(bool has, const std::string& knob, const std::string& why) {
    if (!has) refuse(knob + " cannot be changed here", why);
  }
  static void in_range(const std::string& name, double value, double min, double max) {
    if (!(value >= min && value <= max))
      refuse(name + " " + plain(value) + " is out of range", "choose between " + plain(min) + " and " + plain(max));
  }

  const RunConfig& config_;
  std::vector<bool> moe_;
  int64_t num_patches_;
};

}  // namespace

std::string_view name_of(KeepBy by) { return kKeepNames[static_cast<size_t>(by)]; }

KeepBy keep_by_named(const std::string& name) {
  const auto found = std::find(kKeepNames.begin(), kKeepNames.end(), name);
  if (found == kKeepNames.end()) {
    throw ConfigError("experts are not kept by '" + name + "'; did you mean " +
                      std::string(nearest_name(name, kKeepNames)) + "? There are combine, random and load");
  }
  return static_cast<KeepBy>(found - kKeepNames.begin());
}

std::string describe(const WhatIf& w) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  for (const ExpertOff& one : w.off) add(name_of(one.layer, one.expert) + " off");
  for (const ExpertReplaced& one : w.replaced) add(name_of(one.layer, one.expert) + " computed by " + number(one.by));
  for (const PatchForced& one : w.forced)
    add("patch " + number(one.patch) + " forced to " + name_of(one.layer, one.expert));
  if (w.kept.count > 0) {
    std::string kept = number(w.kept.count) + (w.kept.count == 1 ? " expert" : " experts") + " kept by ";
    kept += w.kept.by == KeepBy::combine ? "combine weight" : std::string(name_of(w.kept.by));
    if (w.kept.by == KeepBy::random) kept += " (seed " + std::to_string(w.kept.seed) + ")";
    add(kept);
  }
  if (w.k) add("k " + number(*w.k));
  if (w.capacity_factor) add("capacity factor " + plain(*w.capacity_factor));
  if (w.bpr) add(*w.bpr ? "BPR on" : "BPR off");
  if (w.temperature) add("temperature " + plain(*w.temperature));
  if (w.slots_per_expert)
    add(number(*w.slots_per_expert) + (*w.slots_per_expert == 1 ? " slot" : " slots") + " per expert");
  for (const ImageEdit& edit : w.edits) add(std::visit(DescribeEdit{}, edit));
  return text.empty() ? "as it is" : text;
}

void check(const WhatIf& w, const RunConfig& config, int64_t num_patches) {
  const Checker checker(config, num_patches);
  for (const ExpertOff& one : w.off) checker.expert(one.layer, one.expert);
  for (const ExpertReplaced& one : w.replaced) {
    checker.expert(one.layer, one.expert);
    checker.expert(one.layer, one.by);
  }
  for (const PatchForced& one : w.forced) checker.forced(one);
  checker.kept(w.kept);
  checker.knobs(w);
  for (const ImageEdit& edit : w.edits) std::visit(checker, edit);
  checker.some_left(w);
}

RouterConfig knobs_under(const WhatIf& w, RouterConfig router) {
  if (w.k) router.k = *w.k;
  if (w.capacity_factor) router.capacity_factor = router.eval_capacity_factor = *w.capacity_factor;
  if (w.bpr) router.bpr = *w.bpr;
  if (w.temperature) router.temperature = *w.temperature;
  return router;
}

std::vector<uint8_t> experts_off(const WhatIf& w, int64_t layer, int64_t num_experts) {
  std::vector<uint8_t> off;
  for (const ExpertOff& one : w.off) {
    if (one.layer != layer || one.expert < 0 || one.expert >= num_experts) continue;
    off.resize(static_cast<size_t>(num_experts), 0);
    off[static_cast<size_t>(one.expert)] = 1;
  }
  return off;
}

}  // namespace moescope
