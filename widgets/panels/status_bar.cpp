// The two lines at the bottom.
#include "widgets/panels/status_bar.h"

#include <cmath>

#include "widgets/panels/jobs.h"
#include "widgets/ui/format.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

/// A number right-aligned in a column of fixed width, so that nothing moves when it changes.
void column(Rect& line, float width, const std::string& text, const ui::Tip& tip) {
  if (line.w < px(width)) return;
  const Rect cell = line.cut_left(px(width));
  ui::text_in(cell, Face::mono, ui::theme().text, text, ui::Align::right);
  ui::tip(cell, tip);
  line.cut_left(px(20));
}

}  // namespace

std::string saved_text(const StoreStatus& store) {
  if (store.name.empty()) return "not stored";
  return store.saved_secs_ago < 0 ? "not saved yet" : "saved " + ui::ago(store.saved_secs_ago);
}

std::optional<int64_t> draw_status_bar(const Rect& area, const Seen& seen, const StoreStatus& store,
                                       const std::vector<ui::KeyHint>& keys) {
  std::optional<int64_t> cancelled;
  const ui::Theme& t = ui::theme();
  ui::fill_surface(area, t.panel);
  ui::hline(area.x, area.right(), area.y, t.line);
  Rect inside = area.inset(px(20), px(6));
  Rect line = inside.cut_top(inside.h / 2);
  const bool trouble = !store.message.empty();
  const std::string saved = saved_text(store) + (store.name.empty() ? "" : "   " + store.name);
  const Rect right = line.cut_right(std::min(line.w * 0.3f, px(260)));
  ui::text_in(right, Face::small, trouble ? t.warn : t.dim, saved, ui::Align::right);
  if (trouble) ui::tip(right, {"Store", store.message});
  if (seen.snapshot) {
    const Snapshot& s = *seen.snapshot;
    const Rect device = line.cut_left(std::min(line.w * 0.3f, px(236)));
    ui::text_in(device, Face::small, t.dim, s.device);
    const std::string road = seen.textures ? seen.textures->heat_map_road() : "";
    ui::tip(device, {"Computed by", s.device, road.empty() ? "" : "heat maps " + road});
    column(line, 92, s.images_per_sec > 0 ? ui::grouped(std::llround(s.images_per_sec)) + " img/s" : "–",
           {"Speed", "Training images a second, waiting for data included."});
    column(line, 98, s.gflops > 0 ? ui::fixed(s.gflops, s.gflops < 99.95 ? 1 : 0) + " GFLOP/s" : "–",
           {"GFLOP/s",
            "Arithmetic of the model's layers a second; what a plain count of multiplications and additions gives."});
    column(line, 92, s.peak_share > 0 ? ui::percent(s.peak_share) + " of peak" : "–",
           {"Share of peak", "Against the fastest large matrix product measured on this machine."});
    column(line, 88, s.rss_bytes > 0 ? "RSS " + ui::bytes(s.rss_bytes) : "–",
           {"Memory", "Resident memory of the whole program.", "planned tensors " + ui::bytes(s.arena_bytes)});
    line.cut_left(px(12));
    cancelled = draw_jobs(line, jobs_of(seen));
  } else {
    ui::text_in(line, Face::small, t.dim, "starting the engine");
  }
  ui::key_hints(inside, keys);
  return cancelled;
}

}  // namespace moescope::panels
