// Jobs from snapshot and reports, and their strip.
#include "widgets/panels/jobs.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

struct NameOf {
  std::string operator()(const AskAffinity&) const { return "experts by class"; }
  std::string operator()(const AskTopPatches&) const { return "top patches"; }
  std::string operator()(const AskCoactivation&) const { return "co-activation"; }
  std::string operator()(const AskMistakes&) const { return "mistakes"; }
  std::string operator()(const AskEmbedding&) const { return "map of patches"; }
  std::string operator()(const AskCurve&) const { return "accuracy against compute"; }
  std::string operator()(const AskPurity&) const { return "purity"; }
  std::string operator()(const AskParity&) const { return "GPU beside CPU"; }
  std::string operator()(const AskImageCurve&) const { return "this image against compute"; }
};

}  // namespace

double job_share(const std::string& job) {
  const size_t percent = job.find('%');
  if (percent == std::string::npos) return -1;
  size_t end = percent;
  while (end > 0 && job[end - 1] == ' ') --end;
  size_t begin = end;
  while (begin > 0 && (std::isdigit(static_cast<unsigned char>(job[begin - 1])) || job[begin - 1] == '.')) --begin;
  return begin == end ? -1 : std::min(1.0, std::stod(job.substr(begin, end - begin)) / 100);
}

std::vector<Job> jobs_of(const Seen& seen) {
  std::vector<Job> jobs;
  if (seen.snapshot && !seen.snapshot->job.empty())
    jobs.push_back({.text = seen.snapshot->job, .share = job_share(seen.snapshot->job)});
  for (const ReportState state : {ReportState::working, ReportState::waiting}) {
    for (const auto& report : seen.reports) {
      if (!report || report->state != state) continue;
      const bool waiting = state == ReportState::waiting;
      jobs.push_back({.text = std::visit(NameOf{}, report->request.question),
                      .share = waiting ? -1 : report->progress,
                      .eta_secs = waiting ? -1 : report->eta_secs,
                      .report_id = report->request.id,
                      .waiting = waiting});
    }
  }
  return jobs;
}

std::string job_line(const Job& job) {
  std::string line = job.text;
  if (job.waiting) line += ", waiting";
  if (job.share >= 0 && job_share(job.text) < 0) line += " " + ui::percent(job.share);
  if (job.eta_secs >= 0) line += ", " + ui::duration(job.eta_secs) + " left";
  return line;
}

std::optional<int64_t> draw_jobs(Rect line, const std::vector<Job>& jobs) {
  const ui::Theme& t = ui::theme();
  if (jobs.empty() || line.w < px(80)) return std::nullopt;
  const Job& first = jobs.front();
  std::optional<int64_t> cancelled;
  const Rect whole = line;
  if (first.report_id != 0 && line.w > px(200)) {
    if (ui::button("cancel job", line.cut_right(px(58)).inset(0, px(2)), "Cancel", ui::ButtonKind::quiet))
      cancelled = first.report_id;
    line.cut_right(px(8));
  }
  if (jobs.size() > 1 && line.w > px(160)) {
    const std::string more = "+" + std::to_string(jobs.size() - 1);
    ui::text_in(line.cut_right(ui::text_width(Face::mono, more) + px(6)), Face::mono, t.dim, more, ui::Align::right);
  }
  const Rect track_room = line.w > px(220) ? line.cut_right(px(90)) : Rect{};
  if (track_room.w > 0) line.cut_right(px(10));
  ui::text_in(line, Face::small, t.dim, job_line(first));
  if (track_room.w > 0 && first.share >= 0) {
    const Rect track{track_room.x, std::round(track_room.center_y() - px(2)), track_room.w, px(4)};
    ui::fill(track, t.line, px(2));
    ui::fill({track.x, track.y, track.w * static_cast<float>(std::min(1.0, first.share)), track.h}, t.good, px(2));
  }
  std::string all;
  for (const Job& job : jobs) all += (all.empty() ? "" : "\n") + job_line(job);
  ui::tip(whole, {jobs.size() > 1 ? "In the background" : "Job", all});
  return cancelled;
}

}  // namespace moescope::panels
