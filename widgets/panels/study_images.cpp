// Studies that end in images of the test set: top patches, mistakes, the map of embeddings.
#include <algorithm>
#include <cmath>

#include "compute/records/test_image.h"
#include "widgets/panels/gallery.h"
#include "widgets/panels/image_view.h"
#include "widgets/panels/states.h"
#include "widgets/panels/study_views.h"
#include "widgets/plots/matrix.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/expert_mark.h"
#include "widgets/ui/format.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

/// A part of a test image, given as shares of its sides.
void draw_piece(const Rect& box, const Seen& seen, const GallerySource& gallery, int64_t index, ImVec2 uv0,
                ImVec2 uv1) {
  const auto pixels = gallery.pixels ? gallery.pixels(index) : nullptr;
  if (!pixels) {
    ui::fill(box, ui::theme().raised, px(3));
    ui::redraw_in(0.1);
    return;
  }
  const ImTextureID texture = seen.textures->image(image_key(test_image(index), *pixels), *pixels);
  ui::canvas().AddImage(texture, box.min(), box.max(), uv0, uv1);
}

void choose_patch(int64_t image, int64_t patch, const Seen& seen, Selection& selection, std::vector<Command>& out) {
  Gallery::choose(test_image(image), selection, out);
  const bool class_token = seen.snapshot && seen.snapshot->config.model.head == HeadKind::token;
  selection.pinned.token = patch + (class_token ? 1 : 0);
}

}  // namespace

void draw_top_patches(const Rect& area, const Seen& seen, const GallerySource& gallery, const TopPatches& top,
                      Selection& selection, std::vector<Command>& out) {
  const LayerTopPatches* layer = nullptr;
  for (const LayerTopPatches& one : top.layers)
    if (one.layer == selection.layer) layer = &one;
  if (!layer) return draw_state(area, Mood::empty, "Another layer", "Ask again for this layer.");
  const auto experts = static_cast<int64_t>(layer->experts.size());
  const float cell = px(40), gap = px(4), row_height = cell + px(8);
  const ui::ScrollArea scroll("top", area, row_height * static_cast<float>(experts));
  const auto [first, last] = scroll.rows_in_view(experts, row_height);
  const auto w = static_cast<float>(std::max<int64_t>(1, top.grid_width));
  const auto h = static_cast<float>(std::max<int64_t>(1, top.grid_height));
  for (int64_t e = first; e < last; ++e) {
    Rect row{scroll.content().x, scroll.content().y + static_cast<float>(e) * row_height, scroll.content().w, cell};
    if (selection.expert() == e) ui::fill(row, ui::theme().raised, px(4));
    ui::expert_swatch(row.cut_left(px(18)), e);
    ui::text_in(row.cut_left(px(34)), Face::mono, ui::theme().text, "E" + std::to_string(e));
    const std::vector<TopPatch>& list = layer->experts[static_cast<size_t>(e)];
    if (list.empty()) ui::text_in(row, Face::small, ui::theme().faint, "no patch");
    for (const TopPatch& patch : list) {
      if (row.w < cell) break;
      const Rect box = row.cut_left(cell);
      row.cut_left(gap);
      // The patch with its neighbours, framed.
      const auto x = static_cast<float>(patch.patch % std::max<int64_t>(1, top.grid_width));
      const auto y = static_cast<float>(patch.patch / std::max<int64_t>(1, top.grid_width));
      const float x0 = std::clamp(x - 1, 0.f, std::max(0.f, w - 3)), y0 = std::clamp(y - 1, 0.f, std::max(0.f, h - 3));
      const float span = std::min(3.f, std::min(w, h));
      draw_piece(box, seen, gallery, patch.image, {x0 / w, y0 / h}, {(x0 + span) / w, (y0 + span) / h});
      const float side = box.w / span;
      ui::frame({box.x + (x - x0) * side, box.y + (y - y0) * side, side, side}, ui::expert_color(e), 0, px(1.5f));
      if (!ui::hovering(box)) continue;
      selection.hovering.expert = e;
      ui::frame(box, ui::theme().text, 0, px(1));
      ui::tip_now(
          {test_image_name(patch.image), class_name(seen, patch.label), "weight " + ui::fixed(patch.weight, 3)});
      if (ImGui::IsMouseClicked(0)) choose_patch(patch.image, patch.patch, seen, selection, out);
    }
  }
}

