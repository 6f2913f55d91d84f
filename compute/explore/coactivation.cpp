// Which experts work on the same patch, within a layer and from one MoE layer to the next.
#include <numeric>

#include "compute/explore/image_walk.h"
#include "compute/explore/jobs.h"

namespace moescope {
namespace {

class CoactivationJob : public ImageWalk {
 public:
  CoactivationJob(Replica& replica, const ReportRequest& request)
      : ImageWalk(replica, request), sums_(layers().size()), main_(layers().size()) {
    for (Sums& sums : sums_) {
      sums.taken.resize(static_cast<size_t>(num_experts()));
      sums.main.resize(static_cast<size_t>(num_experts()));
      sums.together.resize(static_cast<size_t>(num_experts() * num_experts()));
      sums.to_next.resize(sums.together.size());
    }
  }

  Answer answer() const override {
    if (images_seen() == 0) return std::monostate{};
    Coactivation all;
    for (size_t i = 0; i < sums_.size(); ++i) {
      LayerCoactivation layer;
      layer.layer = layers()[i];
      layer.num_experts = num_experts();
      layer.together = divided(sums_[i].together, sums_[i].taken);
      if (i + 1 < sums_.size()) layer.to_next = divided(sums_[i].to_next, sums_[i].main);
      all.layers.push_back(std::move(layer));
    }
    return all;
  }

 protected:
  void see_routing(size_t layer, const Routing&) override { main_[layer].clear(); }

  void see_image(size_t layer, int64_t, int32_t, const RoutingMap& map) override {
    const int64_t experts = num_experts();
    Sums& sums = sums_[layer];
    std::vector<double> part(static_cast<size_t>(experts));
    for (int64_t patch = 0; patch < num_patches(); ++patch) {
      take_part(map, patch + (map.has_class_token ? 1 : 0), part);
      for (size_t i = 0; i < part.size(); ++i) {
        if (part[i] == 0) continue;
        sums.taken[i] += part[i];
        for (size_t j = 0; j < part.size(); ++j)
          if (i != j) sums.together[i * part.size() + j] += part[i] * part[j];
      }
      const int32_t main = main_expert_of_patch(map, patch);
      main_[layer].push_back(main);
      if (layer == 0) continue;
      const int32_t came_from = main_[layer - 1][main_[layer].size() - 1];
      if (came_from < 0) continue;
      sums_[layer - 1].main[static_cast<size_t>(came_from)] += 1;
      if (main >= 0) sums_[layer - 1].to_next[static_cast<size_t>(came_from * experts + main)] += 1;
    }
  }

 private:
  struct Sums {
    std::vector<double> taken;     // (E) patches, or combine weight, that an expert has
    std::vector<double> together;  // (E,E)
    std::vector<double> main;      // (E) patches whose main expert it is and which the next layer has seen
    std::vector<double> to_next;   // (E,E)
  };

  /// 1 for each expert that took the token (sparse), or its share of the combine weights (soft).
  static void take_part(const RoutingMap& map, int64_t token, std::vector<double>& part) {
    part.assign(part.size(), 0);
    if (map.router == RouterKind::soft) {
      const float* row = map.combine.data() + token * map.num_experts * map.slots_per_expert;
      for (size_t e = 0; e < part.size(); ++e, row += map.slots_per_expert)
        if (!map.expert_off[e]) part[e] = std::accumulate(row, row + map.slots_per_expert, 0.0);
      return;
    }
    for (int64_t choice = 0; choice < map.k; ++choice) {
      const auto at = static_cast<size_t>(token * map.k + choice);
      if (map.expert[at] >= 0 && map.drop[at] == DropReason::none) part[static_cast<size_t>(map.expert[at])] = 1;
    }
  }

  /// Rows of sums over what each row's expert has; 0 for an expert that has nothing.
  static std::vector<float> divided(const std::vector<double>& sums, const std::vector<double>& by) {
    std::vector<float> out(sums.size(), 0);
    for (size_t i = 0; i < sums.size(); ++i) {
      const double total = by[i / by.size()];
      if (total > 0) out[i] = static_cast<float>(sums[i] / total);
    }
    return out;
  }

  std::vector<Sums> sums_;
  std::vector<std::vector<int32_t>> main_;  // of the batch in work, image after image, patch after patch
};

}  // namespace

std::unique_ptr<ReportJob> coactivation_job(Replica& replica, const ReportRequest& request) {
  need_experts(replica, "co-activation");
  return std::make_unique<CoactivationJob>(replica, request);
}

}  // namespace moescope
