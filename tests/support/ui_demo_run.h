// A run without a trainer: answers the window's commands with synthetic records.
#pragma once

#include <mutex>
#include <optional>
#include <utility>

#include "compute/records/config_fields.h"
#include "support/ui_demo.h"
#include "support/ui_demo_reports.h"
#include "window/live_run.h"

namespace moescope::demo {

class DemoRun : public LiveRun {
 public:
  using PixelSource = std::function<std::shared_ptr<const ImagePixels>(int64_t)>;

  explicit DemoRun(RouterKind kind, PixelSource pixels = {}) : snapshot_(demo::snapshot(kind, 0)) {
    gallery_.count = 10000;
    gallery_.name = "Fashion-MNIST, test set";
    gallery_.label = [](int64_t index) { return index % 10; };
    const int64_t side = kind == RouterKind::soft ? 28 : 56;
    gallery_.pixels = pixels ? std::move(pixels)
                             : [side](int64_t i) { return std::make_shared<const ImagePixels>(demo::image(i, side)); };
    store_ = {"sessions.db", 2, ""};
    watched_ = {snapshot_.images.front().image};
  }

  /// Trains so many steps at once and posts a snapshot.
  void advance(int64_t steps) {
    for (int64_t i = 0; i < steps; ++i) {
      ++snapshot_.step;
      for (Metric& metric : demo::metrics(snapshot_.config, snapshot_.step)) metrics_.push_back(std::move(metric));
    }
    snapshot_.epoch = static_cast<double>(snapshot_.step) / 469;
    snapshot_.eta_secs = static_cast<double>(snapshot_.total_steps - snapshot_.step) * 0.21;
    for (ExpertLoad& load : snapshot_.layers) load = load_of(snapshot_.config, load.layer, snapshot_.step);
    post();
  }
  Snapshot& edit() { return snapshot_; }
  /// What a field had before anything was applied.
  std::string first_value(const std::string& key) const { return get_field(first_config_, key); }
  void post() {
    snapshot_.images.clear();
    const std::vector<uint8_t> all_on(static_cast<size_t>(snapshot_.config.router.num_experts), 0);
    for (const WatchedImage& image : watched_)
      if (const auto pixels = pixels_of(image))
        snapshot_.images.push_back(view(snapshot_.config, image, *pixels, snapshot_.step, sharpness, all_on));
    posted_ = std::make_shared<const Snapshot>(snapshot_);
    if (wake_) wake_();
  }

  bool take(std::shared_ptr<const Snapshot>& out) override {
    if (!posted_) return false;
    out = std::exchange(posted_, nullptr);
    return true;
  }
  void send(Command command) override {
    if (const auto* running = std::get_if<SetRunning>(&command))
      snapshot_.state = running->running ? RunState::running : RunState::paused;
    if (const auto* field = std::get_if<SetField>(&command)) {
      applied_.push_back({snapshot_.step, 0, field->key, get_field(snapshot_.config, field->key), field->value});
      set_field(snapshot_.config, field->key, field->value);
    }
    if (const auto* watch = std::get_if<Watch>(&command)) watched_ = watch->images;
    if (const auto* rule = std::get_if<SetStopRule>(&command)) snapshot_.stop_rule = rule->rule;
    if (std::get_if<RestoreLastGood>(&command)) snapshot_.state = RunState::paused, snapshot_.message.clear();
    if (std::get_if<SingleStep>(&command)) advance(1);
    commands.push_back(std::move(command));
    post();
  }
  RunNews take_news() override {
    return {std::exchange(other_run_, false), std::exchange(metrics_, {}), std::exchange(applied_, {}),
            std::exchange(checkpoints_, std::nullopt)};
  }
  /// Stored steps from now on; checkpoint ids are their places in the list plus one.
  void store_steps(const std::vector<int64_t>& steps) {
    checkpoints_.emplace();
    for (const int64_t step : steps) {
      CheckpointInfo info;
      info.checkpoint_id = static_cast<int64_t>(checkpoints_->size()) + 1;
      info.run_id = 14, info.step = step, info.rolling = step % 20 != 0;
      info.reason = info.rolling ? "rolling" : "asked";
      checkpoints_->push_back(info);
    }
    stored_ = *checkpoints_;
    if (wake_) wake_();
  }
  void branch(int64_t step) override {
    branched_at = step;
    other_run_ = true;
    metrics_.clear();
    snapshot_.step = step, ++snapshot_.run_id;
    explored_checkpoint = -1;
    store_steps({step});
    post();
  }
  const panels::GallerySource& gallery() override { return gallery_; }
  panels::GallerySource& edit_gallery() { return gallery_; }
  panels::StoreStatus store_status() override { return store_; }
  panels::StoreStatus& edit_store() { return store_; }
  void open_files(std::vector<std::string> paths) override {
    for (const std::string& path : paths) notices_.push_back("cannot read " + path + ": it is neither PNG nor JPEG");
  }
  std::vector<std::string> drain_notices() override { return std::exchange(notices_, {}); }
  void stop_looking() override {
    ++stops;
    standing_.reset();
  }
  void explore_checkpoint(int64_t id) override {
    explored_checkpoint = id;
    if (standing_ && answers_looks) answer(*standing_);
  }
  RoutingMap reroute(const RoutingMap& map, const WhatIf& what_if, const RouterConfig&, int64_t image) override {
    rerouted_image = image;
    const auto pixels = pixels_of(watched_.front());
    const RunConfig config = config_under(snapshot_.config, what_if);
    ++reroutes;
    return map.router == RouterKind::tokens_choice ? sparse_map(config, *pixels, map.layer, map.step, map.expert_off)
                                                   : map;
  }
  void set_waker(std::function<void()> wake) override { wake_ = std::move(wake); }

