// One image at every point of a curve: a look each.
#include <algorithm>

#include "compute/explore/jobs.h"
#include "compute/explore/replica_device.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/train/watch.h"

namespace moescope {
namespace {

class ImageCurveJob : public ReportJob {
 public:
  ImageCurveJob(Replica& replica, const ReportRequest& request, const AskImageCurve& ask)
      : replica_(replica), base_(request.what_if), ask_(ask), watcher_(replica.dataset, replica.config.data.scale) {
    watcher_.watch({ask.image}, -1);
    for (const WhatIf& point : ask.curve.points)
      check(on_top(base_, point), replica.config, replica.model->grid_height() * replica.model->grid_width());
    as_is_ = largest(look({}).probabilities);
    curve_.axis = ask.curve.axis;
    curve_.image = ask.image.label;
  }

  bool slice() override {
    const size_t next = curve_.points.size();
    if (next == ask_.curve.points.size()) return false;
    const int64_t before = flops_done();
    const ImageView view = look(on_top(base_, ask_.curve.points[next]));
    ImageCurvePoint point;
    point.position = ask_.curve.positions[next];
    point.predicted = static_cast<int64_t>(largest(view.probabilities));
    point.probability = view.probabilities[as_is_];
    if (view.label >= 0) point.label_probability = view.probabilities[static_cast<size_t>(view.label)];
    point.gflops = static_cast<double>(flops_done() - before) * 1e-9;
    curve_.points.push_back(point);
    return true;
  }
  double progress() const override {
    return static_cast<double>(curve_.points.size()) / static_cast<double>(ask_.curve.points.size());
  }
  Answer answer() const override { return curve_.points.empty() ? Answer(std::monostate{}) : Answer(curve_); }

 private:
  ImageView look(const WhatIf& what_if) {
    return device_.compute(replica_, [&](const std::shared_ptr<DeviceModel>& device) {
      return watcher_.look(*replica_.model, replica_.config.router, what_if, replica_.label.step, nullptr, device.get())
          .front();
    });
  }
  static size_t largest(const std::vector<float>& values) {
    return static_cast<size_t>(std::max_element(values.begin(), values.end()) - values.begin());
  }

  Replica& replica_;
  WhatIf base_;
  AskImageCurve ask_;
  Watcher watcher_;
  ReplicaDevice device_;
  size_t as_is_ = 0;  // class predicted as it is
  ImageCurve curve_;
};

}  // namespace

std::unique_ptr<ReportJob> image_curve_job(Replica& replica, const ReportRequest& request, const AskImageCurve& ask) {
  check_curve(ask.curve);
  return std::make_unique<ImageCurveJob>(replica, request, ask);
}

}  // namespace moescope
