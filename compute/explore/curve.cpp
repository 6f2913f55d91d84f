// Accuracy against compute: every point on a few images first, then all points on every image, batch by batch.
#include <algorithm>
#include <cmath>
#include <utility>

#include "compute/explore/image_walk.h"
#include "compute/explore/jobs.h"
#include "compute/records/config_fields.h"

namespace moescope {
namespace {

class CurveJob : public ReportJob {
 public:
  CurveJob(Replica& replica, const ReportRequest& request, const AskCurve& ask)
      : replica_(replica), request_(request), ask_(ask), dataset_(dataset_of(replica, request)) {
    const int64_t group = group_images(replica.config.router);  // a group must not be cut
    const int64_t first = std::min(dataset_->size(Split::test), (ask.first_images + group - 1) / group * group);
    begin(std::max<int64_t>(1, first));
  }

  bool slice() override {
    if (point_ == 0) batch_ = batches_->next(), prefix_.filled = false;
    if (!batch_) return false;
    device_.compute(replica_, [&](const std::shared_ptr<DeviceModel>& device) {
      tallies_[point_].compute_on(device);
      tallies_[point_].add(*batch_, prefix_);
    });
    point_ = (point_ + 1) % tallies_.size();
    if (point_ != 0) return true;
    if (estimating_) {  // one batch was the estimate; now the exact values, cut as an evaluation cuts
      estimate_ = curve();
      estimating_ = false;
      urgent_ = true;
      begin(EvalOptions::of(replica_.config).micro_batch);
    }
    return true;
  }

  double progress() const override {
    if (estimating_) return 0;
    return static_cast<double>(tallies_.back().num_images()) / static_cast<double>(num_images());
  }
  bool take_urgent() override { return std::exchange(urgent_, false); }

  Answer answer() const override {
    // The estimate stands until the exact values know more images than it.
    const bool behind =
        estimating_ || estimate_.points.empty() || tallies_.back().num_images() < estimate_.points.back().num_images;
    if (behind) return estimate_.points.empty() ? Answer(std::monostate{}) : Answer(estimate_);
    return curve();
  }

 private:
  int64_t whole_split() const { return replica_.dataset->size(Split::test); }
  int64_t num_images() const { return std::max<int64_t>(1, dataset_->size(Split::test)); }

  void begin(int64_t batch_size) {
    tallies_.clear();
    point_ = 0;
    batches_ = std::make_unique<EvalBatches>(dataset_, Split::test, batch_size, replica_.config.data.scale,
                                             replica_.config.data.workers);
    for (const WhatIf& point : ask_.points) {
      EvalOptions options = options_of(replica_, request_);
      options.what_if = on_top(request_.what_if, point);
      options.micro_batch = batch_size;
      tallies_.emplace_back(*replica_.model, std::move(options), arena_);
    }
  }

  Curve curve() const {
    Curve curve;
    curve.axis = ask_.axis;
    for (size_t i = 0; i < tallies_.size(); ++i) {
      const EvalResult result = tallies_[i].result();
      CurvePoint point{ask_.positions[i],       result.num_images,    result.accuracy, result.loss, 0,
                       result.gflops_per_image, result.images_per_sec};
      // standard error of a share, of a sample drawn from the whole split without putting back
      const auto n = static_cast<double>(result.num_images), all = static_cast<double>(whole_split());
      // with one right and one wrong image added, so that ten right ones in a row do not make it certain
      const double share = (result.accuracy * n + 1) / (n + 2);
      if (n > 0 && n < all) point.accuracy_error = std::sqrt(share * (1 - share) / n * (1 - n / all));
      curve.points.push_back(point);
    }
    curve.exact = tallies_.back().num_images() == whole_split();
    return curve;
  }

  Replica& replica_;
  ReportRequest request_;
  AskCurve ask_;
  std::shared_ptr<const Dataset> dataset_;
  Arena arena_;
  std::unique_ptr<EvalBatches> batches_;
  ReplicaDevice device_;
  std::vector<EvalTally> tallies_;  // one a point
  const Batch* batch_ = nullptr;
  Prefix prefix_;     // of batch_, on the CPU: points differ in their routers alone
  size_t point_ = 0;  // next to see batch_
  bool estimating_ = true, urgent_ = false;
  Curve estimate_;
};

}  // namespace

WhatIf on_top(WhatIf a, const WhatIf& b) {
  const auto join = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  join(a.off, b.off), join(a.replaced, b.replaced), join(a.forced, b.forced), join(a.edits, b.edits);
  if (b.kept.count > 0) a.kept = b.kept;
  if (b.k) a.k = b.k;
  if (b.capacity_factor) a.capacity_factor = b.capacity_factor;
  if (b.bpr) a.bpr = b.bpr;
  if (b.temperature) a.temperature = b.temperature;
  if (b.slots_per_expert) a.slots_per_expert = b.slots_per_expert;
  return a;
}

void check_curve(const AskCurve& curve) {
  if (curve.points.empty() || curve.points.size() != curve.positions.size())
    throw ConfigError("a curve needs at least one point, and a position for each");
}

std::unique_ptr<ReportJob> curve_job(Replica& replica, const ReportRequest& request, const AskCurve& ask) {
  check_curve(ask);
  return std::make_unique<CurveJob>(replica, request, ask);
}

}  // namespace moescope