  void look(LookRequest request) override {
    looks.push_back(request);
    standing_ = request;
    if (answers_looks) answer(request);
  }
  /// Posts the answer to a question; what the run is told of is not needed for it.
  void answer(const LookRequest& request) {
    const auto pixels = pixels_of(request.images.front());
    const bool stored = explored_checkpoint > 0;
    const int64_t step = stored ? stored_[static_cast<size_t>(explored_checkpoint) - 1].step : snapshot_.step;
    if (pixels) {
      Look look = demo::look(snapshot_.config, request, *pixels, step, sharpness);
      if (stored) look.model = {false, 14, explored_checkpoint, step, "checkpoint of step " + std::to_string(step)};
      look_ = std::make_shared<const Look>(std::move(look));
    }
    if (wake_) wake_();
  }
  bool take_look(std::shared_ptr<const Look>& out) override {
    if (!look_) return false;
    out = std::exchange(look_, nullptr);
    return true;
  }
  void report(ReportRequest request) override {
    reports_asked.push_back(request);
    post(demo::report(snapshot_.config, request, snapshot_.step));
  }
  void post(Report report) {
    reports_.push_back(std::make_shared<const Report>(std::move(report)));
    if (wake_) wake_();
  }
  void cancel_report(int64_t id) override { cancelled.push_back(id); }
  std::vector<std::shared_ptr<const Report>> take_reports() override { return std::exchange(reports_, {}); }

  std::vector<LookRequest> looks;  // everything the window asked
  std::vector<ReportRequest> reports_asked;
  std::vector<int64_t> cancelled;
  bool answers_looks = true;      // at once; false: answer() does it
  std::vector<Command> commands;  // everything the window sent
  int64_t explored_checkpoint = -1, branched_at = -1;
  int64_t rerouted_image = -1;
  int stops = 0, reroutes = 0;
  double sharpness = 6;  // of the soft maps; small is almost uniform

 private:
  std::shared_ptr<const ImagePixels> pixels_of(const WatchedImage& image) {
    return image.own ? image.own : gallery_.pixels(image.test_index);
  }
  Snapshot snapshot_;
  RunConfig first_config_ = snapshot_.config;
  std::shared_ptr<const Snapshot> posted_;
  std::vector<WatchedImage> watched_;
  std::shared_ptr<const Look> look_;
  std::optional<LookRequest> standing_;
  std::vector<CheckpointInfo> stored_;
  std::optional<std::vector<CheckpointInfo>> checkpoints_;
  bool other_run_ = false;
  std::vector<std::shared_ptr<const Report>> reports_;
  std::vector<Metric> metrics_;
  std::vector<CommandApplied> applied_;
  panels::GallerySource gallery_;
  panels::StoreStatus store_;
  std::vector<std::string> notices_;
  std::function<void()> wake_;
};

}  // namespace moescope::demo
