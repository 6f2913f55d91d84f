// One run trains all the time; a window opens on it and closes again, several rounds, so that both speeds come from the
// same minutes of the same machine.
#include "app/benchmarks/window_benchmark.h"

#include <chrono>
#include <functional>
#include <iostream>
#include <thread>

#include "app/doors/run_controller.h"
#include "app/options/number_checks.h"
#include "app/runs/run_request.h"
#include "app/terminal/text_table.h"
#include "app/tools/display_probe.h"
#include "app/tools/scratch_store.h"
#include "app/tools/timing.h"
#include "window/window.h"

namespace moescope {

namespace {

using Clock = std::chrono::steady_clock;

struct UiBenchOptions {
  ConfigOptions config;
  double secs = 10;
  int rounds = 3;
};

bool shows_routing(const std::shared_ptr<const Snapshot>& s) {
  return s && !s->images.empty() && !s->images.front().routing.empty();
}

/// What one opening of the window took.
struct Opening {
  double first_frame_ms = 0, first_routing_ms = -1;  // -1: none came, as in a dense model
  double frame_p50_ms = 0, frame_p95_ms = 0, frames_per_sec = 0;
  int64_t stalls = 0;
};

class UiBench {
 public:
  explicit UiBench(const UiBenchOptions& options) : options_(options), controller_(prepared(options, store_)) {}

  void run() {
    wait_for_training();
    for (int round = 0; round < options_.rounds; ++round) {
      controller_.send(Watch{});
      alone_.push_back(steps_per_sec([&] { wait(options_.secs); }));
      watched_.push_back(steps_per_sec([&] { openings_.push_back(open_window()); }));
      lost_.push_back(100 * (1 - watched_.back() / alone_.back()));
    }
  }

  std::string text() const {
    const auto of = [&](double Opening::*member) {
      std::vector<double> values;
      for (const Opening& one : openings_) values.push_back(one.*member);
      return median(values);
    };
    int64_t stalls = 0;
    for (const Opening& one : openings_) stalls += one.stalls;
    const auto batch = static_cast<double>(latest_->config.train.batch_size);
    TextTable table({"what", ">median"});
    table.add({"training without a window, images/s", fixed(batch * median(alone_), 1)});
    table.add({"training with it open and untouched, images/s", fixed(batch * median(watched_), 1)});
    table.add({"training loses, % (of each pair)", fixed(median(lost_), 1)});
    table.add({"until the first frame, ms", fixed(of(&Opening::first_frame_ms), 0)});
    table.add({"until the first routing on an image, ms", fixed(of(&Opening::first_routing_ms), 0)});
    table.add({"UI thread a frame, ms, half are below", fixed(of(&Opening::frame_p50_ms), 2)});
    table.add({"UI thread a frame, ms, 95 % are below", fixed(of(&Opening::frame_p95_ms), 2)});
    table.add({"frames a second", fixed(of(&Opening::frames_per_sec), 1)});
    table.add({"stalls above 100 ms, all rounds", std::to_string(stalls)});
    return table.aligned();
  }

 private:
  static PreparedRun prepared(const UiBenchOptions& options, const ScratchStore& store) {
    RunRequest request;
    request.config = options.config;
    request.store = store.file();
    return prepare_run(request);
  }

  void take() { controller_.take(latest_); }

  void wait_for_training() {
    const int64_t begun = 3;  // steps to warm up
    while (!latest_ || latest_->step < begun) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      take();
      if (latest_ && latest_->state == RunState::failed) throw UserError(latest_->message);
    }
  }

  void wait(double secs) {
    for (const auto begin = Clock::now(); secs_since(begin) < secs;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      take();
    }
  }

  double steps_per_sec(const std::function<void()>& meanwhile) {
    take();
    const int64_t step = latest_->step;
    const double wall = latest_->wall_secs;
    meanwhile();
    take();
    return static_cast<double>(latest_->step - step) / (latest_->wall_secs - wall);
  }

  Opening open_window() {
    Opening opening;
    const auto begin = Clock::now();
    Window window({}, controller_);
    window.draw_now();
    opening.first_frame_ms = 1e3 * secs_since(begin);
    bool drew = false;
    while (secs_since(begin) < options_.secs) {
      window.turn(0.05, &drew);
      if (drew && opening.first_routing_ms < 0 && shows_routing(window.snapshot()))
        opening.first_routing_ms = 1e3 * secs_since(begin);
    }
    const FrameStats& stats = window.stats();
    opening.frame_p50_ms = stats.build_percentile(0.5);
    opening.frame_p95_ms = stats.build_percentile(0.95);
    opening.frames_per_sec = static_cast<double>(stats.frames) / secs_since(begin);
    opening.stalls = stats.stalls;
    if (window.snapshot()) latest_ = window.snapshot();
    return opening;
  }

  UiBenchOptions options_;
  ScratchStore store_;
  RunController controller_;
  std::shared_ptr<const Snapshot> latest_;
  std::vector<Opening> openings_;
  std::vector<double> alone_, watched_, lost_;
};

int bench_ui(const UiBenchOptions& options) {
  const DisplayProbe display = probe_display();
  if (!display.usable) throw UserError("no window here (" + display.words + "); run bench ui where there is a display");
  std::cout << display.words << std::endl;
  UiBench bench(options);
  bench.run();
  std::cout << bench.text();
  return 0;
}

}  // namespace

void add_bench_ui_command(CLI::App& bench, Action& action) {
  CLI::App* command = bench.add_subcommand("ui", "what the window costs while a run trains");
  const auto options = std::make_shared<UiBenchOptions>();
  add_config_options(*command, options->config);
  command->add_option("--seconds", options->secs, "how long each round lasts, with and without")->capture_default_str();
  command->add_option("--rounds", options->rounds, "rounds")->check(above_zero())->capture_default_str();
  command->callback([&action, options] { action = [options] { return bench_ui(*options); }; });
}

}  // namespace moescope
