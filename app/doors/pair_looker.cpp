// Loads, looks, compares.
#include "app/doors/pair_looker.h"

#include <algorithm>
#include <chrono>

#include "app/options/run_lookup.h"
#include "compute/records/config_fields.h"
#include "compute/records/test_image.h"
#include "compute/train/trainer.h"
#include "sessions/checkpoints.h"
#include "sessions/run_reader.h"

namespace moescope {

namespace {

constexpr int64_t kBatch = 8;  // images looked at between two questions whether to go on

/// Of the end when no step is asked for.
CheckpointInfo shown_checkpoint(const RunReader& reader, const RunMoment& moment) {
  const auto step = moment.step < 0 ? std::nullopt : std::optional(moment.step);
  const std::optional<CheckpointInfo> found = find_checkpoint(reader, moment.run_id, step, StepMatch::up_to);
  if (!found)
    throw UserError("run " + std::to_string(moment.run_id) +
                    " has no checkpoint to look through; Ctrl+S saves one while it trains");
  return *found;
}

bool same_data(const RunConfig& a, const RunConfig& b) {
  const std::vector<FieldText> ours = list_fields(a), theirs = list_fields(b);
  for (size_t i = 0; i < ours.size(); ++i)
    if (ours[i].field.key.starts_with("data.") && ours[i].value != theirs[i].value) return false;
  return true;
}

const RoutingMap* map_of(const ImageView& view, int64_t layer) {
  for (const RoutingMap& map : view.routing)
    if (map.layer == layer) return &map;
  return nullptr;
}

/// The layers that one side has and the other has not.
void note_lone_layers(const PairSide& side, const PairSide& other, std::vector<std::string>& notes) {
  for (const RoutingMap& map : side.view.routing)
    if (!map_of(other.view, map.layer))
      notes.push_back("layer " + std::to_string(map.layer) + " has experts in " + side.label + " only");
}

}  // namespace

void PairLooker::load(Side& side, const RunMoment& moment, const Side& other) {
  const SessionStore store(store_, SessionStore::Access::read);
  const RunReader reader(store);
  const CheckpointInfo info = shown_checkpoint(reader, moment);
  if (side.replica.model && side.checkpoint.checkpoint_id == info.checkpoint_id) {
    side.moment = moment;
    return;
  }
  side = {};
  const std::string name = "run " + std::to_string(moment.run_id) + ", step " + std::to_string(info.step);
  const std::vector<std::byte> bytes = load_checkpoint(store.database(), info.checkpoint_id);
  const RunConfig config = read_checkpoint(bytes, name).head.config;
  std::shared_ptr<const Dataset> dataset;
  if (other.replica.model && same_data(config, other.replica.config)) dataset = other.replica.dataset;
  if (!dataset) dataset = open_dataset(config.data);
  ModelLabel label{false, moment.run_id, info.checkpoint_id, info.step, name};
  side.replica = Replica::of_checkpoint(bytes, name + "'s checkpoint", std::move(label), std::move(dataset));
  side.watcher = std::make_unique<Watcher>(side.replica.dataset, side.replica.config.data.scale);
  side.checkpoint = info;
  side.moment = moment;
}

std::vector<ImageView> PairLooker::views(Side& side, const std::vector<WatchedImage>& images) {
  side.watcher->watch(images, -1);
  return side.watcher->look(*side.replica.model, side.replica.config.router, WhatIf{}, side.checkpoint.step);
}

/// Distances over test images; false when it was told to give up.
bool PairLooker::measure(const PairRequest& request, const std::function<bool()>& going) {
  PairRequest wanted = request;
  wanted.id = 0, wanted.image = {};
  wanted.a = {a_.moment.run_id, a_.checkpoint.step}, wanted.b = {b_.moment.run_id, b_.checkpoint.step};
  if (wanted == measured_) return true;
  measured_ = {};
  RoutingComparison comparison;
  const int64_t count =
      std::min({request.num_images, a_.replica.dataset->info().num_test, b_.replica.dataset->info().num_test});
  for (int64_t first = 0; first < count; first += kBatch) {
    if (!going()) return false;
    std::vector<WatchedImage> images;
    for (int64_t i = first; i < std::min(count, first + kBatch); ++i) images.push_back(test_image(i));
    const std::vector<ImageView> in_a = views(a_, images), in_b = views(b_, images);
    for (size_t i = 0; i < in_a.size(); ++i)
      for (const RoutingMap& map : in_a[i].routing)
        if (const RoutingMap* other = map_of(in_b[i], map.layer)) comparison.add(map, *other);
  }
  over_all_ = comparison.result();
  measured_ = wanted;
  return true;
}

void PairLooker::fill(const PairRequest& request, PairLook& look) {
  for (auto [side, out] : {std::pair{&a_, &look.a}, {&b_, &look.b}}) {
    out->label = side->replica.label.text;
    out->router = side->replica.config.router.kind;
    out->view = views(*side, {request.image}).front();
  }
  RoutingComparison one;
  for (const RoutingMap& map : look.a.view.routing)
    if (const RoutingMap* other = map_of(look.b.view, map.layer)) one.add(map, *other);
  for (RoutingDistance& distance : one.result(over_all_)) {
    const RoutingMap &a = *map_of(look.a.view, distance.layer), &b = *map_of(look.b.view, distance.layer);
    PairLayer& layer = look.layers.emplace_back();
    layer.grid_height = std::max(a.grid_height, b.grid_height);
    layer.grid_width = std::max(a.grid_width, b.grid_width);
    layer.aligned = distance.aligned;
    layer.a = main_experts(cell_shares(a, layer.grid_height, layer.grid_width));
    layer.b = main_experts(cell_shares(b, layer.grid_height, layer.grid_width));
    std::vector<int32_t> part(distance.match.size(), -1);  // of b's expert, the one of a that it plays
    for (size_t i = 0; i < distance.match.size(); ++i)
      part[static_cast<size_t>(distance.match[i])] = static_cast<int32_t>(i);
    for (const int32_t expert : layer.b) layer.matched.push_back(expert < 0 ? -1 : part[static_cast<size_t>(expert)]);
    if (layer.aligned)
      look.notes.push_back("layer " + std::to_string(distance.layer) + ": grids of " + std::to_string(a.grid_height) +
                           " × " + std::to_string(a.grid_width) + " and " + std::to_string(b.grid_height) + " × " +
                           std::to_string(b.grid_width) + " patches, compared where they cover the same pixels");
    const auto over = std::find_if(over_all_.begin(), over_all_.end(),
                                   [&](const RoutingDistance& other) { return other.layer == distance.layer; });
    layer.over_all = over == over_all_.end() ? distance : *over;
    layer.of_image = std::move(distance);
  }
  note_lone_layers(look.a, look.b, look.notes);
  note_lone_layers(look.b, look.a, look.notes);
}

std::optional<PairLook> PairLooker::look(const PairRequest& request, const std::function<bool()>& going) {
  const auto begin = std::chrono::steady_clock::now();
  PairLook look;
  look.request = request;
  try {
    load(a_, request.a, b_);
    if (!going()) return std::nullopt;
    load(b_, request.b, a_);
    const DatasetInfo &in_a = a_.replica.dataset->info(), &in_b = b_.replica.dataset->info();
    if (request.image.test_index >= 0 && in_a.name != in_b.name)
      throw UserError(a_.replica.label.text + " was trained on " + in_a.name + " and " + b_.replica.label.text +
                      " on " + in_b.name + ": they have no test image in common; drop an image of your own");
    if (!measure(request, going)) return std::nullopt;
    fill(request, look);
    look.class_names = in_a.class_names;
  } catch (const UserError& error) {
    look = {};
    look.request = request;
    look.refusal = error.what();
  }
  look.answer_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  return look;
}

}  // namespace moescope
