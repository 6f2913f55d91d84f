// Where the model errs, and which images are routed unlike their class.
#include <algorithm>
#include <cmath>

#include "compute/explore/image_walk.h"
#include "compute/explore/jobs.h"
#include "compute/ops/softmax/softmax.h"

namespace moescope {
namespace {

constexpr double kFarQuantile = 0.95;

class MistakesJob : public ImageWalk {
 public:
  MistakesJob(Replica& replica, const ReportRequest& request)
      : ImageWalk(replica, request),
        use_columns_(layers().size() * static_cast<size_t>(num_layers() > 0 ? num_experts() : 0)) {}

  Answer answer() const override {
    if (verdicts_.empty()) return std::monostate{};
    Mistakes result;
    const auto classes = static_cast<size_t>(num_classes());
    result.num_classes = num_classes();
    result.images = verdicts_;
    result.confusion.resize(classes * classes);
    for (const ImageVerdict& one : verdicts_)
      ++result.confusion[static_cast<size_t>(one.label) * classes + static_cast<size_t>(one.predicted)];
    fill_distances(result);
    return result;
  }

 protected:
  void see_image(size_t layer, int64_t image, int32_t, const RoutingMap& map) override {
    const auto row = static_cast<size_t>(image) * use_columns_ + layer * static_cast<size_t>(num_experts());
    use_.resize(std::max(use_.size(), (static_cast<size_t>(image) + 1) * use_columns_), 0);
    dropped_.resize(std::max(dropped_.size(), static_cast<size_t>(image) + 1), 0);
    const float part = 1 / static_cast<float>(num_patches());
    for (int64_t patch = 0; patch < num_patches(); ++patch) {
      const int32_t expert = main_expert_of_patch(map, patch);
      if (expert >= 0)
        use_[row + static_cast<size_t>(expert)] += part;
      else
        dropped_[static_cast<size_t>(image)] += part / static_cast<float>(num_layers());
    }
  }

  void see_logits(int64_t first_image, const Batch& batch, const Tensor& logits) override {
    softmax(logits, logits);
    for (int64_t i = 0; i < logits.dim(0); ++i) {
      const float* row = logits.row(i).f32();
      ImageVerdict one;
      one.image = first_image + i;
      one.label = batch.labels.i32()[i];
      one.predicted = static_cast<int32_t>(std::max_element(row, row + logits.dim(1)) - row);
      one.probability = row[one.predicted];
      one.label_probability = row[one.label];
      if (!dropped_.empty()) one.dropped = dropped_[static_cast<size_t>(one.image)];
      verdicts_.push_back(one);
    }
  }

 private:
  const float* use_of(const ImageVerdict& one) const {
    return use_.data() + static_cast<size_t>(one.image) * use_columns_;
  }

  std::vector<std::vector<double>> mean_use() const {
    std::vector<std::vector<double>> mean(static_cast<size_t>(num_classes()), std::vector<double>(use_columns_, 0));
    std::vector<double> count(mean.size(), 0);
    for (const ImageVerdict& one : verdicts_) {
      const auto label = static_cast<size_t>(one.label);
      count[label] += 1;
      for (size_t i = 0; i < use_columns_; ++i) mean[label][i] += use_of(one)[i];
    }
    for (size_t c = 0; c < mean.size(); ++c)
      for (double& x : mean[c]) x /= std::max(1.0, count[c]);
    return mean;
  }

  void fill_distances(Mistakes& result) const {
    const auto classes = static_cast<size_t>(num_classes());
    result.usual_distance.assign(classes, 0);
    result.far_distance.assign(classes, 0);
    if (use_columns_ == 0) return;  // a dense model routes all alike
    const auto mean = mean_use();
    std::vector<std::vector<float>> distances(classes);
    for (ImageVerdict& one : result.images) {
      double sum = 0;
      for (size_t i = 0; i < use_columns_; ++i)
        sum += std::abs(use_of(one)[i] - mean[static_cast<size_t>(one.label)][i]);
      one.distance = static_cast<float>(sum / 2 / static_cast<double>(num_layers()));
      distances[static_cast<size_t>(one.label)].push_back(one.distance);
    }
    for (size_t c = 0; c < classes; ++c) {
      std::vector<float>& own = distances[c];
      if (own.empty()) continue;
      double sum = 0;
      for (const float d : own) sum += d;
      result.usual_distance[c] = static_cast<float>(sum / static_cast<double>(own.size()));
      const auto far = own.begin() + static_cast<std::ptrdiff_t>(kFarQuantile * static_cast<double>(own.size() - 1));
      std::nth_element(own.begin(), far, own.end());
      result.far_distance[c] = *far;
    }
  }

  size_t use_columns_;          // MoE layers * E
  std::vector<float> use_;      // (images, layers, E)
  std::vector<float> dropped_;  // (images)
  std::vector<ImageVerdict> verdicts_;
};

}  // namespace

std::unique_ptr<ReportJob> mistakes_job(Replica& replica, const ReportRequest& request) {
  return std::make_unique<MistakesJob>(replica, request);
}

}  // namespace moescope
