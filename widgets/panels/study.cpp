// Pages, questions and their progress.
#include "widgets/panels/study.h"

#include <cmath>

#include "compute/records/config_fields.h"
#include "widgets/panels/routing_view.h"
#include "widgets/panels/shown.h"
#include "widgets/panels/states.h"
#include "widgets/panels/study_views.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr std::string_view kTabs[kNumPages] = {"Compute", "Path",     "Attention", "Classes", "Patches",
                                               "Pairs",   "Mistakes", "Map",       "Kept",    "Parity"};

std::string_view what_it_tells(Page page) {
  switch (page) {
    case Page::compute: return "Accuracy against compute when the capacity changes.";
    case Page::classes: return "Which expert takes which class's patches.";
    case Page::patches: return "The patches of the test set that each expert weighs most.";
    case Page::together: return "Which experts take part in the same patches.";
    case Page::mistakes: return "Which classes are confused, in which images, with what routing.";
    case Page::map: return "Patch embeddings as points: near ones look alike to the model.";
    case Page::kept: return "Accuracy against compute when only some experts work.";
    case Page::parity: return "The GPU's numbers beside the CPU's, layer by layer.";
    case Page::path:
    case Page::attention: break;
  }
  return {};
}

/// Questions about the knobs of the look stand on top of what is asked; the curve's own knob is left to the curve.
WhatIf base_of(Page page, const Selection& selection) {
  WhatIf base = selection.asking.lasting;
  if (page == Page::compute) base.capacity_factor.reset();
  if (page == Page::kept) base.kept = {};
  return base;
}

constexpr int64_t kMostPoints = 12;  // of a curve over slots

AskCurve compute_curve(const Snapshot& snapshot) {
  if (snapshot.config.router.kind != RouterKind::soft) return capacity_curve();
  AskCurve curve;
  curve.axis = "slots per expert";
  const int64_t most = slots_per_expert(snapshot), count = std::min(most, kMostPoints);
  for (int64_t i = 1; i <= count; ++i) {
    const int64_t p = (i * most + count - 1) / count;  // all of them, or spread evenly up to the last
    WhatIf point;
    point.slots_per_expert = p;
    curve.points.push_back(point);
    curve.positions.push_back(static_cast<double>(p));
  }
  return curve;
}

template <class T>
const T* answer(const Report* report) {
  return report ? std::get_if<T>(&report->answer) : nullptr;
}

}  // namespace

int64_t Study::attention_block(const Selection& selection) const {
  return page() == Page::attention ? selection.layer : -1;
}

ReportRequest Study::question_of(Page page, const Seen& seen, const Selection& selection) const {
  ReportRequest request;
  request.id = report_id(page);
  request.what_if = base_of(page, selection);
  request.max_images = max_images_;
  const RunConfig& config = seen.snapshot->config;
  switch (page) {
    case Page::compute: request.question = compute_curve(*seen.snapshot); break;
    case Page::kept: request.question = kept_curve(config.router.num_experts, kept_by_); break;
    case Page::classes: request.question = AskAffinity{}; break;
    case Page::patches: request.question = AskTopPatches{}; break;
    case Page::together: request.question = AskCoactivation{}; break;
    case Page::mistakes: request.question = AskMistakes{}; break;
    case Page::map: {
      AskEmbedding ask;
      ask.layer = selection.layer;
      ask.projection = tsne_ ? Projection::tsne : Projection::pca;
      request.question = ask;
      break;
    }
    case Page::parity: request.question = AskParity{}; break;
    case Page::path:
    case Page::attention: break;
  }
  return request;
}

namespace {

ui::Tip tip_of_mode(Page page) {
  if (page == Page::together)
    return {"Which experts share patches", "In the layer on view, or from this layer to the next.",
            "P(e' | e) over patches"};
  if (page == Page::mistakes)
    return {"Which images of the cell", "All, or those that are routed otherwise than most images of their class."};
  return {"Which experts are kept for an image",
          "Those with most combine weight in it, random ones, or those with most load over all images.",
          "sum of combine weights over the image's tokens", "Soft MoE, arXiv 2308.00951; sparse: summed gates"};
}

}  // namespace

