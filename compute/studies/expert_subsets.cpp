// Rank and add; and a walk over all subsets that adds one expert a step.
#include "compute/studies/expert_subsets.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "compute/core/rng.h"

namespace moescope {
namespace {

/// The experts of image i, the first k of them those that the rule chooses.
void rank(const ExpertContributions& batch, int64_t i, SubsetRule rule, int64_t k, uint64_t seed, int64_t image,
          std::vector<int32_t>& order, std::vector<float>& score) {
  const int64_t n = batch.num_experts;
  if (rule == SubsetRule::random) {
    Rng(seed, RngPurpose::subset, static_cast<uint64_t>(image)).permutation(order.data(), n);
    return;
  }
  std::iota(order.begin(), order.end(), 0);
  const auto at = static_cast<size_t>(i * n);
  for (int64_t e = 0; e < n; ++e) {
    const size_t place = at + static_cast<size_t>(e);
    float& s = score[static_cast<size_t>(e)];
    if (rule == SubsetRule::contribution) {
      const float* logits = batch.logits.data() + (i * n + e) * batch.num_classes;
      s = std::inner_product(logits, logits + batch.num_classes, logits, 0.0f);
    } else {
      // Of experts with the same load the one with more combine weight: weights of an image sum to fewer than 1e4.
      s = rule == SubsetRule::combine ? batch.combine[place] : batch.best_of[place] + 1e-4f * batch.combine[place];
    }
  }
  std::partial_sort(order.begin(), order.begin() + k, order.end(), [&](int32_t a, int32_t b) {
    const float sa = score[static_cast<size_t>(a)], sb = score[static_cast<size_t>(b)];
    return sa > sb || (sa == sb && a < b);
  });
}

/// Depth first over all subsets of k of n experts, with the sums of the logits so far.
class SubsetWalk {
 public:
  SubsetWalk(const ExpertContributions& batch, int64_t k)
      : batch_(batch), k_(k), sums_(static_cast<size_t>((k + 1) * batch.num_classes), 0) {}

  /// The number of the best subset of image i; `correct` says whether it predicts the class.
  int64_t best_of(int64_t i, bool& correct) {
    logits_ = batch_.logits.data() + i * batch_.num_experts * batch_.num_classes;
    label_ = batch_.labels[static_cast<size_t>(i)];
    number_ = best_ = 0;
    best_correct_ = false;
    best_loss_ = INFINITY;
    walk(0, 0);
    correct = best_correct_;
    return best_;
  }
  int64_t num_subsets() const { return number_; }

 private:
  void walk(int64_t chosen, int64_t first) {
    const int64_t classes = batch_.num_classes;
    const float* sum = sums_.data() + chosen * classes;
    if (chosen == k_) return judge(sum);
    float* next = sums_.data() + (chosen + 1) * classes;
    for (int64_t e = first; e <= batch_.num_experts - (k_ - chosen); ++e) {
      for (int64_t c = 0; c < classes; ++c) next[c] = sum[c] + logits_[e * classes + c];
      walk(chosen + 1, e + 1);
    }
  }
  void judge(const float* sum) {
    const int64_t number = number_++, classes = batch_.num_classes;
    const bool correct = std::max_element(sum, sum + classes) - sum == label_;
    if (best_correct_ && !correct) return;
    float total = 0;
    for (int64_t c = 0; c < classes; ++c) total += std::exp(sum[c] - sum[label_]);
    if (correct == best_correct_ && !(total < best_loss_)) return;  // the loss is the logarithm of the total
    best_ = number, best_loss_ = total, best_correct_ = correct;
  }

  const ExpertContributions& batch_;
  const int64_t k_;
  std::vector<float> sums_;  // (k+1, classes)
  const float* logits_ = nullptr;
  int64_t label_ = 0, number_ = 0, best_ = 0;
  float best_loss_ = 0;
  bool best_correct_ = false;
};

}  // namespace

int64_t count_correct_with(const ExpertContributions& batch, SubsetRule rule, int64_t k, uint64_t seed,
                           int64_t first_image) {
  const int64_t n = batch.num_experts, classes = batch.num_classes;
  std::vector<int32_t> order(static_cast<size_t>(n));
  std::vector<float> score(order.size()), sum(static_cast<size_t>(classes));
  int64_t correct = 0;
  for (int64_t i = 0; i < batch.num_images; ++i) {
    rank(batch, i, rule, k, seed, first_image + i, order, score);
    std::fill(sum.begin(), sum.end(), 0.0f);
    for (int64_t j = 0; j < k; ++j) {
      const float* logits = batch.logits.data() + (i * n + order[static_cast<size_t>(j)]) * classes;
      for (int64_t c = 0; c < classes; ++c) sum[static_cast<size_t>(c)] += logits[c];
    }
    correct += std::max_element(sum.begin(), sum.end()) - sum.begin() == batch.labels[static_cast<size_t>(i)];
  }
  return correct;
}

void ExhaustiveSearch::add(const ExpertContributions& batch, int64_t k) {
  SubsetWalk walk(batch, k);
  for (int64_t i = 0; i < batch.num_images; ++i) {
    bool correct = false;
    best.insert(walk.best_of(i, correct));
    num_correct += correct;
  }
  num_subsets = walk.num_subsets();
}

}  // namespace moescope