void draw_mistakes(const Rect& area, const Seen& seen, const GallerySource& gallery, const Mistakes& mistakes,
                   int64_t& label, int64_t& as, bool only_unusual, Selection& selection, std::vector<Command>& out) {
  const int64_t classes = mistakes.num_classes;
  Rect right = area;
  const Rect left = right.cut_left(std::min(area.w * 0.62f, area.h * 1.6f + px(60)));
  right.cut_left(px(12));
  std::vector<float> values(mistakes.confusion.size());
  float most = 0;
  for (int64_t row = 0; row < classes; ++row) {
    int64_t total = 0;
    for (int64_t c = 0; c < classes; ++c) total += mistakes.confusion[static_cast<size_t>(row * classes + c)];
    for (int64_t c = 0; c < classes; ++c) {
      const auto i = static_cast<size_t>(row * classes + c);
      values[i] = total > 0 ? static_cast<float>(mistakes.confusion[i]) / static_cast<float>(total) : 0;
      if (row != c) most = std::max(most, values[i]);
    }
  }
  plots::Matrix m;
  m.rows = m.columns = classes;
  m.values = values;
  m.high = std::max(most, 0.01f);  // what is right would outshine what is not
  m.low_name = "0 %", m.high_name = "≥" + ui::percent(m.high);
  m.key = ui::texture_key({22});
  m.version = seen.serial;
  m.row_name = m.column_name = [&](int64_t c) { return class_name(seen, c); };
  m.row_title = "true", m.column_title = "said";
  const plots::MatrixHit hit = plots::draw_matrix(left, *seen.textures, m);
  if (hit.row >= 0) {
    const auto i = static_cast<size_t>(hit.row * classes + hit.column);
    ui::tip_now({class_name(seen, hit.row) + " said to be " + class_name(seen, hit.column), "",
                 ui::grouped(mistakes.confusion[i]) + " images, " + ui::percent(values[i]) + " of the class"});
    if (hit.clicked) label = hit.row, as = hit.column;
  }
  std::vector<const ImageVerdict*> shown;
  for (const ImageVerdict& image : mistakes.images) {
    const auto c = static_cast<size_t>(std::max(0, image.label));
    const bool unusual = c < mistakes.far_distance.size() && image.distance > mistakes.far_distance[c];
    if (only_unusual && !unusual) continue;
    if (label >= 0 ? image.label == label && image.predicted == as : only_unusual || image.label != image.predicted)
      shown.push_back(&image);
  }
  const std::string title = ui::grouped(static_cast<int64_t>(shown.size())) + (label >= 0     ? " in this cell"
                                                                               : only_unusual ? " unusual"
                                                                                              : " wrong");
  ui::text_in(right.cut_top(px(18)), Face::small, ui::theme().dim, ui::fitting(Face::small, right.w, {title}));
  const float cell = px(40), step = cell + px(4);
  const auto columns = std::max<int64_t>(1, static_cast<int64_t>((right.w - px(8)) / step));
  const int64_t rows = (static_cast<int64_t>(shown.size()) + columns - 1) / columns;
  const ui::ScrollArea scroll("wrong", right, static_cast<float>(rows) * step);
  const auto [first, last] = scroll.rows_in_view(rows, step);
  for (int64_t i = first * columns; i < std::min<int64_t>(static_cast<int64_t>(shown.size()), last * columns); ++i) {
    const ImageVerdict& image = *shown[static_cast<size_t>(i)];
    const Rect box{scroll.content().x + static_cast<float>(i % columns) * step,
                   scroll.content().y + static_cast<float>(i / columns) * step, cell, cell};
    draw_piece(box, seen, gallery, image.image, {0, 0}, {1, 1});
    if (selection.image.test_index == image.image) ui::frame(box, ui::theme().accent, px(3), px(2));
    if (!ui::hovering(box)) continue;
    ui::tip_now({test_image_name(image.image),
                 class_name(seen, image.label) + ", said to be " + class_name(seen, image.predicted),
                 "p " + ui::fixed(image.probability, 2) + ", of the truth " + ui::fixed(image.label_probability, 2) +
                     "\nrouting distance from its class " + ui::fixed(image.distance, 2)});
    if (ImGui::IsMouseClicked(0)) Gallery::choose(test_image(image.image), selection, out);
  }
}

