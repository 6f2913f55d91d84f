// A real window over a real store of three small runs: two seeds of one experiment and another one.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "app/doors/session_browser.h"
#include "support/run_program.h"
#include "support/temp_folder.h"
#include "support/tiny_training.h"
#include "support/ui_demo_run.h"
#include "support/ui_real_window.h"

namespace moescope::demo {

class ThreeRunsWindow : public RealWindow {
 protected:
  void SetUp() override {
    RealWindow::SetUp();
    if (IsSkipped()) return;
    train("vmoe", {"router.kind=tokens_choice", "router.k=1", "train.seed=1"});
    train("vmoe", {"router.kind=tokens_choice", "router.k=1", "train.seed=2"});
    train("wide", {"router.kind=tokens_choice", "router.k=2", "router.capacity_factor=1"});
    browser_ = std::make_unique<SessionBrowser>(store_, temp_.path() / "figures", MOESCOPE_PROGRAM);
    run_.advance(60);
    open(1600, 900, true);
  }
  void train(const std::string& name, const std::vector<std::string>& settings) {
    std::vector<std::string> arguments = tiny_training("train", store_);
    arguments.insert(arguments.end(), {"--set", "name=" + name, "--set", "train.eval_every=4", "--stop", "steps=12"});
    for (const std::string& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
    const Outcome outcome = run_program(arguments);
    ASSERT_EQ(outcome.status, 0) << outcome.err;
  }
  void open(int width, int height, bool dark) {
    window_.reset();
    WindowOptions options;
    options.scale = 1;
    options.width = width, options.height = height;
    options.dark = dark;
    window_ = std::make_unique<Window>(options, run_, browser_.get());
    turns(4, 0.01);
  }
  /// A click at a place of the window, in pixels.
  void click(int x, int y) {
    hand("mousemove " + std::to_string(x) + " " + std::to_string(y));
    turns(3);
    hand("click 1");
    turns(3);
  }
  static std::string clipboard() {
    const char* text = ImGui::GetClipboardText();  // null while nobody has put anything there
    return text ? text : "";
  }
  bool has_rows(size_t count) {
    const ComparePage& page = window_->workspace().compare();
    return until([&] { return page.shown_table() && page.shown_table()->rows.size() == count; });
  }

  const TempFolder temp_;
  std::string store_ = temp_ / "runs.db";
  DemoRun run_{RouterKind::tokens_choice};
  std::unique_ptr<SessionBrowser> browser_;
};

}  // namespace moescope::demo
