// How soon a large store is on view in a real window's F3. Not a test. `moescope bench store --keep FILE` makes the
// store; its last run is the long one. A first open of the page counts from the key to the frame that shows the rows.
//
//   desk_benchmark STORE LONG_RUN [picture.png]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "app/doors/session_browser.h"
#include "support/ui_demo_run.h"
#include "support/ui_own_display.h"
#include "window/png_file.h"
#include "window/window.h"

namespace {

using namespace moescope;
using Clock = std::chrono::steady_clock;

constexpr int kRepeats = 7;

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

/// The frame after which `done` holds is drawn.
double ms_until(Window& window, const std::function<void()>& begin_it, const std::function<bool()>& done) {
  const auto begin = Clock::now();
  begin_it();
  window.draw_now();  // asks
  while (!done()) window.turn(0.05);
  window.draw_now();  // shows
  return ms_since(begin);
}

void print(const char* what, std::vector<double> ms, double budget) {
  std::sort(ms.begin(), ms.end());
  std::printf("%-44s %8.1f ms  (%.1f to %.1f, budget %.0f)\n", what, ms[ms.size() / 2], ms.front(), ms.back(), budget);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::puts("desk_benchmark STORE LONG_RUN [picture.png]"), 2;
  const int64_t long_run = std::atoll(argv[2]);
  const demo::OwnDisplay display;
  std::vector<double> table, scatter, paint, zoom;
  for (int i = 0; i < kRepeats; ++i) {
    demo::DemoRun run(RouterKind::tokens_choice);
    SessionBrowser browser(argv[1], ".");
    WindowOptions options;
    options.scale = 1;
    Window window(options, run, &browser);
    ComparePage& page = window.workspace().compare();
    window.draw_now();
    window.draw_now();  // fonts and shaders are there
    table.push_back(ms_until(
        window, [&] { window.workspace().open(ui::Key::f3); },
        [&] { return page.shown_table() && !page.shown_table()->rows.empty(); }));
    scatter.push_back(ms_until(
        window, [&] { page.open(CompareView::compute); }, [&] { return page.has_figure(CompareView::compute); }));
    if (argc > 3) write_png(window.screenshot(), argv[3]);
    page.open(CompareView::curves);
    paint.push_back(ms_until(
        window,
        [&] {
          page.table().choose_only({{long_run, -1}});
        },
        [&] { return page.has_figure(CompareView::curves); }));
    zoom.push_back(ms_until(
        window, [&] { page.zoom_curves(5e6, 5e6 + 400); }, [&] { return page.has_figure(CompareView::curves); }));
  }
  print("first page of the table", table, 300);
  print("accuracy against compute of all runs", scatter, 1000);
  print("the long curve: first paint", paint, 50);
  print("the long curve: a zoom, each point", zoom, 100);
}
