// Counts (expert, label) pairs patch by patch, then purity and mutual information of the table.
#include "compute/eval/routing_purity.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "compute/moe/observe.h"
#include "compute/records/look.h"

namespace moescope {

namespace {

/// Adds each pass's patches to the table of their layer.
class PurityObserver : public RoutingObserver {
 public:
  explicit PurityObserver(const VisionTransformer& model) : model_(model) {}
  std::vector<std::vector<int32_t>> labels;        // of the pass's images, a list of patches each
  std::map<int64_t, std::vector<int64_t>> counts;  // layer -> (E, classes)

  void see(const Routing& routing) override {
    const int64_t tokens = model_.tokens_per_image(), classes = model_.image().classes;
    std::vector<int64_t>& table = counts[routing.layer];
    table.resize(static_cast<size_t>(routing.experts * classes));
    for (size_t image = 0; image < labels.size(); ++image) {
      const RoutingMap map = routing_map(routing, static_cast<int64_t>(image) * tokens, tokens);
      for (size_t patch = 0; patch < labels[image].size(); ++patch) {
        const int32_t label = labels[image][patch];
        const int32_t expert = main_expert(map, static_cast<int64_t>(patch) + model_.has_class_token());
        if (label >= 0 && expert >= 0) ++table[static_cast<size_t>(expert * classes + label)];
      }
    }
  }

 private:
  const VisionTransformer& model_;
};

double entropy(const std::vector<int64_t>& counts, double total) {
  double nats = 0;
  for (const int64_t n : counts) {
    if (n > 0) nats -= static_cast<double>(n) / total * std::log(static_cast<double>(n) / total);
  }
  return nats;
}

}  // namespace

RoutingPurity purity_of(const std::vector<int64_t>& counts, int64_t experts) {
  RoutingPurity result;
  result.counts = counts;
  const auto classes = counts.size() / static_cast<size_t>(experts);
  std::vector<int64_t> by_label(classes), by_expert(static_cast<size_t>(experts));
  int64_t majority = 0;
  for (size_t e = 0; e < by_expert.size(); ++e) {
    const auto row = counts.begin() + static_cast<std::ptrdiff_t>(e * classes);
    for (size_t c = 0; c < classes; ++c)
      by_label[c] += row[static_cast<std::ptrdiff_t>(c)], by_expert[e] += row[static_cast<std::ptrdiff_t>(c)];
    majority += *std::max_element(row, row + static_cast<std::ptrdiff_t>(classes));
    result.num_patches += by_expert[e];
  }
  if (result.num_patches == 0) return result;
  const auto total = static_cast<double>(result.num_patches);
  result.purity = static_cast<double>(majority) / total;
  result.chance = static_cast<double>(*std::max_element(by_label.begin(), by_label.end())) / total;
  result.label_entropy = entropy(by_label, total);
  // I(E;C) = H(E) + H(C) - H(E,C)
  result.mutual_information = entropy(by_expert, total) + result.label_entropy - entropy(counts, total);
  return result;
}

std::vector<RoutingPurity> routing_purity(VisionTransformer& model, const std::shared_ptr<const Dataset>& dataset,
                                          const EvalOptions& options, int64_t max_images) {
  const int64_t patch = model.config().model.patch;
  EvalBatches batches(dataset, options.split, options.micro_batch, options.scale, options.workers);
  PurityObserver observer(model);
  Arena arena;
  EvalTally tally(model, options, arena);
  int64_t done = 0;
  while (const Batch* batch = done < max_images ? batches.next() : nullptr) {
    observer.labels.clear();
    for (const int32_t index : batch->indices) {
      observer.labels.push_back(dataset->patch_labels(options.split, index, patch));
      if (observer.labels.back().empty()) {
        throw ConfigError(dataset->info().name +
                          " does not know what is on its patches; set data.dataset=fashion_scenes");
      }
    }
    tally.add(*batch, &observer);
    done += batch->size();
  }
  std::vector<RoutingPurity> layers;
  for (const auto& [layer, counts] : observer.counts) {
    layers.push_back(purity_of(counts, model.config().router.num_experts));
    layers.back().layer = layer;
  }
  return layers;
}

}  // namespace moescope
