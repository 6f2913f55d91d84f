// Each watched image goes through the model once more, in evaluation mode and in a group of its own.
#include "compute/train/watch.h"

#include <algorithm>
#include <string>

#include "compute/core/error.h"
#include "compute/data/image_edits.h"
#include "compute/data/resize.h"
#include "compute/eval/device_inference.h"
#include "compute/moe/observe.h"
#include "compute/ops/softmax/softmax.h"

namespace moescope {

namespace {

/// Adds the routing map of each image to its view, for one layer or for all.
class MapObserver : public RoutingObserver {
 public:
  MapObserver(const VisionTransformer& model, int64_t layer, int64_t step, std::span<ImageView> views)
      : model_(model), layer_(layer), step_(step), views_(views) {}

  void see(const Routing& routing) override {
    if (layer_ >= 0 && routing.layer != layer_) return;
    const int64_t tokens = model_.tokens_per_image();
    for (size_t i = 0; i < views_.size(); ++i) {
      RoutingMap map = routing_map(routing, static_cast<int64_t>(i) * tokens, tokens);
      map.step = step_;
      map.token_set =
          views_[i].image.label + ", its " + std::to_string(tokens) + " tokens; routed in a group of 1 image";
      map.grid_height = model_.grid_height();
      map.grid_width = model_.grid_width();
      map.has_class_token = model_.has_class_token();
      views_[i].routing.push_back(std::move(map));
    }
  }

