// One line a job.
#include "window/process_jobs.h"

#include <algorithm>
#include <cmath>

#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"
#include "widgets/ui/panel.h"

namespace moescope {

namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kLine = 26;

}  // namespace

float job_strip_height(std::span<const SessionJob> jobs) {
  return px(kLine) * static_cast<float>(jobs.size()) + px(2 * ui::kInset);
}

void draw_job_strip(const Rect& area, std::span<const SessionJob> jobs, SessionDoor& door) {
  const ui::Theme& t = ui::theme();
  Rect rest = ui::panel_surface(area);
  for (const SessionJob& job : jobs) {
    Rect line = rest.cut_top(px(kLine));
    ImGui::PushID(static_cast<int>(job.job_id));
    if (ui::button("cancel", line.cut_right(px(62)), "Cancel")) door.cancel(job.job_id);
    ImGui::PopID();
    line.cut_right(px(10));
    const bool waits = job.state == SessionJob::State::waiting;
    const std::string left = waits ? "waits" : job.eta_secs >= 0 ? ui::duration(std::ceil(job.eta_secs)) + " left" : "";
    ui::text_in(line.cut_right(px(96)), Face::small, t.dim, left, ui::Align::right);
    line.cut_right(px(10));
    const Rect track = line.cut_right(std::min(px(180), line.w * 0.4f));
    const Rect bar{track.x, std::round(track.center_y() - px(2)), track.w, px(4)};
    ui::fill(bar, t.line, px(2));
    ui::fill({bar.x, bar.y, bar.w * static_cast<float>(std::clamp(job.share, 0.0, 1.0)), bar.h}, t.good, px(2));
    ui::text_in(line, Face::small, t.text, ui::fit_text(Face::small, job.title, line.w - px(8)));
  }
}

}  // namespace moescope
