// Read from what the last update left: activations, routing and gradients.
#include "compute/rl/measures.h"

#include <algorithm>
#include <cmath>

#include "compute/moe/observe.h"
#include "compute/ops/adamw/adamw.h"

namespace moescope::rl {
namespace {

/// Eigenvalues of a symmetric n by n matrix by Jacobi's rotations; it is destroyed.
std::vector<double> eigenvalues(std::vector<double>& a, size_t n) {
  const auto at = [&](size_t i, size_t j) -> double& { return a[i * n + j]; };
  constexpr int kSweeps = 30;
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    double off = 0, all = 0;
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j) (i == j ? all : off) += at(i, j) * at(i, j);
    if (off <= 1e-24 * all) break;
    for (size_t p = 0; p + 1 < n; ++p)
      for (size_t q = p + 1; q < n; ++q) {
        if (at(p, q) == 0) continue;
        const double theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
        const double t = std::copysign(1 / (std::abs(theta) + std::sqrt(theta * theta + 1)), theta);
        const double c = 1 / std::sqrt(t * t + 1), s = t * c;
        for (size_t k = 0; k < n; ++k) {
          const double kp = at(k, p), kq = at(k, q);
          at(k, p) = c * kp - s * kq, at(k, q) = s * kp + c * kq;
        }
        for (size_t k = 0; k < n; ++k) {
          const double pk = at(p, k), qk = at(q, k);
          at(p, k) = c * pk - s * qk, at(q, k) = s * pk + c * qk;
        }
      }
  }
  std::vector<double> values(n);
  for (size_t i = 0; i < n; ++i) values[i] = at(i, i);
  return values;
}

double squares_of_expert(const Parameter* p, int64_t expert, int64_t experts) {
  const int64_t size = p->shape.size() / experts;
  return sum_of_squares(Tensor(p->gradient.f32() + expert * size, Shape{size}));
}

void measure_experts(const Learner& learner, RlMeasures& m) {
  const MoeLayer::Context& moe = learner.context().penultimate.moe;
  const Routing& routing = moe.routing;
  const int64_t experts = routing.experts, units = moe.hidden.dim(1);
  double total = 0;
  for (int64_t e = 0; e < experts; ++e) {
    const bool soft = routing.kind == RouterKind::soft;
    const int64_t each = soft ? routing.groups * routing.slots_per_expert : 0;
    const int64_t begin = soft ? e * each : routing.pair_expert_offset.i32()[e],
                  end = soft ? begin + each : routing.pair_expert_offset.i32()[e + 1];
    m.dormant_of.push_back(dormant_share(moe.hidden.f32() + begin * units, end - begin, units));
    m.dormant += m.dormant_of.back() / static_cast<double>(experts);
    double squares = 0;
    for (const char* name : {"moe.w1", "moe.b1", "moe.w2", "moe.b2"})
      squares += squares_of_expert(learner.online().parameters().find(name), e, experts);
    m.gradient_share.push_back(squares);
    total += squares;
  }
  if (total > 0)
    for (double& share : m.gradient_share) share /= total;
  m.load = expert_load(routing);
}

}  // namespace

double dormant_share(const float* rows, int64_t num_rows, int64_t units) {
  std::vector<double> score(static_cast<size_t>(units), 0);
  double mean = 0;
  for (int64_t i = 0; i < num_rows * units; ++i) score[static_cast<size_t>(i % units)] += std::max(rows[i], 0.0f);
  for (double s : score) mean += s / static_cast<double>(units);
  const auto dormant = std::count_if(score.begin(), score.end(), [&](double s) { return s <= kDormant * mean; });
  return static_cast<double>(dormant) / static_cast<double>(units);
}

int64_t effective_rank(const Tensor& x) {
  const auto rows = static_cast<size_t>(x.dim(0));
  std::vector<double> products(rows * rows);
  for (size_t i = 0; i < rows; ++i)
    for (size_t j = 0; j <= i; ++j) {
      const float *a = x.f32() + static_cast<int64_t>(i) * x.dim(1), *b = x.f32() + static_cast<int64_t>(j) * x.dim(1);
      double sum = 0;
      for (int64_t k = 0; k < x.dim(1); ++k) sum += static_cast<double>(a[k]) * b[k];
      products[i * rows + j] = products[j * rows + i] = sum;
    }
  std::vector<double> singular = eigenvalues(products, rows);
  double total = 0, held = 0;
  for (double& s : singular) total += s = std::sqrt(std::max(s, 0.0));
  std::sort(singular.rbegin(), singular.rend());
  int64_t rank = 0;
  while (rank < static_cast<int64_t>(rows) && held < 0.99 * total) held += singular[static_cast<size_t>(rank++)];
  return rank;
}

RlMeasures measure_update(const Learner& learner) {
  RlMeasures m;
  const Tensor& hidden = learner.context().hidden;
  m.effective_rank = effective_rank(hidden);
  for (int64_t b = 0; b < hidden.dim(0); ++b)
    m.feature_norm += std::sqrt(sum_of_squares(hidden.row(b))) / static_cast<double>(hidden.dim(0));
  if (learner.online().penultimate().is_mixture()) {
    measure_experts(learner, m);
  } else {
    m.dormant = dormant_share(hidden.f32(), hidden.dim(0), hidden.dim(1));
    m.dormant_of = {m.dormant};
  }
  return m;
}

void append_metrics(const RlMeasures& m, int64_t step, double wall_secs, std::vector<Metric>& metrics) {
  const auto add = [&](std::string key, double value) { metrics.push_back({std::move(key), step, wall_secs, value}); };
  add("rl/dormant", m.dormant);
  add("rl/effective_rank", static_cast<double>(m.effective_rank));
  add("rl/feature_norm", m.feature_norm);
  if (m.load.router == RouterKind::dense) return;
  add("layer0/load_cv", m.load.load_cv);
  add("layer0/entropy", m.load.entropy);
  if (m.load.router == RouterKind::tokens_choice) add("layer0/dropped", m.load.dropped);
  const auto add_each = [&](const std::string& name, const auto& values) {
    for (size_t e = 0; e < values.size(); ++e)
      add("layer0/" + name + "/e" + std::to_string(e), static_cast<double>(values[e]));
  };
  add_each("load", m.load.load);
  add_each("dormant", m.dormant_of);
  add_each("gradient_share", m.gradient_share);
}

}  // namespace moescope::rl