 private:
  const VisionTransformer& model_;
  int64_t layer_, step_;
  std::span<ImageView> views_;
};

}  // namespace

Watcher::Watcher(std::shared_ptr<const Dataset> dataset, PixelScale scale)
    : dataset_(std::move(dataset)), normalizer_(dataset_->info(), scale) {}

void Watcher::watch(const std::vector<WatchedImage>& images, int64_t layer) {
  const DatasetInfo& info = dataset_->info();
  std::vector<Seen> seen;
  for (const WatchedImage& image : images) {
    if (image.own) {
      if (image.own->values.empty()) throw ConfigError("image " + image.label + " has no pixels; choose another one");
      seen.push_back({image, fit_to(*image.own, info.height, info.width, info.channels, image.fit), -1});
    } else {
      if (image.test_index < 0 || image.test_index >= info.num_test) {
        throw ConfigError("test image " + std::to_string(image.test_index) + " does not exist; " + info.name +
                          " has test images 0 to " + std::to_string(info.num_test - 1));
      }
      seen.push_back(
          {image, dataset_->image(Split::test, image.test_index), dataset_->label(Split::test, image.test_index)});
    }
  }
  seen_ = std::move(seen);
  layer_ = layer;
  inputs_ = Buffer(Shape{static_cast<int64_t>(seen_.size()), info.height, info.width, info.channels});
  for (size_t i = 0; i < seen_.size(); ++i) {
    normalizer_.apply(seen_[i].pixels.values.data(), info.pixels_per_image(),
                      inputs_.tensor().row(static_cast<int64_t>(i)).f32());
  }
}

std::vector<ImageView> Watcher::empty_views(int64_t step) const {
  std::vector<ImageView> views;
  for (const Seen& seen : seen_) {
    ImageView view;
    view.image = seen.image, view.pixels = seen.pixels, view.label = seen.label, view.step = step;
    views.push_back(std::move(view));
  }
  return views;
}

namespace {

RouterConfig alone(RouterConfig knobs) {
  knobs.group_images = 1;
  return knobs;
}

/// Each view's weights where a GPU has them.
void attach(ImageMaps maps, std::span<ImageView> views) {
  for (size_t i = 0; i < std::min(maps.size(), views.size()); ++i) views[i].on_device = std::move(maps[i]);
}

/// Logits become probabilities in place.
void fill_probabilities(const Tensor& logits, std::span<ImageView> views) {
  softmax(logits, logits);
  for (size_t i = 0; i < views.size(); ++i) {
    const float* row = logits.row(static_cast<int64_t>(i)).f32();
    views[i].probabilities.assign(row, row + logits.dim(1));
  }
}

}  // namespace

void Watcher::run(VisionTransformer& model, const Tensor& inputs, Pass& pass, std::span<ImageView> views,
                  DeviceModel* device) {
  const RouterConfig knobs = alone(*pass.router);
  MapObserver maps(model, layer_, pass.step, views);
  pass.router = &knobs;
  pass.observer = &maps;
  ImageMaps kept;
  fill_probabilities(device ? infer_on_device(*device, model, inputs, pass, &kept) : model.forward(inputs, pass),
                     views);
  attach(std::move(kept), views);
}

Watcher::Begun Watcher::begin(const VisionTransformer& model, const RouterConfig& router, int64_t step,
                              DeviceModel& device) {
  Begun begun{empty_views(step), alone(router), step, layer_};
  if (begun.views.empty()) return begun;
  MapObserver wanted(model, layer_, step, begun.views);  // so that the routing is brought
  Pass pass;
  pass.router = &begun.knobs;
  pass.observer = &wanted;
  begin_inference(device, model, inputs_, pass, true);
  return begun;
}

std::vector<ImageView> Watcher::end(const VisionTransformer& model, Begun begun, DeviceModel& device) {
  if (begun.views.empty()) return {};
  arena_.reset();
  MapObserver maps(model, begun.layer, begun.step, begun.views);
  Pass pass;
  pass.arena = &arena_;
  pass.router = &begun.knobs;
  pass.observer = &maps;
  const auto images = static_cast<int64_t>(begun.views.size());
  ImageMaps kept;
  fill_probabilities(end_inference(device, model, images, pass, &kept), begun.views);
  attach(std::move(kept), begun.views);
  return std::move(begun.views);
}

std::vector<ImageView> Watcher::look(VisionTransformer& model, const RouterConfig& router, int64_t step,
                                     DeviceModel* device) {
  std::vector<ImageView> views = empty_views(step);
  if (views.empty()) return views;
  arena_.reset();
  Pass pass;
  pass.arena = &arena_;
  pass.router = &router;
  pass.step = step;
  run(model, inputs_, pass, views, device);
  return views;
}

std::vector<ImageView> Watcher::look(VisionTransformer& model, const RouterConfig& router, const WhatIf& what_if,
                                     int64_t step, AttentionMap* attention, DeviceModel* device) {
  std::vector<ImageView> views = empty_views(step);
  if (views.empty()) return views;
  const RouterConfig knobs = knobs_under(what_if, router);
  for (size_t i = 0; i < views.size(); ++i) {
    arena_.reset();
    const auto at = static_cast<int64_t>(i);
    Tensor input = inputs_.tensor().rows(at, at + 1);
    if (!what_if.edits.empty()) {
      ImagePixels& pixels = views[i].pixels;
      pixels = edited(std::move(pixels), what_if.edits, model.config().model.patch, model.grid_width());
      input = arena_.make(input.shape());
      normalizer_.apply(pixels.values.data(), pixels.height * pixels.width, input.f32());
    }
    Pass pass;
    pass.arena = &arena_;
    pass.router = &knobs;
    pass.step = step;
    pass.what_if = &what_if;
    pass.first_image = std::max<int64_t>(0, seen_[i].image.test_index);
    std::vector<Tensor> probabilities;
    if (attention && i == 0) {
      attention->heads = model.config().model.heads;
      attention->num_tokens = model.tokens_per_image();
      attention->has_class_token = model.has_class_token();
      probabilities.resize(static_cast<size_t>(model.config().model.depth));
      probabilities[static_cast<size_t>(attention->block)] =
          arena_.make({1, attention->heads, attention->num_tokens, attention->num_tokens});
      pass.attention_probabilities = probabilities.data();
    }
    run(model, input, pass, std::span(views).subspan(i, 1), device);
    if (attention && i == 0) {
      const Tensor& filled = probabilities[static_cast<size_t>(attention->block)];
      attention->probabilities.assign(filled.f32(), filled.f32() + filled.size());
    }
  }
  return views;
}

}  // namespace moescope
