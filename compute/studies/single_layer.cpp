// Trains the single-layer net and asks which of its experts suffice (arXiv:2409.00879, table 1, table 10, figures 1
// and 2): Algorithm 1 against random subsets, the load and the contribution, and the best subset there is.
#include <chrono>
#include <cmath>
#include <utility>

#include "compute/core/clock.h"
#include "compute/eval/evaluator.h"
#include "compute/studies/expert_subsets.h"
#include "compute/studies/study.h"
#include "compute/studies/thread_time.h"
#include "compute/train/trainer.h"

namespace moescope {
namespace {

constexpr double kTrainingShare = 0.8;  // of the progress told
constexpr int64_t kEvalBatch = 250, kTimedBatches = 4;
constexpr int64_t kMostSubsets = 20000;  // for the exhaustive search

int64_t choose(int64_t n, int64_t k) {
  double count = 1;
  for (int64_t i = 1; i <= k; ++i) count = count * static_cast<double>(n - k + i) / static_cast<double>(i);
  return count > 1e9 ? INT64_MAX : static_cast<int64_t>(std::llround(count));
}

using Nets = std::vector<std::unique_ptr<SingleLayerNet>>;

/// The curves of the trainings, and the nets after them.
void train(const Nets& nets, const std::shared_ptr<const Dataset>& dataset, const RunConfig& course,
           const StudyProgress& progress, std::vector<StudyOutcome>& outcomes) {
  const auto begin = std::chrono::steady_clock::now();
  BatchLoader loader(dataset, LoaderSettings::of(course));
  const auto steps =
      static_cast<int64_t>(std::llround(course.train.epochs * static_cast<double>(loader.steps_per_epoch())));
  const int64_t every = std::max<int64_t>(steps / 100, 1);
  std::vector<double> recent(nets.size(), 0);
  SharedBatch batch;
  for (int64_t step = 0; step < steps; ++step) {
    batch.take(loader.next());
    for (size_t i = 0; i < nets.size(); ++i) recent[i] += nets[i]->train(batch, step);
    if ((step + 1) % every != 0) continue;
    const double secs = secs_since(begin);
    for (size_t i = 0; i < nets.size(); ++i) {
      const double loss = std::exchange(recent[i], 0) / static_cast<double>(every);
      outcomes[i].curve.push_back({"train/loss", step + 1, secs, loss});
    }
    if (!progress(kTrainingShare * static_cast<double>(step + 1) / static_cast<double>(steps))) throw StudyStopped();
  }
  for (StudyOutcome& outcome : outcomes) outcome.steps = steps;
}

/// Accuracies over the test split, batch by batch.
class SubsetTally {
 public:
  SubsetTally(const StudyCase& study, int64_t experts)
      : experts_(experts), random_seeds_(static_cast<int64_t>(number_of(study.numbers, "random_seeds", 10))) {
    const auto divisors = study.numbers.find("divisors");
    if (divisors == study.numbers.end()) throw ConfigError("single-layer needs the numbers \"divisors\", such as 2, 4");
    for (const double divisor : divisors->second) {
      const int64_t k = experts / static_cast<int64_t>(divisor);
      if (k < 1) continue;
      parts_.push_back({static_cast<int64_t>(divisor), k, {}, std::vector<int64_t>(random_seeds_, 0), {}});
    }
    exhaustive_divisor_ = static_cast<int64_t>(number_of(study.numbers, "exhaustive_divisor", 0));
  }

  void add(const ExpertContributions& batch) {
    all_ += count_correct_with(batch, SubsetRule::combine, experts_);
    for (Part& part : parts_) {
      for (size_t rule = 0; rule < kRules.size(); ++rule)
        part.correct[rule] += count_correct_with(batch, kRules[rule].first, part.k);
      for (int64_t seed = 0; seed < random_seeds_; ++seed)
        part.random[static_cast<size_t>(seed)] +=
            count_correct_with(batch, SubsetRule::random, part.k, static_cast<uint64_t>(seed), images_);
      if (part.divisor == exhaustive_divisor_ && choose(experts_, part.k) <= kMostSubsets) {
        const double before = thread_secs();
        part.search.add(batch, part.k);
        search_secs_ += thread_secs() - before;
      }
    }
    images_ += batch.num_images;
  }

