// What an expert sees: for each the patches of the data set that weigh most with it.
#include <algorithm>

#include "compute/explore/image_walk.h"
#include "compute/explore/jobs.h"

namespace moescope {
namespace {

bool before(const TopPatch& a, const TopPatch& b) {
  if (a.weight != b.weight) return a.weight > b.weight;
  return a.image != b.image ? a.image < b.image : a.patch < b.patch;
}

class TopPatchesJob : public ImageWalk {
 public:
  TopPatchesJob(Replica& replica, const ReportRequest& request, const AskTopPatches& ask)
      : ImageWalk(replica, request), ask_(ask), found_(layers().size()) {
    for (LayerTopPatches& layer : found_) layer.experts.resize(static_cast<size_t>(num_experts()));
    for (size_t i = 0; i < found_.size(); ++i) found_[i].layer = layers()[i];
  }

  Answer answer() const override {
    if (images_seen() == 0) return std::monostate{};
    return TopPatches{found_, model().config().model.patch, model().grid_height(), model().grid_width()};
  }

 protected:
  void see_image(size_t layer, int64_t image, int32_t label, const RoutingMap& map) override {
    std::vector<std::vector<TopPatch>> own(static_cast<size_t>(num_experts()));
    for (int64_t patch = 0; patch < num_patches(); ++patch) {
      const int64_t token = patch + (map.has_class_token ? 1 : 0);
      for_experts(map, token, [&](int32_t expert, float weight) {
        own[static_cast<size_t>(expert)].push_back({image, patch, label, weight});
      });
    }
    for (size_t e = 0; e < own.size(); ++e) {
      keep_best(own[e], ask_.per_image);
      std::vector<TopPatch>& all = found_[layer].experts[e];
      all.insert(all.end(), own[e].begin(), own[e].end());
      keep_best(all, ask_.per_expert);
    }
  }

 private:
  /// Calls see(expert, weight) for each expert that took the token.
  template <class See>
  void for_experts(const RoutingMap& map, int64_t token, See&& see) const {
    if (map.router == RouterKind::soft) {
      const float* row = map.combine.data() + token * map.num_experts * map.slots_per_expert;
      for (int64_t e = 0; e < map.num_experts; ++e) {
        float share = 0;
        for (int64_t slot = 0; slot < map.slots_per_expert; ++slot) share += *row++;
        if (!map.expert_off[static_cast<size_t>(e)]) see(static_cast<int32_t>(e), share);
      }
      return;
    }
    for (int64_t choice = 0; choice < map.k; ++choice) {
      const auto at = static_cast<size_t>(token * map.k + choice);
      if (map.expert[at] >= 0 && map.drop[at] == DropReason::none) see(map.expert[at], map.weight[at]);
    }
  }
  static void keep_best(std::vector<TopPatch>& patches, int64_t count) {
    const auto kept = std::min(patches.size(), static_cast<size_t>(count));
    std::partial_sort(patches.begin(), patches.begin() + static_cast<std::ptrdiff_t>(kept), patches.end(), before);
    patches.resize(kept);
  }

  AskTopPatches ask_;
  std::vector<LayerTopPatches> found_;
};

}  // namespace

std::unique_ptr<ReportJob> top_patches_job(Replica& replica, const ReportRequest& request, const AskTopPatches& ask) {
  need_experts(replica, "top patches");
  if (ask.per_expert < 1 || ask.per_image < 1)
    throw ConfigError("top patches: ask for at least one patch per expert and per image");
  return std::make_unique<TopPatchesJob>(replica, request, ask);
}

}  // namespace moescope
