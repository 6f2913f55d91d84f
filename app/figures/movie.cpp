// Frames from the stored maps or through the stored checkpoints, each drawn as the figure `routing` is.
#include "app/figures/movie.h"
#include "assets/assets.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "app/figures/figure_makers.h"
#include "app/options/run_lookup.h"
#include "compute/explore/replica.h"
#include "compute/records/output_file.h"
#include "compute/records/test_image.h"
#include "compute/train/watch.h"
#include "figure/cairo_files.h"
#include "figure/scale.h"
#include "sessions/checkpoints.h"
#include "sessions/routing_blobs.h"

namespace moescope {

namespace {

bool in_span(const MovieRequest& request, int64_t step) {
  return step >= request.first_step && step <= request.last_step;
}

/// What two kinds of frame have in common.
class Camera {
 public:
  Camera(const StoredRun& run, const MovieRequest& request)
      : run_(run), request_(request), dataset_(open_dataset(run.config.data)) {}

  const std::shared_ptr<const Dataset>& dataset() const { return dataset_; }

  MovieFrame frame(const RoutingMap& map, int64_t image, int64_t step) const {
    const DatasetInfo& info = dataset_->info();
    if (image < 0 || image >= info.num_test) {
      throw UserError("there is no " + test_image_name(image) + "; " + info.name + " has test images 0 to " +
                      std::to_string(info.num_test - 1));
    }
    std::vector<uint8_t> scratch;
    const uint8_t* pixels = dataset_->pixels(Split::test, image, scratch);
    const int32_t label = dataset_->label(Split::test, image);
    figure::GridImage plain = grid_image(info, pixels, info.class_names.at(static_cast<size_t>(label)));
    figure::ImageGrid grid{.columns = 2, .images = {plain}};
    grid.images.push_back(routed_image(plain, map));
    grid.images.back().label = "the expert of each patch";
    figure::Scene scene;
    scene.title = "Run " + std::to_string(run_.summary.run_id) + " " + run_.config.name + ", " +
                  test_image_name(image) + ", block " + std::to_string(map.layer);
    scene.caption = caption(step);
    scene.width = request_.width, scene.height = request_.height;
    scene.panels.push_back({.title = "", .x = {}, .y = {}, .marks = {grid}, .events = {}, .shown = ""});
    return {step, scene};
  }

 private:
  std::string caption(int64_t step) const {
    const Evaluated* last = nullptr;
    for (const Evaluated& one : run_.evaluations) {
      const bool plain = one.split == "test" && one.setting.empty() && one.step <= step;
      if (plain && (last == nullptr || one.step >= last->step)) last = &one;
    }
    const std::string now = "Step " + figure::number_label(static_cast<double>(step));
    if (last == nullptr) return now + ", before the first evaluation";
    char accuracy[32];
    std::snprintf(accuracy, sizeof accuracy, "%.3f", last->accuracy);
    return now + ", test accuracy " + accuracy +
           (last->step == step ? "" : " at step " + figure::number_label(static_cast<double>(last->step)));
  }

  const StoredRun& run_;
  const MovieRequest& request_;
  std::shared_ptr<const Dataset> dataset_;
};

std::string joined(const std::set<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::vector<MovieFrame> from_maps(const RunReader& reader, const StoredRun& run, MovieRequest request) {
  std::map<int64_t, int64_t> maps;  // the newest of each step: a resumed run stores some steps again
  std::set<std::string> images, layers;
  for (const RoutingInfo& info : list_routing(reader.database(), run.summary.run_id)) {
    const std::optional<int64_t> number = test_image_named(info.image);
    if (!number) continue;
    images.insert(info.image), layers.insert(std::to_string(info.layer));
    if (request.image < 0) request.image = *number;
    if (request.layer < 0) request.layer = info.layer;
    if (*number == request.image && info.layer == request.layer && in_span(request, info.step))
      maps[info.step] = info.map_id;
  }
  const std::string name = "run " + std::to_string(run.summary.run_id);
  if (images.empty())
    throw UserError(name + " has stored no routing of test images; --checkpoints looks through its checkpoints");
  if (maps.empty()) {
    throw UserError(name + " has stored no routing of " + test_image_name(request.image) + " in block " +
                    std::to_string(request.layer) + " in this span, but of " + joined(images) + " in block " +
                    joined(layers) + "; choose among these, or look at any image with --checkpoints");
  }
  const Camera camera(run, request);
  std::vector<MovieFrame> frames;
  for (const auto& [step, map_id] : maps)
    frames.push_back(camera.frame(load_routing(reader.database(), map_id).map, request.image, step));
  return frames;
}

/// The map of the block asked for, or of the first with experts.
const RoutingMap& map_of(const std::vector<RoutingMap>& maps, int64_t layer) {
  std::set<std::string> layers;
  for (const RoutingMap& map : maps) {
    if (layer < 0 || map.layer == layer) return map;
    layers.insert(std::to_string(map.layer));
  }
  throw UserError(layers.empty() ? "the model has no experts; choose a run with a router"
                                 : "block " + std::to_string(layer) + " has no experts; block " + joined(layers) +
                                       " has; choose one with --layer");
}

std::vector<MovieFrame> from_checkpoints(const RunReader& reader, const StoredRun& run, const MovieRequest& request) {
  const Camera camera(run, request);
  const int64_t image = std::max<int64_t>(0, request.image);
  std::vector<MovieFrame> frames;
  for (const CheckpointInfo& info : run.checkpoints) {
    if (!in_span(request, info.step) || (!frames.empty() && frames.back().step == info.step)) continue;
    const std::string name =
        "run " + std::to_string(run.summary.run_id) + "'s checkpoint of step " + std::to_string(info.step);
    Replica replica =
        Replica::of_checkpoint(load_checkpoint(reader.database(), info.checkpoint_id), name, {}, camera.dataset());
    Watcher watcher(replica.dataset, replica.config.data.scale);
    watcher.watch({test_image(image)}, -1);
    const auto views = watcher.look(*replica.model, replica.config.router, WhatIf{}, info.step);
    frames.push_back(camera.frame(map_of(views.at(0).routing, request.layer), image, info.step));
  }
  if (frames.empty())
    throw UserError("run " + std::to_string(run.summary.run_id) +
                    " has no checkpoint in this span; `moescope runs show` lists the steps of those it has");
  return frames;
}

}  // namespace

std::vector<MovieFrame> movie_frames(const RunReader& reader, const MovieRequest& request) {
  const StoredRun run = reader.load_run(find_run(reader, request.run, RunKind::model));
  return request.checkpoints ? from_checkpoints(reader, run, request) : from_maps(reader, run, request);
}

std::vector<std::filesystem::path> write_movie(const std::vector<MovieFrame>& frames, const std::filesystem::path& to,
                                               double frame_secs, double pixels_per_point) {
  const figure::ColorMap colors = load_color_map();
  if (to.extension() == ".gif") {
    const auto pixels = [&](size_t i) { return figure::as_pixels(frames[i].scene, colors, pixels_per_point); };
    write_file(to, figure::as_gif(frames.size(), pixels, frame_secs));
    return {to};
  }
  if (!to.extension().empty())
    throw UserError(to.string() + ": a movie is a file that ends in .gif, or a folder of PNG files");
  make_folder(to);
  std::vector<std::filesystem::path> files;
  for (const MovieFrame& frame : frames) {
    char name[40];
    std::snprintf(name, sizeof name, "step-%08lld.png", static_cast<long long>(frame.step));
    files.push_back(to / name);
    write_file(files.back(), figure::as_png(frame.scene, colors, pixels_per_point));
  }
  return files;
}

}  // namespace moescope
