// From a question to its job, and a job to its end.
#include "compute/explore/report_job.h"

#include <algorithm>

#include "compute/explore/jobs.h"

namespace moescope {

std::unique_ptr<ReportJob> make_report_job(Replica& replica, const ReportRequest& request) {
  if (request.max_images < 0)
    throw ConfigError("a report takes 0 (all) or more images, not " + std::to_string(request.max_images));
  check(request.what_if, replica.config, replica.model->grid_height() * replica.model->grid_width());
  struct Make {
    Replica& replica;
    const ReportRequest& request;
    std::unique_ptr<ReportJob> operator()(const AskAffinity&) const { return affinity_job(replica, request); }
    std::unique_ptr<ReportJob> operator()(const AskTopPatches& ask) const {
      return top_patches_job(replica, request, ask);
    }
    std::unique_ptr<ReportJob> operator()(const AskCoactivation&) const { return coactivation_job(replica, request); }
    std::unique_ptr<ReportJob> operator()(const AskMistakes&) const { return mistakes_job(replica, request); }
    std::unique_ptr<ReportJob> operator()(const AskEmbedding& ask) const {
      return embedding_job(replica, request, ask);
    }
    std::unique_ptr<ReportJob> operator()(const AskCurve& ask) const { return curve_job(replica, request, ask); }
    std::unique_ptr<ReportJob> operator()(const AskImageCurve& ask) const {
      return image_curve_job(replica, request, ask);
    }
    std::unique_ptr<ReportJob> operator()(const AskPurity&) const { return purity_job(replica, request); }
    std::unique_ptr<ReportJob> operator()(const AskParity&) const { return parity_job(replica, request); }
  };
  return std::visit(Make{replica, request}, request.question);
}

std::string token_set_of(const Replica& replica, const ReportRequest& request) {
  if (const auto* one = std::get_if<AskImageCurve>(&request.question)) return one->image.label;
  if (std::holds_alternative<AskParity>(request.question)) return "the first test images";
  const int64_t all = replica.dataset->info().num_test;
  const int64_t images = request.max_images > 0 ? std::min(all, request.max_images) : all;
  return images > 0 ? "test images 0 to " + std::to_string(images - 1) : "no images";
}

Report run_report(Replica& replica, const ReportRequest& request, const std::function<bool(double progress)>& told) {
  Report report;
  report.request = request;
  report.model = replica.label;
  report.token_set = token_set_of(replica, request);
  const std::unique_ptr<ReportJob> job = make_report_job(replica, request);
  report.state = ReportState::done;
  while (job->slice()) {
    if (!told || told(job->progress())) continue;
    report.state = ReportState::cancelled;
    break;
  }
  report.progress = job->progress();
  report.answer = job->answer();
  return report;
}

}  // namespace moescope
