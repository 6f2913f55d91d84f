// Flags and ranks; the gates or weights themselves change only where a patch is forced.
#include "compute/moe/intervention.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "compute/core/error.h"
#include "compute/core/rng.h"
#include "compute/records/config_fields.h"

namespace moescope {
namespace {

/// A token's standing with each expert: its gates, or its combine weights summed over the expert's slots.
void standing(const Routing& r, int64_t token, double* out) {
  if (r.kind != RouterKind::soft) {
    std::copy_n(r.gates.f32() + token * r.experts, r.experts, out);
    return;
  }
  const float* row = r.combine.f32() + token * r.combine.dim(1);
  for (int64_t e = 0; e < r.experts; ++e, row += r.slots_per_expert)
    out[e] = std::accumulate(row, row + r.slots_per_expert, 0.0);
}

/// Inputs of the routing: images for tokens_choice, groups otherwise, where an expert serves a group as one.
int64_t num_units(const Routing& r) { return (r.total_tokens + r.unit_tokens - 1) / r.unit_tokens; }

/// The number of the routing's first input in the whole data set.
int64_t first_unit(const Pass& pass, const Routing& r) {
  return pass.image_tokens > 0 ? pass.first_image * pass.image_tokens / r.unit_tokens : pass.first_image;
}

struct Standing {
  std::vector<double> score, sum;  // (E) rank by score, then by sum
};

Standing standing_of_unit(const Pass& pass, const Routing& r, int64_t unit) {
  const auto experts = static_cast<size_t>(r.experts);
  Standing all{std::vector<double>(experts, 0), std::vector<double>(experts, 0)};
  const ExpertsKept& kept = pass.what_if->kept;
  if (kept.by == KeepBy::random) {
    Rng rng(kept.seed, RngPurpose::subset, static_cast<uint64_t>(first_unit(pass, r) + unit),
            static_cast<uint64_t>(r.layer));
    for (double& score : all.score) score = rng.uniform();
    return all;
  }
  std::vector<double> own(experts);
  const int64_t last = std::min((unit + 1) * r.unit_tokens, r.total_tokens);
  for (int64_t t = unit * r.unit_tokens; t < last; ++t) {
    standing(r, t, own.data());
    for (size_t e = 0; e < experts; ++e) all.sum[e] += own[e];
    if (kept.by == KeepBy::load)
      ++all.score[static_cast<size_t>(std::max_element(own.begin(), own.end()) - own.begin())];
  }
  if (kept.by == KeepBy::combine) all.score = all.sum;
  return all;
}

/// Calls change(token) for each image's token of each patch that is forced in this layer.
template <class Change>
void for_forced(const Pass& pass, const Routing& r, Change&& change) {
  if (pass.what_if == nullptr || pass.what_if->forced.empty()) return;
  const int64_t image_tokens = pass.image_tokens > 0 ? pass.image_tokens : r.total_tokens;
  for (const PatchForced& one : pass.what_if->forced) {
    if (one.layer != r.layer) continue;
    for (int64_t t = pass.first_patch + one.patch; t < r.total_tokens; t += image_tokens) change(t, one.expert);
  }
}

}  // namespace

void start_interventions(const Pass& pass, int64_t group_tokens, Routing& r, Arena& arena) {
  const auto layer = static_cast<size_t>(r.layer);
  if (pass.experts_off && layer < pass.experts_off->size() && !(*pass.experts_off)[layer].empty())
    r.expert_off = (*pass.experts_off)[layer].data();
  r.unit_tokens = r.kind == RouterKind::tokens_choice && pass.image_tokens > 0 ? pass.image_tokens : group_tokens;
  if (pass.what_if == nullptr) return;
  const WhatIf& what_if = *pass.what_if;
  if (const std::vector<uint8_t> off = experts_off(what_if, r.layer, r.experts); !off.empty()) {
    const Tensor merged = arena.make({r.experts}, DType::u8);
    for (int64_t e = 0; e < r.experts; ++e) merged.u8()[e] = off[static_cast<size_t>(e)] || r.is_off(e) ? 1 : 0;
    r.expert_off = merged.u8();
  }
  for (const ExpertReplaced& one : what_if.replaced) {
    if (one.layer != r.layer) continue;
    if (r.computed_by.empty()) {
      r.computed_by = arena.make({r.experts}, DType::i32);
      std::iota(r.computed_by.i32(), r.computed_by.i32() + r.experts, 0);
    }
    r.computed_by.i32()[one.expert] = static_cast<int32_t>(one.by);
  }
}

int64_t slots_under(const WhatIf& what_if, int64_t has) {
  const int64_t slots = what_if.slots_per_expert.value_or(has);
  if (slots < 1 || slots > has)
    throw ConfigError("slots per expert " + std::to_string(slots) + " is out of range; this model's experts have " +
                      std::to_string(has) + ", choose between 1 and that");
  return slots;
}

void force_gates(const Pass& pass, const Routing& r) {
  for_forced(pass, r, [&](int64_t token, int64_t expert) {
    float* gates = r.gates.f32() + token * r.experts;
    std::swap(gates[expert], *std::max_element(gates, gates + r.experts));
  });
}

void force_combine(const Pass& pass, const Routing& r) {
  const int64_t slots = r.slots_per_expert;
  for_forced(pass, r, [&](int64_t token, int64_t expert) {
    float* row = r.combine.f32() + token * r.combine.dim(1);
    float* own = row + expert * slots;
    const float sum = std::accumulate(own, own + slots, 0.0f);
    std::fill(row, own, 0.0f);
    std::fill(own + slots, row + r.combine.dim(1), 0.0f);
    // weights so small that they underflowed say nothing about proportions
    for (float* slot = own; slot < own + slots; ++slot) *slot = sum > 0 ? *slot / sum : 1 / static_cast<float>(slots);
  });
}

void choose_kept(const Pass& pass, Routing& r, Arena& arena) {
  if (pass.what_if == nullptr || pass.what_if->kept.count == 0 || pass.what_if->kept.count >= r.experts) return;
  const auto count = static_cast<size_t>(pass.what_if->kept.count);
  const int64_t units = num_units(r);
  r.unit_off = arena.make({units, r.experts}, DType::u8);
  std::memset(r.unit_off.data(), 1, static_cast<size_t>(r.unit_off.size()));
  for (int64_t unit = 0; unit < units; ++unit) {
    const Standing all = standing_of_unit(pass, r, unit);
    std::vector<int64_t> order;
    for (int64_t e = 0; e < r.experts; ++e)
      if (!r.is_off(e)) order.push_back(e);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      const auto i = static_cast<size_t>(a), j = static_cast<size_t>(b);
      return all.score[i] != all.score[j] ? all.score[i] > all.score[j] : all.sum[i] > all.sum[j];
    });
    if (order.size() > count) order.resize(count);
    for (const int64_t e : order) r.unit_off.u8()[unit * r.experts + e] = 0;
  }
}

}  // namespace moescope
