// One maker a question; report_job.cpp chooses between them.
#pragma once

#include <memory>

#include "compute/explore/report_job.h"

namespace moescope {

std::unique_ptr<ReportJob> affinity_job(Replica& replica, const ReportRequest& request);
std::unique_ptr<ReportJob> top_patches_job(Replica& replica, const ReportRequest& request, const AskTopPatches& ask);
std::unique_ptr<ReportJob> coactivation_job(Replica& replica, const ReportRequest& request);
std::unique_ptr<ReportJob> mistakes_job(Replica& replica, const ReportRequest& request);
std::unique_ptr<ReportJob> embedding_job(Replica& replica, const ReportRequest& request, const AskEmbedding& ask);
std::unique_ptr<ReportJob> curve_job(Replica& replica, const ReportRequest& request, const AskCurve& ask);
std::unique_ptr<ReportJob> image_curve_job(Replica& replica, const ReportRequest& request, const AskImageCurve& ask);
std::unique_ptr<ReportJob> purity_job(Replica& replica, const ReportRequest& request);
std::unique_ptr<ReportJob> parity_job(Replica& replica, const ReportRequest& request);

/// `b` on top of `a`: what b sets replaces what a sets, lists are joined.
WhatIf on_top(WhatIf a, const WhatIf& b);
/// Throws ConfigError when a curve has no points, or not a position for each.
void check_curve(const AskCurve& curve);

}  // namespace moescope
