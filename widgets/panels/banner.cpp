// A strip for what must not be missed.
#include "widgets/panels/banner.h"

#include <algorithm>
#include <cmath>

#include "widgets/panels/layer_health.h"
#include "widgets/ui/controls.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kLine = 40;
constexpr size_t kMaxNotices = 3;  // older ones make room

}  // namespace

void Banner::notice(std::string text) { add({std::move(text), false}); }
void Banner::tell(std::string text) { add({std::move(text), true}); }

void Banner::add(Notice notice) {
  for (const Notice& one : notices_)
    if (one.text == notice.text) return;
  if (notices_.size() == kMaxNotices) notices_.erase(notices_.begin());
  notices_.push_back(std::move(notice));
}

std::vector<Banner::Line> Banner::lines(const Seen& seen, const StoreStatus& store) const {
  std::vector<Line> list;
  if (seen.snapshot && seen.snapshot->state == RunState::diverged)
    list.push_back({"Diverged at step " + std::to_string(seen.snapshot->step) +
                        (seen.snapshot->message.empty() ? "" : ": " + seen.snapshot->message),
                    false, true, -1});
  if (seen.snapshot && seen.snapshot->state == RunState::failed)
    list.push_back({seen.snapshot->message, true, false, -1});
  if (seen.snapshot && seen.snapshot->state == RunState::running && seen.snapshot->step > 0)
    for (const ExpertLoad& load : seen.snapshot->layers)
      if (const LayerHealth health = health_of(load); health.collapsed)
        list.push_back({"Layer " + std::to_string(load.layer) + " collapses: " + health.why + ", " + load.token_set,
                        false, false, -1});
  if (!store.message.empty()) list.push_back({store.message, false, false, -1});
  for (size_t i = 0; i < notices_.size(); ++i)
    list.push_back({notices_[i].text, false, false, static_cast<int>(i), notices_[i].plain});
  return list;
}

float Banner::height(const Seen& seen, const StoreStatus& store) const {
  return static_cast<float>(lines(seen, store).size()) * px(kLine + 8);
}

void Banner::draw_ui(const Rect& area, const Seen& seen, const StoreStatus& store, std::vector<Command>& out) {
  const ui::Theme& t = ui::theme();
  Rect rest = area;
  int dismissed = -1;
  ImGui::PushID("banner");
  int id = 0;
  for (const Line& line : lines(seen, store)) {
    Rect strip = rest.cut_top(px(kLine));
    rest.cut_top(px(8));
    const ImU32 color = line.bad ? t.bad : line.plain ? t.good : t.warn;
    ui::fill(strip, line.plain ? t.panel : ui::mix(t.panel, color, 0.12f), px(8));
    ui::frame(strip, line.plain ? t.line : ui::fade(color, 0.6f), px(8));
    ImGui::PushID(id++);
    Rect inside = strip.inset(px(14), px(6));
    ui::canvas().AddCircleFilled({inside.x + px(4), inside.center_y()}, px(4), color, 16);
    inside.cut_left(px(18));
    if (line.offers_restore) {
      if (ui::button("restore", inside.cut_right(px(196)), "Back to the last good step", ui::ButtonKind::plain))
        out.emplace_back(RestoreLastGood{});
      inside.cut_right(px(12));
    }
    if (line.notice >= 0) {
      if (ui::button("close", inside.cut_right(px(64)), "Dismiss", ui::ButtonKind::quiet)) dismissed = line.notice;
      inside.cut_right(px(12));
    }
    ui::text_in(inside, Face::body, t.text, line.text);
    ImGui::PopID();
  }
  ImGui::PopID();
  if (dismissed >= 0) notices_.erase(notices_.begin() + dismissed);
}

}  // namespace moescope::panels
