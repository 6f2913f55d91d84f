// Headings that say layer, token set and checkpoint, then numbers.
#include "app/commands/inspect_text.h"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <sstream>

#include "app/terminal/text_table.h"
#include "compute/records/config_fields.h"
#include "widgets/panels/layer_health.h"
#include "widgets/panels/routing_view.h"

namespace moescope {

namespace {

constexpr size_t kShownClasses = 3, kShownPatches = 6, kShownImages = 20, kMostColumns = 32;

std::string name_of_class(int64_t label, const std::vector<std::string>& names) {
  if (label < 0) return "unknown";
  return static_cast<size_t>(label) < names.size() ? names[static_cast<size_t>(label)] : std::to_string(label);
}

std::string expert_name(int32_t expert) { return expert < 0 ? "." : std::to_string(expert); }

/// Rows of cells of one width.
std::string grid(const std::vector<std::string>& cells, int64_t columns) {
  size_t width = 0;
  for (const std::string& cell : cells) width = std::max(width, cell.size());
  std::string text;
  for (size_t i = 0; i < cells.size(); ++i) {
    text += std::string(width + 1 - cells[i].size(), ' ') + cells[i];
    if ((i + 1) % static_cast<size_t>(columns) == 0) text += "\n";
  }
  return text;
}

std::string matrix(const std::vector<float>& values, int64_t columns, int decimals) {
  std::vector<std::string> cells;
  for (const float value : values) cells.push_back(fixed(value, decimals));
  return grid(cells, columns);
}

// ---- looks

void write_drops(const RoutingMap& map, std::ostream& out) {
  const auto count = [&](DropReason reason) { return std::count(map.drop.begin(), map.drop.end(), reason); };
  int64_t left = 0;
  for (int64_t t = 0; t < map.num_tokens; ++t) left += main_expert(map, t) < 0;
  out << "  capacity " << map.capacity << " (factor " << fixed(map.actual_capacity_factor, 3) << "), choices dropped "
      << count(DropReason::expert_full) << " expert full, " << count(DropReason::expert_off) << " expert off; " << left
      << " of " << map.num_tokens << " tokens left out\n";
}

/// What the panel of experts and the table of layers say, by the same code.
void write_numbers(const RoutingMap& map, std::ostream& out) {
  const ExpertLoad load = panels::load_of(map);
  const panels::LayerHealth health = panels::health_of(load);
  out << "  load over the fair share:";
  for (size_t e = 0; e < load.load.size(); ++e) out << " " << e << ":" << fixed(load.load[e], 2);
  out << "\n  load CV " << fixed(load.load_cv, 2) << ", importance CV " << fixed(health.importance_cv, 2)
      << ", entropy " << fixed(load.entropy, 2) << " of " << fixed(load.entropy_max, 2) << " nats, " << health.dead
      << " experts without work";
  if (map.router == RouterKind::soft)
    out << ", half of the weight comes from " << panels::tokens_for_share(map, 0.5) << " of " << map.num_tokens
        << " tokens\n";
  else
    out << ", " << fixed(100 * load.capacity_use, 0) << " % of the places used, " << fixed(100 * load.dropped, 0)
        << " % of the tokens dropped\n";
}

void write_map(const RoutingMap& map, std::ostream& out) {
  out << "layer " << map.layer << " (" << choice_name(map.router) << ", step " << map.step << "; " << map.token_set
      << ")\n";
  std::vector<std::string> cells;
  std::vector<int64_t> load(static_cast<size_t>(map.num_experts), 0);
  for (int64_t patch = 0; patch < map.grid_height * map.grid_width; ++patch) {
    const int32_t expert = main_expert_of_patch(map, patch);
    cells.push_back(expert_name(expert));
    if (expert >= 0) ++load[static_cast<size_t>(expert)];
  }
  out << grid(cells, map.grid_width) << "  patches by expert:";
  for (size_t e = 0; e < load.size(); ++e)
    if (load[e] > 0) out << " " << e << ":" << load[e];
  out << "\n";
  if (map.router != RouterKind::soft) write_drops(map, out);
  write_numbers(map, out);
}

void write_view(const ImageView& view, const std::vector<std::string>& names, std::ostream& out) {
  std::vector<size_t> order(view.probabilities.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return view.probabilities[a] > view.probabilities[b]; });
  out << "  predicted";
  for (size_t i = 0; i < std::min(order.size(), kShownClasses); ++i) {
    out << (i == 0 ? " " : ", ") << name_of_class(static_cast<int64_t>(order[i]), names) << " "
        << fixed(view.probabilities[order[i]], 4);
  }
  out << "\n";
  for (const RoutingMap& map : view.routing) write_map(map, out);
}

void write_path(const char* title, const std::vector<PathStep>& path, std::ostream& out) {
  out << title;
  for (const PathStep& step : path)
    out << "  layer " << step.layer << ": " << expert_name(step.expert) << " (" << fixed(step.weight, 3) << ")";
  out << "\n";
}

void write_difference(const ImageLook& look, const std::vector<std::string>& names, std::ostream& out) {
  for (const LayerChange& layer : look.layers) {
    out << "layer " << layer.layer << ": " << layer.patches.size() << " patches changed their expert";
    for (size_t i = 0; i < std::min(layer.patches.size(), kShownImages); ++i) {
      const PatchChange& one = layer.patches[i];
      out << (i == 0 ? ": " : ", ") << one.patch << " " << expert_name(one.before) << ">" << expert_name(one.after);
    }
    out << (layer.patches.size() > kShownImages ? ", ...\n" : "\n");
  }
  out << "probability of " << name_of_class(look.predicted_before, names) << " changed by "
      << fixed(look.probability_change, 4) << ", margin " << fixed(look.margin_before, 4) << " to "
      << fixed(look.margin_after, 4)
      << (look.predicted_before == look.predicted_after
              ? ""
              : "; now predicted " + name_of_class(look.predicted_after, names))
      << "\n";
}

// ---- reports

struct AnswerText {
  const std::vector<std::string>& names;
  std::ostream& out;

