// A real window on a display of its own: pictures, heat maps, keys and mouse, and rest when nothing happens.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>

#include "assets/assets.h"
#include "support/ui_demo_run.h"
#include "support/ui_own_display.h"
#include "widgets/gl/gl.h"
#include "widgets/gl/heat_map.h"
#include "window/window.h"

namespace moescope {
namespace {

using Clock = std::chrono::steady_clock;

double secs_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class RealWindow : public testing::Test {
 protected:
  void SetUp() override {
    if (!display_.usable()) GTEST_SKIP() << "Xvfb is not installed: no real window can be tested";
  }
  std::unique_ptr<Window> open(demo::DemoRun& run, bool dark = true) {
    WindowOptions options;
    options.dark = dark;
    options.scale = 1;
    auto window = std::make_unique<Window>(options, run);
    for (int i = 0; i < 4; ++i) window->turn(0.01);
    return window;
  }
  /// Turns the window until the condition holds; false after a minute, which only a hung window or a machine with many
  /// times more work than cores needs.
  static bool turn_until(Window& window, const std::function<bool()>& done) {
    for (const auto start = Clock::now(); secs_since(start) < 60;) {
      window.turn(0.02);
      if (done()) return true;
    }
    return false;
  }
  static bool xdotool(const std::string& arguments) {
    return std::system(("xdotool " + arguments + " >/dev/null 2>&1").c_str()) == 0;
  }
  static std::array<int, 3> pixel(const ImagePixels& p, int64_t x, int64_t y) {
    const auto i = static_cast<size_t>((y * p.width + x) * 3);
    return {p.values[i], p.values[i + 1], p.values[i + 2]};
  }
  template <class T>
  static size_t count(const demo::DemoRun& run) {
    return static_cast<size_t>(std::count_if(run.commands.begin(), run.commands.end(),
                                             [](const Command& c) { return std::holds_alternative<T>(c); }));
  }

  demo::OwnDisplay display_;
};

TEST_F(RealWindow, ShowsTheRunInBothThemes) {
  for (const bool dark : {true, false}) {
    demo::DemoRun run(RouterKind::tokens_choice);
    run.advance(50);
    const auto window = open(run, dark);
    const ImagePixels picture = window->screenshot();
    ASSERT_EQ(picture.width, 1600);
    ASSERT_EQ(picture.height, 900);
    const std::array<int, 3> gutter = dark ? std::array{0x14, 0x17, 0x1C} : std::array{0xF4, 0xF5, 0xF7};
    EXPECT_EQ(pixel(picture, 5, 400), gutter);
    // E0 .. E2 in their colours in the list of experts: swatches 14 right of the panel's edge.
    int found = 0;
    for (int64_t y = 100; y < 470; ++y) {
      const auto p = pixel(picture, 1128, y);
      found +=
          p == std::array{0x4E, 0x9B, 0xE6} || p == std::array{0xF2, 0xA5, 0x41} || p == std::array{0x5F, 0xBF, 0x77};
    }
    EXPECT_GE(found, 3 * 8);
  }
}

TEST_F(RealWindow, HeatMapsTakeTheColoursOfTheFile) {
  demo::DemoRun run(RouterKind::soft);
  const auto window = open(run);  // its context is current
  const std::string map = asset_path("colormaps/magma.txt").string();
  gl::HeatMapPainter painter({shader_path("heatmap.vert").string(), shader_path("heatmap.frag").string(), map});
  const float values[] = {-3, 0, 1, 2, 9, NAN};
  gl::Texture picture;
  painter.paint({6, 1, values, 0, 2}, picture);
  std::vector<uint8_t> rgba(6 * 4);
  glBindTexture(GL_TEXTURE_2D, picture.name());
  glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, rgba.data());
  EXPECT_EQ(glGetError(), static_cast<GLenum>(GL_NO_ERROR));
  const auto colors = gl::read_color_map(map);
  const int wanted[] = {0, 0, 128, 255, 255};  // below and above the range take the ends
  for (size_t i = 0; i < 5; ++i)
    for (size_t c = 0; c < 3; ++c)
      EXPECT_NEAR(rgba[4 * i + c], colors[static_cast<size_t>(wanted[i]) * 3 + c], 3) << i;  // 127.5: either neighbour
  EXPECT_EQ(rgba[4 * 5 + 3], 0);                                                             // NaN is transparent
}

TEST_F(RealWindow, RestsWhenNothingHappens) {
  demo::DemoRun run(RouterKind::soft);
  run.edit().state = RunState::paused;
  run.post();
  const auto window = open(run);
  turn_until(*window, [&, quiet = 0, last = int64_t{-1}]() mutable {  // thumbnails, tool-tips: all settled
    quiet = window->stats().frames == last ? quiet + 1 : 0;
    last = window->stats().frames;
    return quiet > 10;
  });
  const int64_t before = window->stats().frames;
  for (const auto start = Clock::now(); secs_since(start) < 0.6;) window->turn(0.1);
  EXPECT_EQ(window->stats().frames, before);
  run.advance(1);
  EXPECT_TRUE(turn_until(*window, [&] { return window->stats().frames > before; }));
}

TEST_F(RealWindow, KeysAndMouseReachTheRun) {
  if (!xdotool("version")) GTEST_SKIP() << "xdotool is not installed";
  demo::DemoRun run(RouterKind::soft);
  run.advance(5);
  const auto window = open(run);
  ASSERT_TRUE(xdotool("key t"));
  EXPECT_TRUE(turn_until(*window, [&] { return count<SetRunning>(run) == 1; }));
  EXPECT_EQ(run.edit().state, RunState::paused);
  ASSERT_TRUE(xdotool("mousemove 60 170"));
  for (int i = 0; i < 10; ++i) window->turn(0.02);
  ASSERT_TRUE(xdotool("click 1"));
  EXPECT_TRUE(turn_until(*window, [&] { return count<Watch>(run) == 1; }));
  EXPECT_EQ(window->workspace().explore().selection().image.test_index, 0);
  // The window shows the image that was asked for.
  EXPECT_TRUE(turn_until(*window, [&] { return run.edit().images[0].image.test_index == 0; }));
}

// Each key is down and up again before the next frame looks.
TEST_F(RealWindow, QuickKeysEditText) {
  if (!xdotool("version")) GTEST_SKIP() << "xdotool is not installed";
  demo::DemoRun run(RouterKind::soft);
  const auto window = open(run);
  const auto typed = [&] { return window->workspace().palette().typed(); };
  ASSERT_TRUE(xdotool("key ctrl+k"));
  ASSERT_TRUE(turn_until(*window, [&] { return window->workspace().palette().is_open(); }));
  for (int i = 0; i < 4; ++i) window->turn(0.02);  // the text box takes the keyboard
  ASSERT_TRUE(xdotool("type paws"));
  ASSERT_TRUE(turn_until(*window, [&] { return typed() == "paws"; }));
  ASSERT_TRUE(xdotool("key BackSpace"));
  EXPECT_TRUE(turn_until(*window, [&] { return typed() == "paw"; }));
  ASSERT_TRUE(xdotool("key BackSpace"));
  EXPECT_TRUE(turn_until(*window, [&] { return typed() == "pa"; }));
  ASSERT_TRUE(xdotool("key ctrl+a"));
  for (int i = 0; i < 4; ++i) window->turn(0.02);
  ASSERT_TRUE(xdotool("key x"));
  EXPECT_TRUE(turn_until(*window, [&] { return typed() == "x"; }));
}

TEST_F(RealWindow, ClosingItWhileTheRunTrainsAsksFirst) {
  if (!xdotool("version")) GTEST_SKIP() << "xdotool is not installed";
  demo::DemoRun run(RouterKind::soft);
  run.advance(5);
  const auto window = open(run);
  const int64_t frames = window->stats().frames;
  window->close();
  ASSERT_TRUE(turn_until(*window, [&] { return window->stats().frames > frames; }));
  EXPECT_EQ(window->leave(), panels::Leave::undecided);
  ASSERT_TRUE(xdotool("key Return"));
  ASSERT_TRUE(turn_until(*window, [&] { return window->leave() != panels::Leave::undecided; }));
  EXPECT_EQ(window->leave(), panels::Leave::save);
}

TEST_F(RealWindow, AStandingRunIsLeftWithoutAQuestion) {
  demo::DemoRun run(RouterKind::soft);
  run.edit().state = RunState::paused;
  run.post();
  const auto window = open(run);
  window->close();
  EXPECT_TRUE(turn_until(*window, [&] { return window->leave() == panels::Leave::save; }));
}

TEST_F(RealWindow, CountsWhatFramesCost) {
  demo::DemoRun run(RouterKind::soft);
  const auto window = open(run);
  EXPECT_GT(window->stats().frames, 0);
  EXPECT_GT(window->stats().build_percentile(0.5), 0);
  EXPECT_EQ(window->stats().stalls > 0, !window->stats().last_stall.empty());
}

TEST(WindowErrors, NoDisplayIsOneSentenceWithARemedy) {
  const char* had = std::getenv("DISPLAY");
  const std::string before = had ? had : "";
  unsetenv("DISPLAY");
  demo::DemoRun run(RouterKind::soft);
  try {
    Window window({}, run);
    FAIL() << "a window opened without a display";
  } catch (const WindowError& error) { EXPECT_NE(std::string(error.what()).find("moescope train"), std::string::npos); }
  if (had) setenv("DISPLAY", before.c_str(), 1);
}

}  // namespace
}  // namespace moescope
