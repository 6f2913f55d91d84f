// What goes on in the background besides training: how far it is, how long it takes, and a way to end it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "widgets/panels/sources.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

struct Job {
  std::string text;                  // "evaluating 62 %", "co-activation"
  double share = -1, eta_secs = -1;  // -1: unknown
  int64_t report_id = 0;             // what to cancel; 0: it ends by itself
  bool waiting = false;              // in line behind another
};

/// The run's own job first, then reports at work, then those in line.
std::vector<Job> jobs_of(const Seen& seen);
/// The share in a job's text, "evaluating 62 %" -> 0.62; -1 when it names none.
double job_share(const std::string& job);
/// "mistakes 34 %, 12 s left"
std::string job_line(const Job& job);

/// The first job with its bar and a button that cancels it; the others are counted, and listed in a tool-tip. Returns
/// the report to cancel.
std::optional<int64_t> draw_jobs(ui::Rect line, const std::vector<Job>& jobs);

}  // namespace moescope::panels