  void operator()(const std::monostate&) const { out << "nothing to tell\n"; }
  void operator()(const Affinity& a) const {
    for (const LayerAffinity& l : a.layers) {
      out << "layer " << l.layer << ", " << l.num_patches << " patches: information of class "
          << fixed(l.class_information, 4) << " of " << fixed(l.class_entropy, 4) << " nats, of position "
          << fixed(l.position_information, 4) << " nats; replication " << fixed(l.replication, 3) << "\n";
      std::vector<std::string> headings{">expert"};
      const size_t shown = std::min(l.class_order.size(), kMostColumns);
      for (size_t c = 0; c < shown; ++c) headings.push_back(">" + name_of_class(l.class_order[c], names));
      TextTable table(std::move(headings));
      for (const int32_t expert : l.expert_order) {
        std::vector<std::string> row{std::to_string(expert)};
        for (size_t c = 0; c < shown; ++c)
          row.push_back(fixed(l.share[static_cast<size_t>(expert * l.num_classes + l.class_order[c])], 3));
        table.add(std::move(row));
      }
      out << table.aligned();
    }
  }
  void operator()(const TopPatches& t) const {
    for (const LayerTopPatches& l : t.layers) {
      out << "layer " << l.layer << " (image:patch weight class)\n";
      for (size_t e = 0; e < l.experts.size(); ++e) {
        out << "  expert " << e << ":";
        for (size_t i = 0; i < std::min(l.experts[e].size(), kShownPatches); ++i) {
          const TopPatch& p = l.experts[e][i];
          out << "  " << p.image << ":" << p.patch << " " << fixed(p.weight, 3) << " " << name_of_class(p.label, names);
        }
        out << "\n";
      }
    }
  }
  void operator()(const Coactivation& c) const {
    for (const LayerCoactivation& l : c.layers) {
      out << "layer " << l.layer << ": share of the row's expert that the column's takes part in\n"
          << matrix(l.together, l.num_experts, 2);
      if (!l.to_next.empty())
        out << "layer " << l.layer << " to the next: share of the row's patches that go on to the column's expert\n"
            << matrix(l.to_next, l.num_experts, 2);
    }
  }
  void operator()(const Mistakes& m) const {
    std::vector<std::string> headings{"label"};
    for (int64_t c = 0; c < m.num_classes; ++c) headings.push_back(">" + name_of_class(c, names));
    headings.emplace_back(">usual distance");
    TextTable table(std::move(headings));
    for (int64_t label = 0; label < m.num_classes; ++label) {
      std::vector<std::string> row{name_of_class(label, names)};
      for (int64_t c = 0; c < m.num_classes; ++c)
        row.push_back(std::to_string(m.confusion[static_cast<size_t>(label * m.num_classes + c)]));
      row.push_back(fixed(m.usual_distance[static_cast<size_t>(label)], 3));
      table.add(std::move(row));
    }
    std::vector<ImageVerdict> wrong;
    std::copy_if(m.images.begin(), m.images.end(), std::back_inserter(wrong),
                 [](const ImageVerdict& v) { return v.label != v.predicted; });
    std::stable_sort(wrong.begin(), wrong.end(),
                     [](const ImageVerdict& a, const ImageVerdict& b) { return a.distance > b.distance; });
    out << table.aligned() << wrong.size() << " of " << m.images.size()
        << " images are wrong; those routed least like their class:\n";
    TextTable images({">image", "label", "predicted", ">probability", ">distance", ">dropped"});
    for (size_t i = 0; i < std::min(wrong.size(), kShownImages); ++i) {
      const ImageVerdict& v = wrong[i];
      images.add({std::to_string(v.image), name_of_class(v.label, names), name_of_class(v.predicted, names),
                  fixed(v.probability, 3), fixed(v.distance, 3), fixed(v.dropped, 3)});
    }
    out << images.aligned();
  }
  void operator()(const Embedding& e) const {
    out << e.points.size() << " patches as the router of layer " << e.layer << " sees them, ";
    if (e.projection == Projection::pca)
      out << "principal components, " << fixed(100 * (e.explained_x + e.explained_y), 1) << " % of the variance\n";
    else
      out << "t-SNE, divergence " << fixed(e.divergence, 3) << " nats\n";
    TextTable table({">image", ">patch", "label", ">expert", "right", ">x", ">y"});
    for (const EmbeddedPatch& p : e.points) {
      table.add({std::to_string(p.image), std::to_string(p.patch), name_of_class(p.label, names), expert_name(p.expert),
                 p.correct ? "yes" : "no", fixed(p.x, 4), fixed(p.y, 4)});
    }
    out << table.aligned();
  }
  void operator()(const Curve& c) const {
    TextTable table({">" + c.axis, ">accuracy", ">+-", ">loss", ">GFLOPs/image", ">images/s", ">images"});
    for (const CurvePoint& p : c.points) {
      std::ostringstream position;
      position << p.position;
      table.add({position.str(), fixed(p.accuracy, 4), fixed(p.accuracy_error, 4), fixed(p.loss, 4),
                 fixed(p.gflops_per_image, 5), fixed(p.images_per_sec, 0), std::to_string(p.num_images)});
    }
    out << table.aligned();
  }
  void operator()(const ImageCurve& c) const {
    TextTable table({">" + c.axis, "predicted", ">its probability as it is", ">true class", ">GFLOPs"});
    for (const ImageCurvePoint& p : c.points) {
      std::ostringstream position;
      position << p.position;
      table.add({position.str(), name_of_class(p.predicted, names), fixed(p.probability, 4),
                 fixed(p.label_probability, 4), fixed(p.gflops, 5)});
    }
    out << table.aligned();
  }
  void operator()(const Purity& p) const {
    TextTable table({">layer", ">purity", ">chance", ">information (nats)", ">of at most", ">patches"});
    for (const LayerPurity& l : p.layers) {
      table.add({std::to_string(l.layer), fixed(l.purity, 4), fixed(l.chance, 4), fixed(l.mutual_information, 4),
                 fixed(l.label_entropy, 4), std::to_string(l.num_patches)});
    }
    out << table.aligned();
  }
  void operator()(const Parity& p) const {
    out << p.device << " beside the CPU, " << p.set << "\n" << to_text(p.layers) << verdict(p) << "\n";
  }
};

}  // namespace

