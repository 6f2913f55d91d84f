// Opens the window on synthetic records: for looking at it, for pictures of it, and for measuring the UI thread.
//   window_demo [--kind soft|sparse|dense] [--light] [--scale S] [--size WxH] [--shot FILE] [--frames N] [--state NAME]
//               [--page N] (a page of the study panel, answered)
#include <zlib.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>
#include <thread>

#include "support/ui_demo_run.h"
#include "window/png_file.h"
#include "window/window.h"

using namespace moescope;

namespace {

/// Fashion-MNIST's test images where Debian's package put them, else nothing.
std::vector<uint8_t> fashion_pixels() {
  std::vector<uint8_t> bytes(10000 * 784 + 16);
  gzFile file = gzopen("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz", "rb");
  if (!file) return {};
  const int got = gzread(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  return got == static_cast<int>(bytes.size()) ? bytes : std::vector<uint8_t>{};
}

demo::DemoRun::PixelSource pixel_source(bool scenes) {
  auto bytes = std::make_shared<std::vector<uint8_t>>(fashion_pixels());
  if (bytes->empty()) return {};
  return [bytes, scenes](int64_t index) {
    const int64_t side = scenes ? 56 : 28, items = scenes ? 4 : 1;
    auto image = std::make_shared<ImagePixels>(
        ImagePixels{side, side, 1, std::vector<uint8_t>(static_cast<size_t>(side * side))});
    for (int64_t item = 0; item < items; ++item) {
      const auto source = static_cast<size_t>(16 + (index * items + item) % 10000 * 784);
      for (int64_t y = 0; y < 28; ++y)
        std::memcpy(&image->values[static_cast<size_t>((item / 2 * 28 + y) * side + item % 2 * 28)],
                    &(*bytes)[source + static_cast<size_t>(y) * 28], 28);
    }
    return std::shared_ptr<const ImagePixels>(image);
  };
}

struct Options {
  std::string kind = "soft", shot, state;
  WindowOptions window;
  int frames = 0, step = 840, page = -1;
  double sharpness = 6;
};

Options parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (flag == "--light") {
      o.window.dark = false;
      continue;
    }
    ++i;
    if (flag == "--kind") o.kind = value;
    if (flag == "--scale") o.window.scale = std::stof(value);
    if (flag == "--size") std::sscanf(value, "%dx%d", &o.window.width, &o.window.height);
    if (flag == "--shot") o.shot = value;
    if (flag == "--state") o.state = value;
    if (flag == "--frames") o.frames = std::stoi(value);
    if (flag == "--page") o.page = std::stoi(value);
    if (flag == "--step") o.step = std::stoi(value);
    if (flag == "--sharpness") o.sharpness = std::stod(value);
  }
  return o;
}

void set_state(demo::DemoRun& run, const std::string& state) {
  Snapshot& s = run.edit();
  if (state == "failed")
    s.state = RunState::failed,
    s.message = "data set: /data/train-images.gz ends after 3 of 60 000 images; download it again";
  if (state == "diverged")
    s.state = RunState::diverged, s.message = "the loss is NaN; the first bad gradient is in layer 5's router";
  if (state == "preparing") s.state = RunState::preparing, s.message = "Reading Fashion-MNIST";
  if (state == "paused") s.state = RunState::paused;
  if (state == "finished") s.state = RunState::finished;
  if (state == "store")
    run.edit_store().message = "disk full: training goes on from memory, 412 rows wait to be written to sessions.db";
}

/// A trained-looking state: steps, and knobs that were moved on the way.
void warm_up(demo::DemoRun& run, int steps) {
  for (const auto& [at, key, value] :
       {std::tuple{280, "router.temperature", "0.8"}, {505, "train.learning_rate", "0.0008"}}) {
    if (run.edit().step < at && steps >= at) run.advance(at - run.edit().step);
    if (steps >= at) run.send(SetField{key, value});
  }
  run.advance(steps - run.edit().step);
}

}  // namespace

/// Opens a page of the studies and answers its question.
void show_page(Window& window, demo::DemoRun& run, int number) {
  const auto page = static_cast<panels::Page>(number);
  window.workspace().explore().study().open(page);
  const Question questions[] = {capacity_curve(),
                                AskMistakes{},
                                AskMistakes{},
                                AskAffinity{},
                                AskTopPatches{},
                                AskCoactivation{},
                                AskMistakes{},
                                AskEmbedding{5, Projection::pca, 2000, 30},
                                kept_curve(16, KeepBy::combine),
                                AskParity{}};
  run.report({panels::report_id(page), questions[number], {}, 0});
}

int main(int argc, char** argv) try {
  Options o = parse(argc, argv);
  const RouterKind kind = o.kind == "soft"    ? RouterKind::soft
                          : o.kind == "dense" ? RouterKind::dense
                                              : RouterKind::tokens_choice;
  demo::DemoRun run(kind, pixel_source(kind != RouterKind::soft));
  run.sharpness = o.sharpness;
  o.window.log = [](const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); };
  if (o.state != "preparing") warm_up(run, o.step);
  set_state(run, o.state);
  Window window(o.window, run);
  if (o.state != "starting") run.post();
  if (o.page >= 0 && o.page < panels::kNumPages) show_page(window, run, o.page);
  const std::clock_t cpu_start = std::clock();
  for (int i = 0; i < o.frames; ++i) {
    run.advance(1);
    window.draw_now();
  }
  const double cpu_ms = 1e3 * static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC / std::max(1, o.frames);
  if (o.frames > 0) {
    const FrameStats& s = window.stats();
    std::printf(
        "frames %lld  build CPU median %.2f ms  p95 %.2f ms  worst wall %.2f ms  submit %.2f ms  swap %.2f ms  whole "
        "process CPU %.1f ms a frame  %s\n",
        static_cast<long long>(s.frames), s.build_percentile(0.5), s.build_percentile(0.95), s.worst_build_ms,
        s.submit_ms, s.swap_ms, cpu_ms, window.software_gl() ? "software GL" : "hardware GL");
  }
  if (!o.shot.empty()) {
    for (int i = 0; i < 6; ++i) window.turn(0.02);
    write_png(window.screenshot(), o.shot);
    return 0;
  }
  if (o.frames > 0) return 0;
  auto last = std::chrono::steady_clock::now();
  while (window.turn(0.05)) {
    if (std::chrono::steady_clock::now() - last < std::chrono::milliseconds(200)) continue;
    last = std::chrono::steady_clock::now();
    if (run.edit().state == RunState::running) run.advance(1);
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "window_demo: %s\n", error.what());
  return 2;
}