const Report* Study::draw_report_line(Rect& inside, Page page, const Seen& seen, const Selection& selection,
                                      ReportAsks& asks) {
  const ui::Theme& t = ui::theme();
  const Report* report = seen.report(report_id(page));
  const bool busy = report && (report->state == ReportState::waiting || report->state == ReportState::working);
  Rect line = inside.cut_bottom(px(26));
  inside.cut_bottom(px(6));
  line = {line.x, line.y, line.w, px(24)};
  if (busy) {
    if (ui::button("cancel", line.cut_right(px(64)), "Cancel", ui::ButtonKind::quiet))
      asks.cancelled.push_back(report->request.id);
    line.cut_right(px(8));
    std::string text =
        ui::percent(report->progress) + (report->eta_secs >= 0 ? ", " + ui::duration(report->eta_secs) + " left" : "");
    if (report->state == ReportState::waiting) text = "after the one before";
    ui::text_in(line.cut_right(px(130)), Face::mono, t.dim, text, ui::Align::right);
    line.cut_right(px(10));
    const Rect track{line.x, std::round(line.center_y() - px(2)), line.w, px(4)};
    ui::fill(track, t.line, px(2));
    ui::fill({track.x, track.y, track.w * static_cast<float>(report->progress), track.h}, t.good, px(2));
  } else {
    const std::string words[] = {"1 000", "all"};
    Rect cells = line.cut_right(px(110));
    cells = {cells.x, cells.center_y() - px(10), cells.w, px(20)};
    const int word = ui::segmented("images", cells, words, max_images_ == 0 ? 1 : 0);
    if (word >= 0) max_images_ = word == 1 ? 0 : 1000;
    ui::tip(cells, {"How many test images", "The first 1 000, or all of them."});
    line.cut_right(px(8));
    const Rect ask = line.cut_right(px(92));
    ui::tip(ask, {"Ask", "Goes through the test images in the background, with the weights of now; training goes on."});
    if (ui::button("ask", ask, report ? "Ask again" : "Ask", report ? ui::ButtonKind::plain : ui::ButtonKind::primary,
                   seen.snapshot != nullptr))
      asks.reports.push_back(question_of(page, seen, selection));
    line.cut_right(px(10));
    std::string label;
    if (report && report->state == ReportState::refused) label = report->refusal;
    const bool of_layer = page == Page::classes || page == Page::patches || page == Page::together;
    const std::string by = report ? (of_layer ? layer_name(selection.layer) + ", " : "") + report->model.text : "";
    if (report && report->state == ReportState::done) label = by + ", " + report->token_set;
    if (report && report->state == ReportState::cancelled) label = "cancelled";
    const bool refused = report && report->state == ReportState::refused;
    ui::text_in(line, Face::small, refused ? t.bad : t.dim,
                ui::fitting(Face::small, line.w, {label, by, report ? std::string_view(report->model.text) : ""}));
    if (report) ui::tip(line, {label, report->request.what_if.is_nothing() ? "" : describe(report->request.what_if)});
  }
  if (!report || std::holds_alternative<std::monostate>(report->answer)) {
    const bool in_line = report && report->state == ReportState::waiting;
    const char* title = in_line ? "In line" : busy ? "Looking" : report ? "No answer" : "Not asked yet";
    draw_state(
        inside, busy ? Mood::loading : Mood::empty, title,
        report && report->state == ReportState::refused ? std::string_view(report->refusal) : what_it_tells(page));
    return nullptr;
  }
  return report;
}

