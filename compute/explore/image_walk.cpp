// One batch a slice.
#include "compute/explore/image_walk.h"

#include <algorithm>

#include "compute/explore/explored_dataset.h"
#include "compute/moe/observe.h"

namespace moescope {

std::shared_ptr<const Dataset> dataset_of(const Replica& replica, const ReportRequest& request) {
  if (request.max_images == 0 && request.what_if.edits.empty()) return replica.dataset;
  return std::make_shared<ExploredDataset>(replica.dataset, request.max_images, request.what_if.edits,
                                           replica.config.model.patch, replica.model->grid_width());
}

EvalOptions options_of(const Replica& replica, const ReportRequest& request, bool scored) {
  EvalOptions options = EvalOptions::of(replica.config);
  options.what_if = request.what_if;
  options.scored = scored;
  return options;
}

void need_experts(const Replica& replica, const std::string& report) {
  if (replica.model->moe_blocks().empty())
    throw ConfigError(report + " is about experts, and this model is dense; choose a run with a router");
}

ImageWalk::ImageWalk(Replica& replica, const ReportRequest& request, Wants wants)
    : replica_(replica),
      layers_(replica.model->moe_blocks()),
      dataset_(dataset_of(replica, request)),
      batches_(dataset_, Split::test, EvalOptions::of(replica.config).micro_batch, replica.config.data.scale,
               replica.config.data.workers),
      tally_(*replica.model, options_of(replica, request, wants == Wants::scored_too), arena_) {}

bool ImageWalk::slice() {
  batch_ = batches_.next();
  if (!batch_) return false;
  const int64_t first = tally_.num_images();
  const Tensor logits = device_.compute(replica_, [&](const std::shared_ptr<DeviceModel>& device) {
    tally_.compute_on(device);
    return tally_.add(*batch_, this);
  });
  see_logits(first, *batch_, logits);
  return true;
}

double ImageWalk::progress() const {
  return static_cast<double>(tally_.num_images()) / static_cast<double>(std::max<int64_t>(1, num_images()));
}

void ImageWalk::see(const Routing& routing) {
  const auto layer = static_cast<size_t>(std::find(layers_.begin(), layers_.end(), routing.layer) - layers_.begin());
  see_routing(layer, routing);
  const int64_t tokens = model().tokens_per_image();
  for (int64_t i = 0; i < batch_->size(); ++i) {
    RoutingMap map = routing_map(routing, i * tokens, tokens);
    map.grid_height = model().grid_height(), map.grid_width = model().grid_width();
    map.has_class_token = model().has_class_token();
    see_image(layer, batch_->indices[static_cast<size_t>(i)], batch_->labels.i32()[i], map);
  }
}

}  // namespace moescope
