// Intervals against bounds.
#include "findings/verdict.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace moescope {
namespace {

std::string number(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

/// Ranks from 1, ties their mean.
std::vector<double> ranks(std::span<const double> x) {
  std::vector<size_t> order(x.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return x[a] < x[b]; });
  std::vector<double> rank(x.size());
  for (size_t first = 0, last = 0; first < order.size(); first = last) {
    while (last < order.size() && x[order[last]] == x[order[first]]) ++last;
    const double mean = 0.5 * static_cast<double>(first + 1 + last);
    for (size_t i = first; i < last; ++i) rank[order[i]] = mean;
  }
  return rank;
}

/// sign 1: at least; -1: at most.
Check against(std::string text, std::span<const double> values, double bound, int decimals, int sign) {
  const MeanInterval mean = bootstrap_mean(values);
  Check check{std::move(text), interval_text(mean, decimals), Verdict::not_settled};
  if (mean.count == 0) {
    check.found = "not measured";
    return check;
  }
  if (std::isnan(mean.mean)) {
    check.verdict = Verdict::not_reproduced;
    return check;
  }
  if (mean.count < kFewestSeeds) return check;
  const double worst = sign > 0 ? mean.low : -mean.high, best = sign > 0 ? mean.high : -mean.low;
  if (worst >= sign * bound) check.verdict = Verdict::reproduced;
  if (best < sign * bound) check.verdict = Verdict::not_reproduced;
  return check;
}

}  // namespace

Check at_least(std::string text, std::span<const double> values, double bound, int decimals) {
  return against(std::move(text), values, bound, decimals, 1);
}

Check at_most(std::string text, std::span<const double> values, double bound, int decimals) {
  return against(std::move(text), values, bound, decimals, -1);
}

Check counted(std::string text, std::string found, bool holds) {
  return {std::move(text), std::move(found), holds ? Verdict::reproduced : Verdict::not_reproduced};
}

double spearman(std::span<const double> x, std::span<const double> y) {
  const std::vector<double> a = ranks(x), b = ranks(y);
  if (a.size() < 2 || a.size() != b.size()) return 0;
  const double middle = 0.5 * static_cast<double>(a.size() + 1);
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - middle) * (b[i] - middle);
    aa += (a[i] - middle) * (a[i] - middle);
    bb += (b[i] - middle) * (b[i] - middle);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

Verdict overall(const std::vector<Check>& checks) {
  const auto any = [&](Verdict verdict) {
    return std::any_of(checks.begin(), checks.end(), [&](const Check& c) { return c.verdict == verdict; });
  };
  if (any(Verdict::not_reproduced)) return Verdict::not_reproduced;
  return checks.empty() || any(Verdict::not_settled) ? Verdict::not_settled : Verdict::reproduced;
}

std::string interval_text(const MeanInterval& mean, int decimals) {
  if (mean.count == 0) return "-";
  if (mean.count == 1) return number(mean.mean, decimals);
  return number(mean.mean, decimals) + " [" + number(mean.low, decimals) + ", " + number(mean.high, decimals) + "]";
}

}  // namespace moescope