void Study::draw_map_controls(Rect& inside) {
  Rect line = inside.cut_top(px(22));
  inside.cut_top(px(4));
  const std::string projections[] = {"PCA", "t-SNE"}, colors[] = {"by expert", "by class", "by error"};
  const Rect flat = line.cut_left(px(120));
  const int p = ui::segmented("projection", flat, projections, tsne_ ? 1 : 0);
  ui::tip(flat,
          {"How tokens are laid flat",
           "PCA keeps the two directions in which they differ most. t-SNE keeps neighbours together; its distances "
           "say little.",
           "PCA: (x - mean) V2;  t-SNE: min KL(P || Q)", "t-SNE: van der Maaten and Hinton, JMLR 2008"});
  if (p >= 0) tsne_ = p == 1;
  line.cut_left(px(10));
  const Rect paint = line.cut_left(std::min(px(234), line.w));
  const int c = ui::segmented("colors", paint, colors, static_cast<int>(colors_));
  ui::tip(paint, {"Colour of a point",
                  "The expert that the patch goes to, the class of its image, or whether that image was predicted "
                  "right."});
  if (c >= 0) colors_ = static_cast<PointColor>(c);
}

void Study::draw_ui(const Rect& area, const Seen& seen, const GallerySource& gallery, Selection& selection,
                    ReportAsks& asks, std::vector<Command>& out) {
  ImGui::PushID("study");
  Rect inside = ui::tab_panel(area, kTabs, page_);
  const Page now = page();
  ImGui::PushID(page_);
  if (now == Page::path) {
    draw_path(inside, seen, selection);
  } else if (now == Page::attention) {
    draw_attention(inside, seen, heads_, selection);
  } else {
    if (now == Page::map) draw_map_controls(inside);
    if (now == Page::together || now == Page::mistakes || now == Page::kept) {
      Rect line = inside.cut_top(px(22));
      inside.cut_top(px(4));
      const std::string together[] = {"same patch", "next layer"}, all[] = {"all", "unusual routing"};
      const std::string by[] = {"combine", "random", "load"};
      int word = -1;
      ui::tip({line.x, line.y, px(now == Page::kept ? 210 : 180), line.h}, tip_of_mode(now));
      if (now == Page::together) word = ui::segmented("mode", line.cut_left(px(180)), together, to_next_ ? 1 : 0);
      if (now == Page::together && word >= 0) to_next_ = word == 1;
      if (now == Page::mistakes) word = ui::segmented("mode", line.cut_left(px(180)), all, only_unusual_ ? 1 : 0);
      if (now == Page::mistakes && word >= 0) only_unusual_ = word == 1;
      if (now == Page::kept) word = ui::segmented("mode", line.cut_left(px(210)), by, static_cast<int>(kept_by_));
      if (now == Page::kept && word >= 0) kept_by_ = static_cast<KeepBy>(word);
    }
    const Report* report = draw_report_line(inside, now, seen, selection, asks);
    if (const Curve* curve = answer<Curve>(report)) {
      const RouterConfig& r = seen.snapshot->config.router;
      const WhatIf asked = selection.asking.now();
      const bool soft = r.kind == RouterKind::soft;
      const double capacity = r.eval_capacity_factor > 0 ? r.eval_capacity_factor : r.capacity_factor;
      const double position =
          now == Page::kept ? static_cast<double>(asked.kept.count ? asked.kept.count : r.num_experts)
          : soft            ? static_cast<double>(asked.slots_per_expert.value_or(slots_per_expert(*seen.snapshot)))
                            : asked.capacity_factor.value_or(capacity);
      draw_curve(inside, *report, *curve, true, position);
    }
    if (const Affinity* a = answer<Affinity>(report)) draw_affinity(inside, seen, *a, selection);
    if (const TopPatches* top = answer<TopPatches>(report))
      draw_top_patches(inside, seen, gallery, *top, selection, out);
    if (const Coactivation* co = answer<Coactivation>(report))
      draw_coactivation(inside, seen, *co, to_next_, selection);
    if (const Mistakes* m = answer<Mistakes>(report))
      draw_mistakes(inside, seen, gallery, *m, confused_label_, confused_as_, only_unusual_, selection, out);
    if (const Parity* p = answer<Parity>(report)) draw_parity(inside, *p);
    if (const Embedding* e = answer<Embedding>(report)) draw_embedding(inside, seen, *e, colors_, selection, out);
  }
  ImGui::PopID();
  ImGui::PopID();
}

}  // namespace moescope::panels
