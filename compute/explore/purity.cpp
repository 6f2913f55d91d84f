// Routing purity where every patch has a true label (Fashion Scenes).
#include "compute/eval/routing_purity.h"

#include "compute/explore/image_walk.h"
#include "compute/explore/jobs.h"

namespace moescope {
namespace {

class PurityJob : public ImageWalk {
 public:
  PurityJob(Replica& replica, const ReportRequest& request)
      : ImageWalk(replica, request),
        counts_(layers().size(), std::vector<int64_t>(static_cast<size_t>(num_experts() * num_classes()))) {}

  Answer answer() const override {
    if (images_seen() == 0) return std::monostate{};
    Purity purity;
    for (size_t i = 0; i < counts_.size(); ++i) {
      const RoutingPurity one = purity_of(counts_[i], num_experts());
      purity.layers.push_back(
          {layers()[i], one.num_patches, one.purity, one.chance, one.mutual_information, one.label_entropy});
    }
    return purity;
  }

 protected:
  void see_image(size_t layer, int64_t image, int32_t, const RoutingMap& map) override {
    const std::vector<int32_t> labels = dataset().patch_labels(Split::test, image, model().config().model.patch);
    for (size_t patch = 0; patch < labels.size(); ++patch) {
      const int32_t expert = main_expert_of_patch(map, static_cast<int64_t>(patch));
      if (labels[patch] >= 0 && expert >= 0)
        ++counts_[layer][static_cast<size_t>(expert * num_classes() + labels[patch])];
    }
  }

 private:
  std::vector<std::vector<int64_t>> counts_;  // by layer (E,K)
};

}  // namespace

std::unique_ptr<ReportJob> purity_job(Replica& replica, const ReportRequest& request) {
  need_experts(replica, "routing purity");
  if (replica.dataset->size(Split::test) == 0 ||
      replica.dataset->patch_labels(Split::test, 0, replica.config.model.patch).empty()) {
    throw ConfigError(replica.dataset->info().name +
                      " does not know what is on its patches; set data.dataset=fashion_scenes");
  }
  return std::make_unique<PurityJob>(replica, request);
}

}  // namespace moescope
