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
std::unique_ptr<ReportJob> purity_job(Replica& replica, const ReportRequest& request);

}  // namespace moescope