std::string to_text(const std::vector<LayerDeviation>& layers) {
  TextTable table({"layer", ">max abs", ">relative rms", ""});
  const auto small = [](double value) {
    char text[16];
    std::snprintf(text, sizeof text, "%.1e", value);
    return std::string(text);
  };
  for (const LayerDeviation& l : layers)
    table.add({l.layer, small(l.max_abs), small(l.relative_rms), l.beyond ? "beyond" : ""});
  return table.aligned();
}

std::string to_text(const Look& look, int64_t path_patch, const std::vector<std::string>& names) {
  std::ostringstream out;
  const bool changed = !look.request.what_if.is_nothing();
  for (const ImageLook& one : look.images) {
    out << one.as_is.image.label << " (" << name_of_class(one.as_is.label, names) << "), " << look.model.text << "\n";
    out << "as it is\n";
    write_view(one.as_is, names, out);
    if (changed) {
      out << "with " << describe(look.request.what_if) << "\n";
      write_view(one.changed, names, out);
      write_difference(one, names, out);
    }
    if (path_patch >= 0) {
      const std::string title = "patch " + std::to_string(path_patch);
      write_path((title + " goes to").c_str(), path_of_patch(one.as_is, path_patch), out);
      if (changed) write_path((title + " then goes to").c_str(), path_of_patch(one.changed, path_patch), out);
    }
  }
  if (look.attention) {
    const AttentionMap& a = *look.attention;
    out << "block " << a.block << ": what each token takes from each (rows sum to 1), mean of " << a.heads
        << " heads\n";
    const auto cells = static_cast<size_t>(a.num_tokens * a.num_tokens);
    std::vector<float> mean(cells, 0);
    for (size_t i = 0; i < a.probabilities.size(); ++i)
      mean[i % cells] += a.probabilities[i] / static_cast<float>(a.heads);
    out << matrix(mean, a.num_tokens, 3);
  }
  return out.str();
}

std::string to_text(const Report& report, const std::vector<std::string>& names) {
  std::ostringstream out;
  out << report.model.text << "; " << report.token_set << "; " << describe(report.request.what_if) << "\n";
  std::visit(AnswerText{names, out}, report.answer);
  return out.str();
}

}  // namespace moescope
