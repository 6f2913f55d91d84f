// The fields of the sheet and, below them, the plan.
#include "window/compare_experiments.h"

#include <algorithm>

#include "compute/records/words.h"
#include "widgets/panels/control_tips.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/sheet.h"

namespace moescope {

namespace {

using ui::Face;
using ui::px;
using ui::Rect;

const std::string kKinds[] = {"Sweep", "Twins"};

/// A name to the left of its box.
Rect field(Rect& inside, std::string_view name, std::string_view control) {
  Rect line = inside.cut_top(px(28));
  inside.cut_top(px(6));
  ui::text_in(line.cut_left(px(96)), Face::small, ui::theme().dim, name);
  panels::tip_of(control, line);
  return line;
}

}  // namespace

ExperimentAsk ExperimentSheet::asked() const {
  ExperimentAsk ask;
  ask.kind = static_cast<ExperimentAsk::Kind>(kind);
  ask.settings = settings;
  ask.stop = stop;
  if (ask.kind == ExperimentAsk::Kind::twins) {
    ask.presets = twins;
    ask.name = twins_name;
    return ask;
  }
  ask.presets = {preset};
  ask.name = sweep_name;
  for (const std::string& axis : axes)
    if (!axis.empty()) ask.axes.push_back(axis);
  if (!seeds.empty()) ask.axes.push_back("train.seed=" + seeds);
  return ask;
}

void ExperimentSheet::draw_presets(Rect& inside) {
  const bool sweep = kind == 0;
  ui::text_in(
      inside.cut_top(px(24)), Face::small, ui::theme().dim,
      sweep ? "what is varied" : "two or more, on the same batches; the first one's data and seed hold for all");
  if (!plan_) return;
  const auto on = [&](size_t i) {
    const std::string& name = plan_->presets[i];
    return sweep ? name == preset : std::find(twins.begin(), twins.end(), name) != twins.end();
  };
  panels::tip_of("new.preset", {inside.x, inside.y, inside.w, px(26)});
  const int clicked = ui::words("presets", inside, plan_->presets, on, 4);
  if (clicked < 0) return;
  const std::string& name = plan_->presets[static_cast<size_t>(clicked)];
  if (sweep)
    preset = name;
  else if (std::erase(twins, name) == 0)
    twins.push_back(name);
}

void ExperimentSheet::draw_axes(Rect& inside) {
  static const char* kHints[] = {"router.k=1,2,4", "another setting", "another setting"};
  static const char* kIds[] = {"##axis0", "##axis1", "##axis2"};
  const std::string* written = nullptr;
  for (size_t i = 0; i < axes.size(); ++i) {
    const Rect box = field(inside, i == 0 ? "over" : "", "new.axis");
    if (ui::text_box(kIds[i], box, axes[i], kHints[i]).active && axes[i].find('=') == axes[i].npos) written = &axes[i];
  }
  if (written && !written->empty() && plan_) {  // the settings whose name has these letters
    std::string fitting;
    for (const std::string& key : plan_->settings)
      if (key.find(*written) != key.npos && ui::text_width(Face::small, fitting + key) < inside.w - px(120))
        fitting += (fitting.empty() ? "" : "   ") + key;
    Rect line = inside.cut_top(px(20));
    line.cut_left(px(96));
    ui::text_in(line, Face::small, ui::theme().accent, fitting.empty() ? "no setting has these letters" : fitting);
  }
  ui::text_box("##seeds", field(inside, "seeds", "new.seeds"), seeds, "0,1,2");
}

void ExperimentSheet::draw_plan(Rect inside) const {
  const ui::Theme& t = ui::theme();
  if (!plan_ || !planned_ || !(plan_->ask == *planned_))
    return static_cast<void>(ui::text_in(inside.cut_top(px(22)), Face::small, t.dim, "counting"));
  if (!plan_->refusal.empty()) return static_cast<void>(ui::text_block(inside, Face::small, t.bad, plan_->refusal));
  inside.cut_top(ui::text_block(inside, Face::body, t.text, plan_->cost) + px(6));
  std::string names;
  size_t shown = 0;
  for (const std::string& run : plan_->runs) {
    if (shown == 8) break;
    names += (names.empty() ? "" : "\n") + run;
    ++shown;
  }
  if (shown < plan_->runs.size()) names += "\nand " + std::to_string(plan_->runs.size() - shown) + " more";
  ui::text_block(inside, Face::small, t.dim, names);
}

void ExperimentSheet::draw_ui(const Rect& screen, SessionDoor& door) {
  if (!open_) return;
  const ExperimentAsk ask = asked();
  if (planned_ != ask) door.plan(ask), planned_ = ask;
  const ui::Sheet sheet("new runs", screen, 680, 660);
  Rect inside = sheet.inside();
  Rect head = inside.cut_top(px(30));
  ui::text_in(head.cut_left(px(110)), Face::title, ui::theme().text, "New runs");
  if (const int clicked = ui::segmented("kind", head.cut_left(px(200)), kKinds, kind); clicked >= 0) kind = clicked;
  inside.cut_top(px(8));
  Rect foot = inside.cut_bottom(px(32));
  inside.cut_bottom(px(8));
  draw_presets(inside);
  if (kind == 0) draw_axes(inside);
  ui::text_box("##settings", field(inside, "all with", "new.settings"), settings,
               "data.train_limit=2000 train.batch_size=64");
  ui::text_box("##stop", field(inside, "stop", "new.stop"), stop, "steps=N,epochs=N,seconds=N,accuracy=X");
  ui::text_box("##name", field(inside, "name", "new.name"), kind == 0 ? sweep_name : twins_name, "one word");
  inside.cut_top(px(4));
  ui::hline(inside.x, inside.right(), inside.y, ui::theme().line);
  inside.cut_top(px(8));
  draw_plan(inside);
  const bool ready = plan_ && plan_->ask == ask && plan_->refusal.empty() && plan_->num_done < plan_->runs.size();
  const bool twins_ready = ready && (kind == 0 || twins.size() >= 2);
  const std::string word =
      ready ? "Start " + counted(static_cast<int64_t>(plan_->runs.size() - plan_->num_done), "run") : "Start";
  const Rect start = foot.cut_right(px(150));
  panels::tip_of("new.start", start);
  if (ui::button("start", start, word, ui::ButtonKind::primary, twins_ready)) {
    door.start(ask);
    open_ = false;
  }
  foot.cut_right(px(8));
  if (ui::button("cancel", foot.cut_right(px(90)), "Cancel") || sheet.dismissed()) open_ = false;
}

}  // namespace moescope