  void report(Values& values) const {
    const auto share = [&](int64_t count) { return 100.0 * static_cast<double>(count) / static_cast<double>(images_); };
    values["all"] = share(all_);
    values["images"] = static_cast<double>(images_);
    for (const Part& part : parts_) {
      const std::string of = "/" + std::to_string(part.divisor);
      for (size_t rule = 0; rule < kRules.size(); ++rule) values[kRules[rule].second + of] = share(part.correct[rule]);
      double sum = 0, squares = 0;
      for (const int64_t count : part.random) sum += share(count), squares += share(count) * share(count);
      const auto seeds = static_cast<double>(random_seeds_);
      const double mean = sum / seeds, deviation = std::sqrt(std::max(squares / seeds - mean * mean, 0.0));
      values["random" + of] = mean;
      values["random_deviation" + of] = deviation;
      // The paper's statistic; without any spread of the random subsets there is none.
      if (deviation > 0) values["z" + of] = (share(part.correct[0]) - mean) / deviation;
      if (part.search.num_subsets == 0) continue;
      values["best" + of] = share(part.search.num_correct);
      values["best_used" + of] = static_cast<double>(part.search.best.size());
      values["subsets" + of] = static_cast<double>(part.search.num_subsets);
      values["search_secs" + of] = search_secs_;
    }
  }

  struct Kept {
    int64_t divisor, k;
  };
  std::vector<Kept> kept() const {
    std::vector<Kept> list;
    for (const Part& part : parts_) list.push_back({part.divisor, part.k});
    return list;
  }

 private:
  static constexpr std::array<std::pair<SubsetRule, const char*>, 3> kRules = {
      {{SubsetRule::combine, "combine"}, {SubsetRule::load, "load"}, {SubsetRule::contribution, "contribution"}}};
  struct Part {
    int64_t divisor, k;
    std::array<int64_t, 3> correct{};
    std::vector<int64_t> random;
    ExhaustiveSearch search;
  };
  int64_t experts_, random_seeds_, exhaustive_divisor_ = 0, all_ = 0, images_ = 0;
  double search_secs_ = 0;
  std::vector<Part> parts_;
};

/// Time of the layer's own inference with k experts over that with all, in this thread's processor time.
void time_kept(SingleLayerNet& net, EvalBatches& batches, const SubsetTally& tally, int64_t experts, Values& values) {
  const auto secs_with = [&](int64_t k) {
    batches.restart();
    double secs = 0;
    for (int64_t i = 0; i <= kTimedBatches; ++i) {
      const Batch* batch = batches.next();
      if (batch == nullptr) break;
      const double before = thread_secs();
      net.logits(*batch, {k, KeepBy::combine, 0});
      if (i > 0) secs += thread_secs() - before;  // the first one makes products and memory
    }
    return secs;
  };
  const double all = secs_with(0);
  for (const SubsetTally::Kept& part : tally.kept())
    if (part.k < experts && all > 0) values["time/" + std::to_string(part.divisor)] = secs_with(part.k) / all;
}

}  // namespace

std::vector<StudyOutcome> single_layers(std::span<const StudyCase> cases, const StudyProgress& progress) {
  const RunConfig& course = cases.front().config;
  const std::shared_ptr<const Dataset> dataset = open_dataset(course.data);
  Nets nets;
  std::vector<SubsetTally> tallies;
  for (const StudyCase& one : cases) {
    if (!same_course(one.config, course))
      throw ConfigError("single-layer trains side by side what has the same data.* and train.*");
    nets.push_back(std::make_unique<SingleLayerNet>(one.config, image_shape(dataset->info())));
    tallies.emplace_back(one, one.config.router.num_experts);
  }
  std::vector<StudyOutcome> outcomes(cases.size());
  train(nets, dataset, course, progress, outcomes);
  EvalBatches batches(dataset, Split::test, kEvalBatch, course.data.scale);
  for (int64_t i = 0; const Batch* batch = batches.next(); ++i) {
    for (size_t j = 0; j < nets.size(); ++j) tallies[j].add(nets[j]->contributions(*batch));
    const double done = static_cast<double>(i + 1) / static_cast<double>(batches.num_batches());
    if (!progress(kTrainingShare + (1 - kTrainingShare) * done)) throw StudyStopped();
  }
  for (size_t j = 0; j < nets.size(); ++j) {
    StudyOutcome& outcome = outcomes[j];
    tallies[j].report(outcome.values);
    time_kept(*nets[j], batches, tallies[j], cases[j].config.router.num_experts, outcome.values);
    outcome.num_parameters = nets[j]->parameters().count();
    outcome.gflops_per_image = nets[j]->flops_per_image() * 1e-9;
    outcome.dataset = dataset->info().name;
    outcome.dataset_hash = dataset->info().content_hash;
  }
  return outcomes;
}

StudyOutcome single_layer(const StudyCase& study, const StudyProgress& progress) {
  return std::move(single_layers(std::span(&study, 1), progress).front());
}

}  // namespace moescope
