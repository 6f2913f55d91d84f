// A map of patch embeddings, as the router of one layer sees them: collected evenly over the images, then projected.
#include <algorithm>
#include <numeric>

#include "compute/explore/image_walk.h"
#include "compute/explore/jobs.h"
#include "compute/explore/principal_components.h"
#include "compute/explore/tsne.h"

namespace moescope {
namespace {

constexpr int64_t kIterations = 750;
constexpr double kWalkShare = 0.3;  // of the progress shown, when a t-SNE follows

class EmbeddingJob : public ImageWalk {
 public:
  EmbeddingJob(Replica& replica, const ReportRequest& request, const AskEmbedding& ask)
      : ImageWalk(replica, request, Wants::scored_too), ask_(ask) {
    if (ask_.layer < 0) ask_.layer = layers().back();
    const int64_t all = num_images() * num_patches();
    stride_ = std::max<int64_t>(1, (all + ask_.max_points - 1) / ask_.max_points);
    while (std::gcd(stride_, num_patches()) > 1) ++stride_;  // so that every position comes up
  }

  bool slice() override {
    if (ImageWalk::slice()) return true;
    if (map_.empty()) return project();
    if (ask_.projection == Projection::pca || tsne_->iterations() == kIterations) return false;
    if (!tsne_->prepare()) tsne_->iterate();
    return true;
  }

  double progress() const override {
    if (ask_.projection == Projection::pca) return ImageWalk::progress();
    const double steps = tsne_ ? static_cast<double>(tsne_->iterations()) / static_cast<double>(kIterations) : 0;
    return kWalkShare * ImageWalk::progress() + (1 - kWalkShare) * steps;
  }

  Answer answer() const override {
    if (map_.empty()) return std::monostate{};
    Embedding result;
    result.layer = ask_.layer;
    result.points = points_;
    const bool pca = ask_.projection == Projection::pca || tsne_->iterations() == 0;
    result.projection = pca ? Projection::pca : Projection::tsne;
    for (size_t i = 0; i < result.points.size(); ++i) {
      result.points[i].x = pca ? map_[2 * i] : static_cast<float>(tsne_->points()[2 * i]);
      result.points[i].y = pca ? map_[2 * i + 1] : static_cast<float>(tsne_->points()[2 * i + 1]);
    }
    if (pca)
      result.explained_x = explained_x_, result.explained_y = explained_y_;
    else
      result.divergence = tsne_->divergence();
    return result;
  }

 protected:
  void see_routing(size_t layer, const Routing& routing) override {
    if (layers()[layer] == ask_.layer) scored_ = routing.scored, batch_image_ = 0;
  }

  void see_image(size_t layer, int64_t image, int32_t label, const RoutingMap& map) override {
    if (layers()[layer] != ask_.layer) return;
    for (int64_t patch = 0; patch < num_patches(); ++patch) {
      if ((image * num_patches() + patch) % stride_ != 0) continue;
      const int64_t token = patch + (map.has_class_token ? 1 : 0);
      const float* row = scored_.f32() + (batch_image_ * map.num_tokens + token) * scored_.dim(1);
      rows_.insert(rows_.end(), row, row + scored_.dim(1));
      points_.push_back({image, patch, label, main_expert(map, token), false, 0, 0});
    }
    ++batch_image_;
  }

  void see_logits(int64_t first_image, const Batch& batch, const Tensor& logits) override {
    for (auto point = points_.rbegin(); point != points_.rend() && point->image >= first_image; ++point) {
      const int64_t i = point->image - first_image;
      const float* row = logits.row(i).f32();
      point->correct = std::max_element(row, row + logits.dim(1)) - row == batch.labels.i32()[i];
    }
  }

 private:
  bool project() {
    if (points_.empty()) return false;
    const int64_t width = model().config().model.width;
    PrincipalComponents components = principal_components(rows_, width);
    map_ = std::move(components.points);
    explained_x_ = components.explained_x, explained_y_ = components.explained_y;
    if (ask_.projection == Projection::tsne && points_.size() > 3)
      tsne_ = std::make_unique<Tsne>(rows_, width, map_, ask_.perplexity);
    else
      ask_.projection = Projection::pca;
    return true;
  }

  AskEmbedding ask_;
  int64_t stride_ = 1;
  Tensor scored_;            // of the routing in work
  int64_t batch_image_ = 0;  // next image of its batch
  std::vector<float> rows_;  // (points, D)
  std::vector<EmbeddedPatch> points_;
  std::vector<float> map_;  // (points, 2) principal components
  double explained_x_ = 0, explained_y_ = 0;
  std::unique_ptr<Tsne> tsne_;
};

}  // namespace

std::unique_ptr<ReportJob> embedding_job(Replica& replica, const ReportRequest& request, const AskEmbedding& ask) {
  need_experts(replica, "the map of embeddings");
  const std::vector<int64_t>& layers = replica.model->moe_blocks();
  if (ask.layer >= 0 && std::find(layers.begin(), layers.end(), ask.layer) == layers.end()) {
    std::string names;
    for (const int64_t layer : layers) names += (names.empty() ? "" : ", ") + std::to_string(layer);
    throw ConfigError("layer " + std::to_string(ask.layer) + " has no experts; the layers with experts are " + names);
  }
  if (ask.max_points < 4 || ask.max_points > 20000)
    throw ConfigError("the map of embeddings takes 4 to 20000 points, not " + std::to_string(ask.max_points));
  if (!(ask.perplexity >= 1 && ask.perplexity <= 1000))
    throw ConfigError("perplexity is out of range; choose between 1 and 1000");
  return std::make_unique<EmbeddingJob>(replica, request, ask);
}

}  // namespace moescope
