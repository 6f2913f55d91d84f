// A real window on a display of its own, driven by mouse and keys (xdotool). MOESCOPE_PICTURES=FOLDER keeps pictures.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>

#include "support/ui_own_display.h"
#include "window/png_file.h"
#include "window/window.h"

namespace moescope::demo {

/// Fixtures open `window_` and own what it looks at; it is closed before theirs goes.
class RealWindow : public testing::Test {
 protected:
  /// A fixture that does more returns when this has skipped the test (IsSkipped()).
  void SetUp() override {
    if (!display_.usable()) GTEST_SKIP() << "Xvfb is not installed: no real window can be tested";
    if (std::system("xdotool version >/dev/null 2>&1") != 0) GTEST_SKIP() << "xdotool is not installed";
  }
  void TearDown() override { window_.reset(); }

  /// False after a minute, which only a window that hangs needs.
  bool until(const std::function<bool()>& done) {
    using Clock = std::chrono::steady_clock;
    for (const auto start = Clock::now(); Clock::now() - start < std::chrono::seconds(60);) {
      window_->turn(0.02);
      if (done()) return true;
    }
    return false;
  }
  void turns(int count, double at_most_secs = 0.02) {
    for (int i = 0; i < count; ++i) window_->turn(at_most_secs);
  }
  static void hand(const std::string& arguments) {
    ASSERT_EQ(std::system(("xdotool " + arguments + " >/dev/null 2>&1").c_str()), 0) << arguments;
  }
  void picture(const std::string& name) {
    const char* folder = std::getenv("MOESCOPE_PICTURES");
    if (!folder) return;
    turns(4);
    write_png(window_->screenshot(), std::string(folder) + "/" + name + ".png");
  }

  OwnDisplay display_;
  std::unique_ptr<Window> window_;
};

}  // namespace moescope::demo
