// One object a record, under the record's own names.
#include "app/commands/inspect_json.h"

#include "compute/records/config_fields.h"
#include "widgets/panels/layer_health.h"
#include "widgets/panels/routing_view.h"

namespace moescope {

namespace {

using nlohmann::json;

const char* name_of(DropReason reason) {
  switch (reason) {
    case DropReason::expert_full: return "expert full";
    case DropReason::expert_off: return "expert off";
    case DropReason::none: break;
  }
  return "";
}

json as_json(const ModelLabel& label) {
  return {{"text", label.text}, {"run", label.run_id}, {"checkpoint", label.checkpoint_id}, {"step", label.step}};
}

/// What the panel of experts and the table of layers count, by the same code.
json numbers_of(const RoutingMap& map) {
  const ExpertLoad load = panels::load_of(map);
  const panels::LayerHealth health = panels::health_of(load);
  json out{{"load", load.load},
           {"importance", load.importance},
           {"load_cv", load.load_cv},
           {"importance_cv", health.importance_cv},
           {"entropy", load.entropy},
           {"entropy_max", load.entropy_max},
           {"dead", health.dead},
           {"overload", health.overload},
           {"dropped", load.dropped},
           {"dropped_choices", load.dropped_choices},
           {"capacity_use", load.capacity_use}};
  if (map.router == RouterKind::soft) out["tokens_for_half"] = panels::tokens_for_share(map, 0.5);
  return out;
}

json as_json(const RoutingMap& map) {
  json out{{"layer", map.layer},
           {"router", choice_name(map.router)},
           {"step", map.step},
           {"token_set", map.token_set},
           {"grid", {map.grid_height, map.grid_width}},
           {"has_class_token", map.has_class_token},
           {"num_tokens", map.num_tokens},
           {"num_experts", map.num_experts},
           {"temperature", map.temperature},
           {"expert_off", map.expert_off},
           {"numbers", numbers_of(map)}};
  json main = json::array();
  for (int64_t patch = 0; patch < map.grid_height * map.grid_width; ++patch)
    main.push_back(main_expert_of_patch(map, patch));
  out["main_expert"] = std::move(main);
  if (map.router == RouterKind::soft) {
    out["slots_per_expert"] = map.slots_per_expert;
    out["scale"] = map.scale;
    out["dispatch"] = map.dispatch;
    out["combine"] = map.combine;
    return out;
  }
  json drop = json::array();
  for (const DropReason reason : map.drop) drop.push_back(name_of(reason));
  out.update({{"k", map.k},
              {"capacity", map.capacity},
              {"actual_capacity_factor", map.actual_capacity_factor},
              {"gates", map.gates},
              {"expert", map.expert},
              {"weight", map.weight},
              {"place", map.place},
              {"drop", std::move(drop)}});
  return out;
}

json as_json(const ImageView& view) {
  json routing = json::array();
  for (const RoutingMap& map : view.routing) routing.push_back(as_json(map));
  return {{"label", view.label}, {"probabilities", view.probabilities}, {"routing", std::move(routing)}};
}

json as_json(const std::vector<PathStep>& path) {
  json steps = json::array();
  for (const PathStep& step : path) {
    steps.push_back(
        {{"layer", step.layer}, {"expert", step.expert}, {"weight", step.weight}, {"drop", name_of(step.drop)}});
  }
  return steps;
}

json as_json(const ImageLook& look, int64_t path_patch) {
  json layers = json::array();
  for (const LayerChange& layer : look.layers) {
    json patches = json::array();
    for (const PatchChange& one : layer.patches)
      patches.push_back({{"patch", one.patch}, {"before", one.before}, {"after", one.after}});
    layers.push_back({{"layer", layer.layer}, {"changed", std::move(patches)}});
  }
  json out{{"image", look.as_is.image.label},
           {"as_is", as_json(look.as_is)},
           {"changed", as_json(look.changed)},
           {"layers", std::move(layers)},
           {"predicted_before", look.predicted_before},
           {"predicted_after", look.predicted_after},
           {"margin_before", look.margin_before},
           {"margin_after", look.margin_after},
           {"probability_change", look.probability_change}};
  if (path_patch >= 0) {
    out["path"] = {{"patch", path_patch},
                   {"as_is", as_json(path_of_patch(look.as_is, path_patch))},
                   {"changed", as_json(path_of_patch(look.changed, path_patch))}};
  }
  return out;
}

struct AnswerJson {
  json operator()(const std::monostate&) const { return nullptr; }
  json operator()(const Affinity& a) const {
    json layers = json::array();
    for (const LayerAffinity& l : a.layers) {
      layers.push_back({{"layer", l.layer},
                        {"num_experts", l.num_experts},
                        {"num_classes", l.num_classes},
                        {"num_patches", l.num_patches},
                        {"share", l.share},
                        {"expert_order", l.expert_order},
                        {"class_order", l.class_order},
                        {"replication", l.replication},
                        {"class_information", l.class_information},
                        {"position_information", l.position_information},
                        {"class_entropy", l.class_entropy}});
    }
    return {{"layers", std::move(layers)}};
  }
  json operator()(const TopPatches& t) const {
    json layers = json::array();
    for (const LayerTopPatches& l : t.layers) {
      json experts = json::array();
      for (const std::vector<TopPatch>& own : l.experts) {
        json patches = json::array();
        for (const TopPatch& p : own)
          patches.push_back({{"image", p.image}, {"patch", p.patch}, {"label", p.label}, {"weight", p.weight}});
        experts.push_back(std::move(patches));
      }
      layers.push_back({{"layer", l.layer}, {"experts", std::move(experts)}});
    }
    return {{"patch_size", t.patch_size}, {"grid", {t.grid_height, t.grid_width}}, {"layers", std::move(layers)}};
  }
  json operator()(const Coactivation& c) const {
    json layers = json::array();
    for (const LayerCoactivation& l : c.layers) {
      layers.push_back(
          {{"layer", l.layer}, {"num_experts", l.num_experts}, {"together", l.together}, {"to_next", l.to_next}});
    }
    return {{"layers", std::move(layers)}};
  }
  json operator()(const Mistakes& m) const {
    json images = json::array();
    for (const ImageVerdict& v : m.images) {
      images.push_back({{"image", v.image},
                        {"label", v.label},
                        {"predicted", v.predicted},
                        {"probability", v.probability},
                        {"label_probability", v.label_probability},
                        {"distance", v.distance},
                        {"dropped", v.dropped}});
    }
    return {{"num_classes", m.num_classes},
            {"confusion", m.confusion},
            {"usual_distance", m.usual_distance},
            {"far_distance", m.far_distance},
            {"images", std::move(images)}};
  }
  json operator()(const Embedding& e) const {
    json points = json::array();
    for (const EmbeddedPatch& p : e.points) {
      points.push_back({{"image", p.image},
                        {"patch", p.patch},
                        {"label", p.label},
                        {"expert", p.expert},
                        {"correct", p.correct},
                        {"x", p.x},
                        {"y", p.y}});
    }
    const bool pca = e.projection == Projection::pca;
    json out{{"layer", e.layer}, {"projection", pca ? "pca" : "tsne"}, {"points", std::move(points)}};
    if (pca)
      out["explained"] = {e.explained_x, e.explained_y};
    else
      out["divergence"] = e.divergence;
    return out;
  }
  json operator()(const Curve& c) const {
    json points = json::array();
    for (const CurvePoint& p : c.points) {
      points.push_back({{"position", p.position},
                        {"num_images", p.num_images},
                        {"accuracy", p.accuracy},
                        {"loss", p.loss},
                        {"accuracy_error", p.accuracy_error},
                        {"gflops_per_image", p.gflops_per_image},
                        {"images_per_sec", p.images_per_sec}});
    }
    return {{"axis", c.axis}, {"exact", c.exact}, {"points", std::move(points)}};
  }
  json operator()(const ImageCurve& c) const {
    json points = json::array();
    for (const ImageCurvePoint& p : c.points) {
      points.push_back({{"position", p.position},
                        {"predicted", p.predicted},
                        {"probability", p.probability},
                        {"label_probability", p.label_probability},
                        {"gflops", p.gflops}});
    }
    return {{"axis", c.axis}, {"image", c.image}, {"points", std::move(points)}};
  }
  json operator()(const Purity& p) const {
    json layers = json::array();
    for (const LayerPurity& l : p.layers) {
      layers.push_back({{"layer", l.layer},
                        {"num_patches", l.num_patches},
                        {"purity", l.purity},
                        {"chance", l.chance},
                        {"mutual_information", l.mutual_information},
                        {"label_entropy", l.label_entropy}});
    }
    return {{"layers", std::move(layers)}};
  }
  json operator()(const Parity& p) const {
    json layers = json::array();
    for (const LayerDeviation& l : p.layers) {
      layers.push_back(
          {{"layer", l.layer}, {"max_abs", l.max_abs}, {"relative_rms", l.relative_rms}, {"beyond", l.beyond}});
    }
    return {{"device", p.device},
            {"set", p.set},
            {"num_images", p.num_images},
            {"tolerance", p.tolerance},
            {"other_answers", p.other_answers},
            {"layers", std::move(layers)}};
  }
};

}  // namespace

json to_json(const Look& look, int64_t path_patch, const std::vector<std::string>& class_names) {
  json images = json::array();
  for (const ImageLook& one : look.images) images.push_back(as_json(one, path_patch));
  json out{{"model", as_json(look.model)},
           {"what_if", describe(look.request.what_if)},
           {"class_names", class_names},
           {"images", std::move(images)}};
  if (look.attention) {
    out["attention"] = {{"block", look.attention->block},
                        {"heads", look.attention->heads},
                        {"num_tokens", look.attention->num_tokens},
                        {"probabilities", look.attention->probabilities}};
  }
  return out;
}

json to_json(const Report& report) {
  return {{"model", as_json(report.model)},
          {"what_if", describe(report.request.what_if)},
          {"token_set", report.token_set},
          {"answer", std::visit(AnswerJson{}, report.answer)}};
}

}  // namespace moescope
