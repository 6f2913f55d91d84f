// The curves.
#include "widgets/panels/curves.h"

#include "widgets/panels/layer_health.h"
#include "widgets/panels/routing_view.h"
#include "widgets/ui/format.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::px;
using ui::Rect;

constexpr std::string_view kPages[] = {"Loss", "Balance", "Layers"};

void draw_loss(const Rect& inside, const History& history, Selection& selection) {
  const ui::Theme& t = ui::theme();
  const plots::Series* loss = history.find("train/loss");
  const plots::Series* accuracy = history.find("train/accuracy");
  const plots::Series* tested = history.find("eval/test/accuracy");
  plots::LinePlot plot;
  plot.left_from_zero = true;
  plot.right_top = 1;
  plot.empty = "the curves begin with the first step";
  plot.lines.push_back({loss, "loss", t.accent, false, false, 3});
  plot.lines.push_back({accuracy, "acc", ui::fade(t.good, 0.75f), true, false, 3});
  plot.lines.push_back({tested, "test acc", t.good, true, true, 3});
  plot.marks = history.marks();
  const int64_t step = plots::draw_line_plot(inside, plot, selection.hovered_step);
  if (step >= 0) selection.hovering_step = step;
}

void draw_balance(const Rect& inside, const Seen& seen, const History& history, Selection& selection) {
  const ui::Theme& t = ui::theme();
  const std::string layer = "layer" + std::to_string(selection.layer) + "/";
  const plots::Series* cv = history.find(layer + "load_cv");
  const plots::Series* dropped = history.find(layer + "dropped");
  const plots::Series* entropy = history.find(layer + "entropy");
  const bool soft = seen.snapshot && seen.snapshot->config.router.kind == RouterKind::soft;
  plots::LinePlot plot;
  plot.left_from_zero = true;
  const ExpertLoad* load = seen.snapshot ? find_load(*seen.snapshot, selection.layer) : nullptr;
  plot.right_top = !soft ? 1 : load ? load->entropy_max : 0;  // against the uniform choice, so that noise stays small
  plot.empty = "nothing recorded for this layer yet";
  plot.lines.push_back({cv, "load CV", t.accent, false, false, 2});
  if (soft)
    plot.lines.push_back({entropy, "entropy", t.good, true, false, 2});
  else
    plot.lines.push_back({dropped, "dropped", t.warn, true, false, 3});
  plot.marks = history.marks();
  const int64_t step = plots::draw_line_plot(inside, plot, selection.hovered_step);
  if (step >= 0) selection.hovering_step = step;
}

}  // namespace

void Curves::draw_ui(const Rect& area, const Seen& seen, const History& history, Selection& selection) {
  ImGui::PushID("curves");
  std::string context =
      history.num_points() == 0 ? "" : "steps 0 – " + ui::grouped(history.last_step()) + ", all points";
  if (page_ == 1 && selection.layer >= 0) context = layer_name(selection.layer) + ", " + context;
  if (page_ == 2) context = seen.snapshot ? "live, step " + ui::grouped(seen.snapshot->step) : "";
  const Rect inside = ui::tab_panel(area, kPages, page_, context, page_ == 2 ? "live" : "all points");
  const Rect context_area{area.x + area.w * 0.5f, area.y, area.w * 0.5f, px(ui::kHeader)};
  if (page_ == 0) {
    draw_loss(inside, history, selection);
    ui::tip(context_area, {"Loss and accuracy",
                           "Every recorded point: the line is the mean of a column, the band its smallest and largest "
                           "value. Upright lines are knobs that were moved."});
  } else if (page_ == 1) {
    const bool soft = seen.snapshot && seen.snapshot->config.router.kind == RouterKind::soft;
    draw_balance(inside, seen, history, selection);
    ui::tip(context_area,
            {"Balance",
             soft ? "How unevenly the experts are read, and the entropy of a token's combine weights in nats."
                  : "How uneven the load is, and the share of tokens that no expert took.",
             "CV = std(load) / mean(load)",
             soft ? "Soft MoE, arXiv 2308.00951, section 2" : "V-MoE, arXiv 2106.05974, section 2.2 and appendix A"});
  } else {
    draw_layer_health(inside, seen, selection);
  }
  ImGui::PopID();
}

}  // namespace moescope::panels
