// Sums over groups, a few threads at a time; the same threads give the same bits.
#include <algorithm>
#include <cmath>

#include "compute/backends/thread_pool.h"
#include "compute/moe/loop_math.h"
#include "compute/moe/observe.h"

namespace moescope {
namespace {

/// -sum p log p in nats; 0 log 0 is 0. terms holds n numbers of scratch, may be p.
double entropy(const float* p, int64_t n, float* terms) {
  float sum = 0;
  constexpr float kTiny = 1e-30f;  // adds nothing, and has a logarithm
  for (int64_t i = 0; i < n; ++i) terms[i] = p[i] * loop_log(p[i] > kTiny ? p[i] : kTiny);
  for (int64_t i = 0; i < n; ++i) sum -= terms[i];
  return sum;
}

double largest(const float* p, int64_t n) {
  float most = p[0];
  for (int64_t i = 1; i < n; ++i) most = p[i] > most ? p[i] : most;
  return most;
}

double share(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

double variation(const std::vector<float>& v) {
  double mean = 0, variance = 0;
  for (float one : v) mean += one;
  mean /= static_cast<double>(v.size());
  for (float one : v) variance += (one - mean) * (one - mean);
  return mean > 0 ? std::sqrt(variance / static_cast<double>(v.size())) / mean : 0;
}

/// Each count over the mean count; zeros when nothing was counted.
void over_fair_share(const std::vector<int64_t>& counts, std::vector<float>& out) {
  int64_t total = 0;
  for (int64_t count : counts) total += count;
  out.resize(counts.size());
  for (size_t e = 0; e < counts.size(); ++e)
    out[e] = static_cast<float>(share(counts[e] * static_cast<int64_t>(counts.size()), total));
}

}  // namespace

void ExpertLoadAccumulator::reset() {
  for (Part& part : parts_) {
    std::fill(part.importance.begin(), part.importance.end(), 0.0);
    part.entropy = part.combine_max = part.dispatch_max = 0;
    part.dropped = 0;
  }
  std::fill(executed_.begin(), executed_.end(), 0);
  tokens_ = groups_ = choices_ = places_ = slots_ = 0;
  importance_loss_ = load_loss_ = gshard_loss_ = 0;
}

void ExpertLoadAccumulator::start(const Routing& r) {
  const auto experts = static_cast<size_t>(r.experts), threads = static_cast<size_t>(cpu_pool().num_threads());
  const auto columns = static_cast<size_t>(r.experts * std::max<int64_t>(1, r.slots_per_expert));
  if (executed_.size() != experts || last_.router != r.kind || parts_.size() != threads ||
      parts_[0].row.size() < columns) {
    parts_.assign(threads, Part());
    executed_.assign(experts, 0);
    for (Part& part : parts_) part.importance.resize(experts), part.row.resize(columns);
    reset();
  }
  last_.router = r.kind;
  last_.layer = r.layer;
  last_.capacity = r.kind == RouterKind::soft ? r.slots_per_expert : r.capacity;
  last_.actual_capacity_factor =
      r.kind == RouterKind::soft ? share(r.slots_per_expert * r.experts, r.tokens) : r.actual_capacity_factor;
  last_.entropy_max = std::log(static_cast<double>(r.experts));
  last_.scale = r.kind == RouterKind::soft ? r.scale : 0;
  last_.uniform_dispatch = r.kind == RouterKind::soft ? share(1, r.tokens) : 0;
  last_.uniform_combine = r.kind == RouterKind::soft ? share(1, r.experts * r.slots_per_expert) : 0;
}

void ExpertLoadAccumulator::add_gates(const Routing& r) {
  parallel_for(r.groups, 1, [&](int64_t begin, int64_t end, int thread) {
    Part& part = parts_[static_cast<size_t>(thread)];
    const int64_t last = (end - 1) * r.tokens + r.group_size(end - 1);
    for (int64_t t = begin * r.tokens; t < last; ++t) {
      const float* gates = r.gates.f32() + t * r.experts;
      for (int64_t e = 0; e < r.experts; ++e) part.importance[static_cast<size_t>(e)] += gates[e];
      part.entropy += entropy(gates, r.experts, part.row.data());
      part.dropped += r.pairs.token_begin[t + 1] == r.pairs.token_begin[t];
    }
  });
  for (int64_t e = 0; e < r.experts; ++e)
    executed_[static_cast<size_t>(e)] += r.pair_expert_offset.i32()[e + 1] - r.pair_expert_offset.i32()[e];
  for (int64_t g = 0; g < r.groups; ++g) places_ += r.experts * r.group_capacity(g);
  choices_ += r.kind == RouterKind::tokens_choice ? r.total_tokens * r.k : 0;
}

void ExpertLoadAccumulator::add_soft(const Routing& r) {
  const int64_t per_expert = r.slots_per_expert, slots = r.experts * per_expert;
  parallel_for(r.groups, 1, [&](int64_t begin, int64_t end, int thread) {
    Part& part = parts_[static_cast<size_t>(thread)];
    float* row = part.row.data();
    for (int64_t g = begin; g < end; ++g) {
      const int64_t first = g * r.tokens, last = first + r.group_size(g);
      for (int64_t t = first; t < last; ++t) {
        const float* combine = r.combine.f32() + t * slots;
        for (int64_t e = 0; e < r.experts; ++e) {
          row[e] = 0;
          for (int64_t j = 0; j < per_expert; ++j) row[e] += combine[e * per_expert + j];
          part.importance[static_cast<size_t>(e)] += row[e];
        }
        part.entropy += entropy(row, r.experts, row);
        part.combine_max += largest(combine, slots);
      }
      std::copy(r.dispatch.f32() + first * slots, r.dispatch.f32() + (first + 1) * slots, row);
      for (int64_t t = first + 1; t < last; ++t) {
        const float* dispatch = r.dispatch.f32() + t * slots;
        for (int64_t q = 0; q < slots; ++q) row[q] = std::max(row[q], dispatch[q]);
      }
      for (int64_t q = 0; q < slots; ++q) part.dispatch_max += row[q];
    }
  });
  slots_ += r.groups * slots;
}

void ExpertLoadAccumulator::add(const Routing& r) {
  start(r);
  if (r.kind == RouterKind::soft)
    add_soft(r);
  else
    add_gates(r);
  const auto groups = static_cast<double>(r.groups);
  tokens_ += r.total_tokens;
  groups_ += r.groups;
  importance_loss_ += groups * r.importance_loss;
  load_loss_ += groups * r.load_loss;
  gshard_loss_ += groups * r.gshard_loss;
}

void ExpertLoadAccumulator::result(ExpertLoad& out) const {
  const bool soft = last_.router == RouterKind::soft;
  out.router = last_.router;
  out.layer = last_.layer;
  out.num_tokens = tokens_;
  out.capacity = last_.capacity;
  out.actual_capacity_factor = last_.actual_capacity_factor;
  out.entropy_max = last_.entropy_max;
  out.scale = last_.scale;
  out.uniform_dispatch = last_.uniform_dispatch;
  out.uniform_combine = last_.uniform_combine;

  const auto tokens = static_cast<double>(std::max<int64_t>(1, tokens_)),
             groups = static_cast<double>(std::max<int64_t>(1, groups_));
  const auto slots = static_cast<double>(std::max<int64_t>(1, slots_));
  int64_t dropped = 0, executed = 0;
  out.entropy = out.combine_max = out.dispatch_max = 0;
  out.importance.assign(executed_.size(), 0.0f);
  for (const Part& part : parts_) {
    for (size_t e = 0; e < executed_.size(); ++e)
      out.importance[e] += static_cast<float>(part.importance[e] * static_cast<double>(executed_.size()) / tokens);
    out.entropy += part.entropy / tokens;
    out.combine_max += part.combine_max / tokens;
    out.dispatch_max += part.dispatch_max / slots;
    dropped += part.dropped;
  }
  for (int64_t pairs : executed_) executed += pairs;
  if (soft)
    out.load = out.importance;
  else
    over_fair_share(executed_, out.load);
  out.load_cv = out.load.empty() ? 0 : variation(out.load);
  out.dropped = share(dropped, tokens_);
  out.dropped_choices = share(choices_ - executed, choices_);
  out.capacity_use = soft ? 1 : share(executed, places_);
  out.importance_loss = importance_loss_ / groups;
  out.load_loss = load_loss_ / groups;
  out.gshard_loss = gshard_loss_ / groups;
}

ExpertLoad expert_load(const Routing& routing) {
  ExpertLoadAccumulator accumulator;
  accumulator.add(routing);
  ExpertLoad out;
  accumulator.result(out);
  return out;
}

}  // namespace moescope
