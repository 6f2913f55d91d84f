// Expert x class affinity with its two controls: does it hold on the other half, and is it only position?
#include <algorithm>
#include <cmath>
#include <numeric>

#include "compute/eval/routing_purity.h"
#include "compute/explore/image_walk.h"
#include "compute/explore/jobs.h"

namespace moescope {
namespace {

struct LayerCounts {
  std::vector<int64_t> by_class[2];  // even and odd images: (E,K)
  std::vector<int64_t> by_position;  // (E,P)
};

/// (E,K) share of each class's patches; 0 for a class without patches.
std::vector<float> shares(const std::vector<int64_t>& counts, int64_t experts, int64_t classes) {
  std::vector<float> share(counts.size(), 0);
  for (int64_t c = 0; c < classes; ++c) {
    int64_t total = 0;
    for (int64_t e = 0; e < experts; ++e) total += counts[static_cast<size_t>(e * classes + c)];
    for (int64_t e = 0; total > 0 && e < experts; ++e) {
      const auto at = static_cast<size_t>(e * classes + c);
      share[at] = static_cast<float>(static_cast<double>(counts[at]) / static_cast<double>(total));
    }
  }
  return share;
}

/// What is left of an expert's shares when its mean over the classes is taken away: a large expert is no affinity.
std::vector<double> deviations(const std::vector<float>& share, int64_t classes) {
  std::vector<double> out(share.begin(), share.end());
  for (size_t row = 0; row < out.size(); row += static_cast<size_t>(classes)) {
    const auto begin = out.begin() + static_cast<std::ptrdiff_t>(row),
               end = begin + static_cast<std::ptrdiff_t>(classes);
    const double mean = std::accumulate(begin, end, 0.0) / static_cast<double>(classes);
    std::for_each(begin, end, [mean](double& x) { x -= mean; });
  }
  return out;
}

/// Cosine of two rows; 0 when one of them is all 0.
double correlation(const double* a, const double* b, size_t n) {
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < n; ++i) ab += a[i] * b[i], aa += a[i] * a[i], bb += b[i] * b[i];
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

/// A chain of classes, each followed by the one that experts treat most alike.
std::vector<int32_t> chained_classes(const std::vector<double>& deviation, int64_t experts, int64_t classes) {
  std::vector<std::vector<double>> column(static_cast<size_t>(classes),
                                          std::vector<double>(static_cast<size_t>(experts)));
  for (int64_t e = 0; e < experts; ++e)
    for (int64_t c = 0; c < classes; ++c)
      column[static_cast<size_t>(c)][static_cast<size_t>(e)] = deviation[static_cast<size_t>(e * classes + c)];
  std::vector<int32_t> order{0}, rest(static_cast<size_t>(classes - 1));
  std::iota(rest.begin(), rest.end(), 1);
  while (!rest.empty()) {
    const auto& last = column[static_cast<size_t>(order.back())];
    const auto nearest = std::max_element(rest.begin(), rest.end(), [&](int32_t a, int32_t b) {
      return correlation(last.data(), column[static_cast<size_t>(a)].data(), last.size()) <
             correlation(last.data(), column[static_cast<size_t>(b)].data(), last.size());
    });
    order.push_back(*nearest);
    rest.erase(nearest);
  }
  return order;
}

/// Experts in the order of the classes that they have most of.
std::vector<int32_t> experts_along(const std::vector<double>& deviation, const std::vector<int32_t>& class_order,
                                   int64_t experts) {
  const auto classes = static_cast<int64_t>(class_order.size());
  std::vector<int64_t> place(static_cast<size_t>(experts));
  for (int64_t e = 0; e < experts; ++e) {
    const auto row = deviation.begin() + static_cast<std::ptrdiff_t>(e * classes);
    const auto favourite =
        static_cast<int32_t>(std::max_element(row, row + static_cast<std::ptrdiff_t>(classes)) - row);
    place[static_cast<size_t>(e)] = std::find(class_order.begin(), class_order.end(), favourite) - class_order.begin();
  }
  std::vector<int32_t> order(static_cast<size_t>(experts));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return place[static_cast<size_t>(a)] < place[static_cast<size_t>(b)]; });
  return order;
}

class AffinityJob : public ImageWalk {
 public:
  AffinityJob(Replica& replica, const ReportRequest& request) : ImageWalk(replica, request), counts_(layers().size()) {
    for (LayerCounts& layer : counts_) {
      for (auto& half : layer.by_class) half.resize(static_cast<size_t>(num_experts() * num_classes()));
      layer.by_position.resize(static_cast<size_t>(num_experts() * num_patches()));
    }
  }

  Answer answer() const override {
    Affinity affinity;
    if (images_seen() == 0) return std::monostate{};
    for (size_t i = 0; i < counts_.size(); ++i) affinity.layers.push_back(layer_answer(i));
    return affinity;
  }

 protected:
  void see_image(size_t layer, int64_t image, int32_t label, const RoutingMap& map) override {
    LayerCounts& counts = counts_[layer];
    std::vector<int64_t>& half = counts.by_class[image % 2];
    for (int64_t patch = 0; patch < num_patches(); ++patch) {
      const int32_t expert = main_expert_of_patch(map, patch);
      if (expert < 0) continue;
      ++half[static_cast<size_t>(expert * num_classes() + label)];
      ++counts.by_position[static_cast<size_t>(expert * num_patches() + patch)];
    }
  }

 private:
  LayerAffinity layer_answer(size_t index) const {
    const LayerCounts& counts = counts_[index];
    const int64_t experts = num_experts(), classes = num_classes();
    std::vector<int64_t> all = counts.by_class[0];
    for (size_t i = 0; i < all.size(); ++i) all[i] += counts.by_class[1][i];
    LayerAffinity layer;
    layer.layer = layers()[index];
    layer.num_experts = experts, layer.num_classes = classes;
    layer.share = shares(all, experts, classes);
    const std::vector<double> deviation = deviations(layer.share, classes);
    layer.class_order = chained_classes(deviation, experts, classes);
    layer.expert_order = experts_along(deviation, layer.class_order, experts);
    const auto even = deviations(shares(counts.by_class[0], experts, classes), classes),
               odd = deviations(shares(counts.by_class[1], experts, classes), classes);
    layer.replication = correlation(even.data(), odd.data(), even.size());
    const RoutingPurity by_class = purity_of(all, experts), by_position = purity_of(counts.by_position, experts);
    layer.num_patches = by_class.num_patches;
    layer.class_information = by_class.mutual_information;
    layer.class_entropy = by_class.label_entropy;
    layer.position_information = by_position.mutual_information;
    return layer;
  }

  std::vector<LayerCounts> counts_;
};

}  // namespace

std::unique_ptr<ReportJob> affinity_job(Replica& replica, const ReportRequest& request) {
  need_experts(replica, "affinity");
  return std::make_unique<AffinityJob>(replica, request);
}

}  // namespace moescope
