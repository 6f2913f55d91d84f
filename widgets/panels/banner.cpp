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
constexpr double kNewsSecs = 12, kFadeSecs = 1;

}  // namespace

void Banner::notice(std::string text) { add({std::move(text), false}); }
void Banner::tell(std::string text) { add({std::move(text), true}); }

void Banner::add(Notice notice) {
  for (const Notice& one : notices_)
    if (one.text == notice.text && !notice.plain) return;
  if (notice.plain) std::erase_if(notices_, [](const Notice& old) { return old.plain; });
  if (notices_.size() == kMaxNotices) notices_.erase(notices_.begin());
  notices_.push_back(std::move(notice));
}

void Banner::let_old_news_go(double now) {
  for (Notice& notice : notices_)
    if (notice.plain && notice.since < 0) notice.since = now;
  std::erase_if(notices_, [&](const Notice& notice) { return notice.plain && now - notice.since >= kNewsSecs; });
  for (const Notice& notice : notices_) {
    if (!notice.plain) continue;
    const double left = kNewsSecs - (now - notice.since);
    ui::redraw_in(left > kFadeSecs ? left - kFadeSecs : 0.05);
  }
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
    list.push_back(
        {.text = notices_[i].text,
         .notice = static_cast<int>(i),
         .plain = notices_[i].plain,
         .share_left = notices_[i].since < 0
                           ? 1
                           : std::clamp((kNewsSecs - (seen.now_secs - notices_[i].since)) / kFadeSecs, 0.0, 1.0)});
  return list;
}

float Banner::height(const Seen& seen, const StoreStatus& store) {
  let_old_news_go(seen.now_secs);
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
    ui::text_in(inside, Face::body, ui::fade(t.text, static_cast<float>(line.share_left)), line.text);
    ImGui::PopID();
  }
  ImGui::PopID();
  if (dismissed >= 0) notices_.erase(notices_.begin() + dismissed);
}

}  // namespace moescope::panels
