// A run behind a window that keeps what the window took of it: answers, reports, notices.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/doors/run_controller.h"

namespace moescope {

struct HeardRun : RunController {
  using RunController::RunController;
  bool take_look(std::shared_ptr<const Look>& out) override {
    const bool came = RunController::take_look(out);
    if (came) last_look = out;
    return came;
  }
  std::vector<std::shared_ptr<const Report>> take_reports() override {
    std::vector<std::shared_ptr<const Report>> list = RunController::take_reports();
    if (!list.empty()) last_report = list.back();
    return list;
  }
  std::vector<std::string> drain_notices() override {
    std::vector<std::string> list = RunController::drain_notices();
    notices.insert(notices.end(), list.begin(), list.end());
    return list;
  }

  std::shared_ptr<const Look> last_look;
  std::shared_ptr<const Report> last_report;
  std::vector<std::string> notices;
};

}  // namespace moescope
