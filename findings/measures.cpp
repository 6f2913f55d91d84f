// Evaluations of one model under other knobs.
#include "findings/measures.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "compute/eval/evaluator.h"
#include "compute/explore/report_job.h"
#include "compute/moe/observe.h"
#include "compute/records/config_fields.h"
#include "compute/records/nearest_name.h"
#include "findings/analysis.h"
#include "findings/test_split.h"

namespace moescope {
namespace {

/// Goes through evaluations as if they took equally long.
class Evaluator {
 public:
  Evaluator(Replica& model, const StudyProgress& progress, size_t num_evaluations)
      : model_(model), progress_(progress), total_(static_cast<double>(num_evaluations)) {}

  /// Accuracy in percent.
  double accuracy(const EvalOptions& options) {
    const EvalResult result = evaluate(*model_.model, model_.dataset, options, [&](double part) {
      if (!progress_((done_ + part) / total_)) throw StudyStopped();
      return true;
    });
    ++done_;
    return 100 * result.accuracy;
  }

 private:
  Replica& model_;
  const StudyProgress& progress_;
  double total_, done_ = 0;
};

const std::vector<double>& list(const Numbers& numbers, const std::string& key) {
  const auto found = numbers.find(key);
  if (found == numbers.end()) throw ConfigError("the measure needs the numbers \"" + key + "\" of the recipe");
  return found->second;
}

void measure_capacity(Replica& model, const Numbers& numbers, const StudyProgress& progress, Values& values) {
  const std::vector<double>& factors = list(numbers, "capacities");
  Evaluator evaluator(model, progress, 2 * factors.size());
  for (const double factor : factors) {
    for (const bool bpr : {false, true}) {
      EvalOptions options = EvalOptions::of(model.config);
      options.router.capacity_factor = factor;
      options.router.eval_capacity_factor = 0;
      options.router.bpr = bpr;
      values["capacity/" + text_of(factor) + (bpr ? "/bpr" : "/vanilla")] = evaluator.accuracy(options);
    }
  }
}

void measure_k(Replica& model, const Numbers& numbers, const StudyProgress& progress, Values& values) {
  const std::vector<double>& ks = list(numbers, "ks");
  Evaluator evaluator(model, progress, ks.size());
  for (const double k : ks) {
    EvalOptions options = EvalOptions::of(model.config);
    options.router.k = static_cast<int64_t>(k);
    values["k/" + text_of(k)] = evaluator.accuracy(options);
  }
}

void measure_random_router(Replica& model, const Numbers& numbers, const StudyProgress& progress, Values& values) {
  const auto draws = static_cast<int64_t>(number_of(numbers, "router_draws", 3));
  const std::vector<int64_t> blocks = model.model->moe_blocks();
  Evaluator evaluator(model, progress, 1 + blocks.size() * static_cast<size_t>(draws));
  const EvalOptions options = EvalOptions::of(model.config);
  values["whole"] = evaluator.accuracy(options);
  for (const int64_t block : blocks) {
    Parameter* router = model.model->parameters().find("block" + std::to_string(block) + ".moe.router");
    if (router == nullptr) throw ConfigError("random-router needs a sparse router; the recipe's arm has none");
    float* const kernel = router->value.f32();
    const std::vector<float> trained(kernel, kernel + router->value.size());
    double sum = 0;
    for (int64_t draw = 0; draw < draws; ++draw) {
      // As it starts: a kernel that has learned nothing.
      const auto fan_in = static_cast<float>(router->shape[0]);
      Rng(static_cast<uint64_t>(draw), RngPurpose::init, 1, static_cast<uint64_t>(block))
          .fill_truncated_normal(kernel, router->value.size(), 1 / std::sqrt(fan_in));
      sum += evaluator.accuracy(options);
    }
    std::copy(trained.begin(), trained.end(), kernel);
    values["random/" + std::to_string(block)] = sum / static_cast<double>(draws);
  }
}

void measure_kept(Replica& model, const Numbers& numbers, const StudyProgress& progress, Values& values) {
  const auto seeds = static_cast<int64_t>(number_of(numbers, "random_seeds", 3));
  const std::vector<double>& divisors = list(numbers, "divisors");
  Evaluator evaluator(model, progress, 1 + divisors.size() * static_cast<size_t>(seeds + 2));
  EvalOptions options = EvalOptions::of(model.config);
  values["all"] = evaluator.accuracy(options);
  for (const double divisor : divisors) {
    const int64_t k = std::max<int64_t>(model.config.router.num_experts / static_cast<int64_t>(divisor), 1);
    const std::string of = "/" + text_of(divisor);
    for (const KeepBy by : {KeepBy::combine, KeepBy::load}) {
      options.what_if.kept = {k, by, 0};
      values[std::string(name_of(by)) + of] = evaluator.accuracy(options);
    }
    double sum = 0;
    for (int64_t seed = 0; seed < seeds; ++seed) {
      options.what_if.kept = {k, KeepBy::random, static_cast<uint64_t>(seed)};
      sum += evaluator.accuracy(options);
    }
    values["random" + of] = sum / static_cast<double>(seeds);
  }
}

/// The experts' use in every layer, over the test split under `options`.
std::map<int64_t, ExpertLoad> loads_of(Replica& model, const EvalOptions& options, const StudyProgress& progress) {
  LayerWatcher<ExpertLoadAccumulator> watcher;
  watch_test_split(model, options, watcher, progress);
  std::map<int64_t, ExpertLoad> loads;
  for (const auto& [layer, accumulator] : watcher.layers()) accumulator.result(loads[layer]);
  return loads;
}

void measure_balance(Replica& model, const Numbers&, const StudyProgress& progress, Values& values) {
  constexpr float kDead = 0.01f;  // of the fair share
  for (const auto& [layer, load] : loads_of(model, EvalOptions::of(model.config), progress)) {
    const std::string of = "/" + std::to_string(layer);
    values["max_load" + of] = *std::max_element(load.load.begin(), load.load.end());
    values["dead" + of] = static_cast<double>(
        std::count_if(load.load.begin(), load.load.end(), [](float share) { return share < kDead; }));
    values["dropped" + of] = 100 * load.dropped;
  }
}

void measure_softness(Replica& model, const Numbers&, const StudyProgress& progress, Values& values) {
  for (const auto& [layer, load] : loads_of(model, EvalOptions::of(model.config), progress)) {
    values["dispatch_max/" + std::to_string(layer)] = load.dispatch_max;
    values["combine_max/" + std::to_string(layer)] = load.combine_max;
    if (model.config.router.kind == RouterKind::soft)
      values["uniform/" + std::to_string(layer)] = 1 / static_cast<double>(model.model->tokens_per_image());
  }
}

/// Unit vectors (slots of an expert one after the other) from mu (D,E,P).
std::vector<std::vector<double>> unit_slots(const Parameter& mu) {
  const int64_t width = mu.shape[0], slots = mu.shape[1] * mu.shape[2];
  std::vector<std::vector<double>> units(static_cast<size_t>(slots), std::vector<double>(static_cast<size_t>(width)));
  for (int64_t q = 0; q < slots; ++q) {
    double square = 0;
    for (int64_t d = 0; d < width; ++d) {
      const double value = mu.value.f32()[d * slots + q];
      units[static_cast<size_t>(q)][static_cast<size_t>(d)] = value;
      square += value * value;
    }
    for (double& value : units[static_cast<size_t>(q)]) value /= std::sqrt(std::max(square, 1e-30));
  }
  return units;
}

void measure_alignment(Replica& model, const Numbers&, const StudyProgress&, Values& values) {
  for (const int64_t block : model.model->moe_blocks()) {
    const std::string name = "block" + std::to_string(block) + ".moe.mu";
    const Parameter* mu = model.model->parameters().find(name);
    if (mu == nullptr || mu->shape[2] < 2)
      throw ConfigError("alignment needs a Soft MoE with at least two slots per expert");
    const auto units = unit_slots(*mu);
    const auto per = static_cast<size_t>(mu->shape[2]);
    double sum[2] = {0, 0}, count[2] = {0, 0};  // across, within
    for (size_t a = 0; a < units.size(); ++a) {
      for (size_t b = a + 1; b < units.size(); ++b) {
        const size_t within = a / per == b / per;
        sum[within] += std::inner_product(units[a].begin(), units[a].end(), units[b].begin(), 0.0);
        count[within] += 1;
      }
    }
    values["aligned_within/" + std::to_string(block)] = sum[1] / count[1];
    values["aligned_across/" + std::to_string(block)] = sum[0] / count[0];
  }
}

void measure_specialisation(Replica& model, const Numbers&, const StudyProgress& progress, Values& values) {
  ReportRequest request;
  request.question = AskAffinity{};
  const Report report = run_report(model, request, progress);
  if (report.state == ReportState::cancelled) throw StudyStopped();
  for (const LayerAffinity& layer : std::get<Affinity>(report.answer).layers) {
    values["class/" + std::to_string(layer.layer)] = layer.class_information;
    values["position/" + std::to_string(layer.layer)] = layer.position_information;
  }
}

}  // namespace

namespace {

struct NamedMeasure {
  Measure run;
  const char* gives;  // how some of its numbers begin, and those of no other measure
};

const NamedMeasure& named_measure(const std::string& name) {
  static const std::map<std::string, NamedMeasure, std::less<>> measures = {
      {"capacity", {measure_capacity, "capacity/"}},
      {"random-router", {measure_random_router, "whole"}},
      {"k", {measure_k, "k/"}},
      {"balance", {measure_balance, "max_load/"}},
      {"specialisation", {measure_specialisation, "class/"}},
      {"kept", {measure_kept, "combine/"}},
      {"softness", {measure_softness, "dispatch_max/"}},
      {"inspection", {measure_inspection, "token_sum/"}},
      {"dropped-patches", {measure_dropped_patches, "scarce/"}},
      {"alignment", {measure_alignment, "aligned_"}}};
  const auto found = measures.find(name);
  if (found != measures.end()) return found->second;
  std::vector<std::string_view> names;
  for (const auto& [known, measure] : measures) names.push_back(known);
  throw ConfigError("there is no measure '" + name + "'; did you mean '" + std::string(nearest_name(name, names)) +
                    "'?");
}

}  // namespace

Measure find_measure(const std::string& name) { return named_measure(name).run; }

bool was_measured(const std::string& name, const Values& values) {
  const std::string gives = named_measure(name).gives;
  const auto first = values.lower_bound(gives);
  return first != values.end() && first->first.starts_with(gives);
}

}  // namespace moescope
