// Two passes an image at most: one as it is, one under the WhatIf.
#include "compute/explore/looker.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>

namespace moescope {
namespace {

bool is_finite(const ImageView& view) {
  return std::all_of(view.probabilities.begin(), view.probabilities.end(), [](float p) { return std::isfinite(p); });
}

void check_block(int64_t block, const RunConfig& config) {
  if (block < -1 || block >= config.model.depth) {
    throw ConfigError("block " + std::to_string(block) + " does not exist; the model has blocks 0 to " +
                      std::to_string(config.model.depth - 1));
  }
}

}  // namespace

void Looker::reset() {
  watcher_.reset();
  dataset_.reset();
  watched_.clear();
  device_.reset();
  version_ = -1;
}

void Looker::watch(const Replica& replica, const LookRequest& request) {
  if (!watcher_ || dataset_ != replica.dataset) {
    reset();
    watcher_ = std::make_unique<Watcher>(replica.dataset, replica.config.data.scale);
    dataset_ = replica.dataset;
  }
  if (watched_ == request.images) return;
  watcher_->watch(request.images, -1);
  watched_ = request.images;
  version_ = -1;
}

Look Looker::look(Replica& replica, const LookRequest& request) {
  const auto begin = std::chrono::steady_clock::now();
  Look look;
  look.request = request;
  look.model = replica.label;
  look.config = replica.config;
  VisionTransformer& model = *replica.model;
  std::vector<ImageView> changed;
  try {
    watch(replica, request);
    if (version_ != replica.version) {
      as_is_ = device_.compute(replica, [&](const std::shared_ptr<DeviceModel>& device) {
        return watcher_->look(model, replica.config.router, WhatIf{}, replica.label.step, nullptr, device.get());
      });
      version_ = replica.version;
    }
    changed = as_is_;
    check_block(request.attention_block, replica.config);
    check(request.what_if, replica.config, model.grid_height() * model.grid_width());
    if (request.attention_block >= 0) look.attention.emplace().block = request.attention_block;
    if (!request.what_if.is_nothing() || look.attention) {
      AttentionMap* attention = look.attention ? &*look.attention : nullptr;
      changed = device_.compute(replica, [&](const std::shared_ptr<DeviceModel>& device) {
        return watcher_->look(model, replica.config.router, request.what_if, replica.label.step, attention,
                              device.get());
      });
    }
    if (!std::all_of(changed.begin(), changed.end(), is_finite)) {
      look.refusal = "the model gives no finite answer (" + describe(request.what_if) + "); change less, or look at " +
                     "an earlier checkpoint";
    }
  } catch (const UserError& error) { look.refusal = error.what(); }
  if (!look.refusal.empty()) {
    look.attention.reset();
    const bool shown = version_ == replica.version && watched_ == request.images;
    changed = shown ? as_is_ : std::vector<ImageView>();
  }
  for (size_t i = 0; i < changed.size(); ++i) look.images.push_back(compared(as_is_[i], std::move(changed[i])));
  look.answer_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  return look;
}

}  // namespace moescope
