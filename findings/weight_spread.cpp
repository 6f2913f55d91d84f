// Sorts and counts.
#include "findings/weight_spread.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <numeric>

#include "compute/records/error.h"
#include "findings/analysis.h"

namespace moescope {

namespace {

constexpr double kHeavy = 2, kLight = 0.25;  // figure 24 left

std::string joined(const std::string& name, double number) { return name + "/" + text_of(number); }

/// 1, 2, 3, 4, 6, 8, 12, ... and `most`.
std::vector<int64_t> steps_up_to(int64_t most) {
  std::vector<int64_t> ks;
  for (uint64_t k = 1; k < static_cast<uint64_t>(most); k += k < 4 ? 1 : std::bit_floor(k) / 2)
    ks.push_back(static_cast<int64_t>(k));
  ks.push_back(most);
  return ks;
}

}  // namespace

const std::vector<double>& token_percentiles() {
  static const std::vector<double> all = {0, 1, 2, 5, 10, 15, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95, 98, 99, 100};
  return all;
}

const std::vector<double>& band_percentiles() {
  static const std::vector<double> all = {0.5, 2.5, 5, 10, 20, 80, 90, 95, 97.5, 99.5};
  return all;
}

CumulativeWeight::CumulativeWeight(int64_t most)
    : ks_(steps_up_to(most)), last_(ks_.size()), sums_(ks_.size()), counts_(ks_.size(), std::vector<int64_t>(kBins)) {}

int64_t CumulativeWeight::add(std::vector<float>& weights) {
  std::sort(weights.begin(), weights.end(), std::greater<>());
  double sum = 0;
  int64_t enough = std::ssize(weights);
  size_t next = 0;
  for (int64_t k = 1; k <= std::ssize(weights); ++k) {
    sum += weights[static_cast<size_t>(k - 1)];
    if (sum >= kMost && k < enough) enough = k;
    if (next == ks_.size() || ks_[next] != k) continue;
    last_[next] = sum, sums_[next] += sum;
    const auto bin = static_cast<int64_t>(sum * static_cast<double>(kBins));
    ++counts_[next++][static_cast<size_t>(std::clamp<int64_t>(bin, 0, kBins - 1))];
  }
  ++num_;
  return enough;
}

double CumulativeWeight::mean(size_t i) const { return sums_[i] / static_cast<double>(std::max<int64_t>(num_, 1)); }

double CumulativeWeight::quantile(size_t i, double part) const {
  const auto wanted = static_cast<int64_t>(std::ceil(part * static_cast<double>(num_)));
  int64_t below = 0;
  for (int64_t bin = 0; bin < kBins; ++bin) {
    below += counts_[i][static_cast<size_t>(bin)];
    if (below >= wanted) return (static_cast<double>(bin) + 0.5) / static_cast<double>(kBins);
  }
  return 1;
}

void WeightSpread::start(const Routing& routing) {
  if (routing.kind != RouterKind::soft)
    throw ConfigError("inspection needs a Soft MoE, with weights for every token and slot; set router.kind=soft");
  tokens_ = routing.tokens, slots_ = routing.dispatch.dim(1), experts_ = routing.experts;
  of_slots_.emplace(tokens_), of_tokens_.emplace(slots_);
  expert_sums_.assign(static_cast<size_t>(experts_), 0);
  by_slot_.assign(static_cast<size_t>(slots_), {std::vector<double>(of_slots_->ks().size()), 0});
}

void WeightSpread::add(const Routing& routing) {
  if (!of_slots_) start(routing);
  for (int64_t g = 0; g < routing.groups; ++g) {
    const int64_t first = g * routing.tokens * slots_;
    add_dispatch(routing.dispatch.f32() + first, routing.group_size(g));
    add_combine(routing.combine.f32() + first, routing.group_size(g));
    ++images_;
  }
}

void WeightSpread::add_dispatch(const float* dispatch, int64_t tokens) {
  for (int64_t t = 0; t < tokens; ++t)
    token_sums_.push_back(std::accumulate(dispatch + t * slots_, dispatch + (t + 1) * slots_, 0.F));
  for (int64_t q = 0; q < slots_; ++q) {
    row_.resize(static_cast<size_t>(tokens));
    for (int64_t t = 0; t < tokens; ++t) row_[static_cast<size_t>(t)] = dispatch[t * slots_ + q];
    Slot& slot = by_slot_[static_cast<size_t>(q)];
    slot.tokens_for_most += static_cast<double>(of_slots_->add(row_));
    for (size_t i = 0; i < slot.held.size(); ++i) slot.held[i] += of_slots_->last()[i];
  }
}

void WeightSpread::add_combine(const float* combine, int64_t tokens) {
  const int64_t per_expert = slots_ / experts_;
  for (int64_t t = 0; t < tokens; ++t) {
    row_.assign(combine + t * slots_, combine + (t + 1) * slots_);
    for (int64_t q = 0; q < slots_; ++q)
      expert_sums_[static_cast<size_t>(q / per_expert)] += row_[static_cast<size_t>(q)];
    of_tokens_->add(row_);
  }
}

void WeightSpread::report(int64_t layer, Values& values) const {
  if (!of_slots_) return;
  const std::string of = "/" + std::to_string(layer);
  report_tokens(of, values);
  report_slots(of, values);
  std::vector<double> share = expert_sums_;
  std::sort(share.begin(), share.end());
  for (size_t i = 0; i < share.size(); ++i)
    values[joined("expert_share" + of, static_cast<double>(i + 1))] = share[i] / share.front();
  values["expert_ratio" + of] = share.back() / share.front();
  const auto bands = [&](const std::string& name, const CumulativeWeight& weight) {
    for (size_t i = 0; i < weight.ks().size(); ++i) {
      const std::string at = joined(name + of, static_cast<double>(weight.ks()[i]));
      values[at + "/mean"] = weight.mean(i);
      for (const double percent : band_percentiles()) values[joined(at, percent)] = weight.quantile(i, percent / 100);
    }
  };
  bands("dispatch_mass", *of_slots_);
  bands("combine_mass", *of_tokens_);
}

void WeightSpread::report_tokens(const std::string& layer, Values& values) const {
  std::vector<float> sums = token_sums_;
  std::sort(sums.begin(), sums.end());
  const auto last = static_cast<double>(sums.size() - 1);
  for (const double percent : token_percentiles())
    values[joined("token_sum" + layer, percent)] = sums[static_cast<size_t>(std::lround(last * percent / 100))];
  const auto share = [&](auto&& is) {
    return 100 * static_cast<double>(std::count_if(sums.begin(), sums.end(), is)) / static_cast<double>(sums.size());
  };
  values["token_above_2" + layer] = share([](float sum) { return sum > kHeavy; });
  values["token_below_0.25" + layer] = share([](float sum) { return sum < kLight; });
}

void WeightSpread::report_slots(const std::string& layer, Values& values) const {
  std::vector<const Slot*> order;
  for (const Slot& slot : by_slot_) order.push_back(&slot);
  std::stable_sort(order.begin(), order.end(),
                   [](const Slot* a, const Slot* b) { return a->tokens_for_most < b->tokens_for_most; });
  const size_t place[] = {0, order.size() / 2, order.size() - 1};
  const auto images = static_cast<double>(images_);
  for (size_t which = 0; which < std::size(kShownSlots); ++which) {
    const Slot& slot = *order[place[which]];
    const std::string of = std::string("/") + kShownSlots[which] + layer;
    values["tokens_for_90" + of] = 100 * slot.tokens_for_most / images / static_cast<double>(tokens_);
    for (size_t i = 0; i < slot.held.size(); ++i)
      values[joined("slot" + of, static_cast<double>(of_slots_->ks()[i]))] = slot.held[i] / images;
  }
}

}  // namespace moescope