namespace {

ImU32 color_of(const EmbeddedPatch& p, PointColor colors) {
  const ui::Theme& t = ui::theme();
  if (colors == PointColor::label) return class_color(p.label);
  if (colors == PointColor::error) return p.correct ? t.good : t.bad;
  return p.expert < 0 ? t.faint : ui::expert_color(p.expert);
}

/// What the colours mean, where no other panel says it; as much as there is room for. Returns the width it takes.
float draw_legend(const Rect& line, const Seen& seen, PointColor colors) {
  std::vector<std::pair<ImU32, std::string>> items;
  if (colors == PointColor::error) items = {{ui::theme().good, "predicted right"}, {ui::theme().bad, "wrong"}};
  const size_t classes = colors == PointColor::label && seen.snapshot ? seen.snapshot->class_names.size() : 0;
  for (size_t c = 0; c < classes; ++c)
    items.emplace_back(class_color(static_cast<int64_t>(c)), seen.snapshot->class_names[c]);
  float x = line.x;
  for (const auto& [color, name] : items) {
    const float width = px(13) + ui::text_width(Face::small, name) + px(12);
    if (x + width > line.right()) break;
    ui::fill({x, line.center_y() - px(4), px(8), px(8)}, color, px(2));
    ui::text_in({x + px(13), line.y, width, line.h}, Face::small, ui::theme().dim, name);
    x += width;
  }
  return x - line.x;
}

}  // namespace

void draw_embedding(const Rect& area, const Seen& seen, const Embedding& embedding, PointColor colors,
                    Selection& selection, std::vector<Command>& out) {
  if (embedding.points.empty()) return draw_state(area, Mood::empty, "No points", "The data set has no images.");
  float x0 = 1e30f, x1 = -1e30f, y0 = 1e30f, y1 = -1e30f;
  for (const EmbeddedPatch& p : embedding.points) {
    x0 = std::min(x0, p.x), x1 = std::max(x1, p.x);
    y0 = std::min(y0, p.y), y1 = std::max(y1, p.y);
  }
  Rect rest = area;
  const std::string note =
      embedding.projection == Projection::pca
          ? layer_name(embedding.layer) + ", variance explained " + ui::percent(embedding.explained_x) + " and " +
                ui::percent(embedding.explained_y)
          : layer_name(embedding.layer) + ", t-SNE, divergence " + ui::fixed(embedding.divergence, 2) + " nats";
  Rect line = rest.cut_top(px(18));
  line.cut_left(draw_legend(line, seen, colors));
  ui::text_in(line, Face::small, ui::theme().dim, ui::fitting(Face::small, line.w, {note, layer_name(embedding.layer)}),
              ui::Align::right);
  const Rect plot = rest.inset(px(6));
  const float w = std::max(1e-6f, x1 - x0), h = std::max(1e-6f, y1 - y0);
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const EmbeddedPatch* near = nullptr;
  float nearest = px(10) * px(10);
  const float r = px(plot.h > px(300) ? 2.5f : 2);
  const int64_t lit = selection.expert();
  for (const EmbeddedPatch& p : embedding.points) {
    const ImVec2 at{plot.x + (p.x - x0) / w * plot.w, plot.bottom() - (p.y - y0) / h * plot.h};
    const bool dim = lit >= 0 && p.expert != lit && colors == PointColor::expert;
    const ImU32 color = color_of(p, colors);
    ui::canvas().AddRectFilled({at.x - r, at.y - r}, {at.x + r, at.y + r}, ui::fade(color, dim ? 0.15f : 0.85f));
    const float d = (at.x - mouse.x) * (at.x - mouse.x) + (at.y - mouse.y) * (at.y - mouse.y);
    if (d < nearest) nearest = d, near = &p;
  }
  if (!near || !ui::hovering(plot)) return;
  if (near->expert >= 0) selection.hovering.expert = near->expert;
  ui::tip_now({test_image_name(near->image) + ", patch " + std::to_string(near->patch),
               class_name(seen, near->label) + (near->correct ? "" : ", predicted wrong"),
               near->expert < 0 ? "no expert" : "E" + std::to_string(near->expert)});
  if (ImGui::IsMouseClicked(0)) choose_patch(near->image, near->patch, seen, selection, out);
}

}  // namespace moescope::panels
