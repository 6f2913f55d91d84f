// A report in the making, a slice at a time, so that whoever runs it can answer looks in between.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "compute/explore/replica.h"
#include "compute/records/report.h"

namespace moescope {

class ReportJob {
 public:
  virtual ~ReportJob() = default;
  /// The next piece of work, at most about a micro-batch; false when there is none left.
  virtual bool slice() = 0;
  virtual double progress() const = 0;  // 0..1
  /// With what there is so far; monostate while that says nothing.
  virtual Answer answer() const = 0;
  /// True once when answer() has something that should be shown without waiting for the usual interval.
  virtual bool take_urgent() { return false; }
};

/// A job for the request. `replica` must outlive it. Throws ConfigError when the question cannot be asked of this model
/// or data set, or its what_if not of this model.
std::unique_ptr<ReportJob> make_report_job(Replica& replica, const ReportRequest& request);

/// "test images 0 to 9999".
std::string token_set_of(const Replica& replica, const ReportRequest& request);

/// All slices at once, for a terminal. `told` hears the progress after each; when it returns false the report ends
/// there, cancelled.
Report run_report(Replica& replica, const ReportRequest& request,
                  const std::function<bool(double progress)>& told = {});

}  // namespace moescope
