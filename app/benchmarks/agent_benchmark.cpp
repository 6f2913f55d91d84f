// Rounds of both, so that both speeds come from the same minutes of the same machine.
#include "app/benchmarks/agent_benchmark.h"

#include <chrono>
#include <iostream>
#include <thread>

#include "app/doors/agent_stage.h"
#include "app/options/number_checks.h"
#include "app/terminal/text_table.h"
#include "app/tools/display_probe.h"
#include "app/tools/scratch_store.h"
#include "app/tools/timing.h"
#include "compute/records/rl_presets.h"
#include "window/window.h"

namespace moescope {
namespace {

using Clock = std::chrono::steady_clock;

struct WatchBenchOptions {
  std::string game = "breakout", preset = "soft";
  double secs = 8, speed = 15;
  int rounds = 5;
  int64_t threads = 0;
};

/// A window needs a run; this one never does anything.
class NoRun : public LiveRun {
 public:
  bool take(std::shared_ptr<const Snapshot>&) override { return false; }
  void send(Command) override {}
  RunNews take_news() override { return {}; }
  const panels::GallerySource& gallery() override { return gallery_; }
  panels::StoreStatus store_status() override { return {}; }
  void open_files(std::vector<std::string>) override {}
  std::vector<std::string> drain_notices() override { return {}; }
  void look(LookRequest) override {}
  void stop_looking() override {}
  void report(ReportRequest) override {}
  void cancel_report(int64_t) override {}
  void explore_checkpoint(int64_t) override {}
  void branch(int64_t) override {}
  bool take_look(std::shared_ptr<const Look>&) override { return false; }
  std::vector<std::shared_ptr<const Report>> take_reports() override { return {}; }
  RoutingMap reroute(const RoutingMap& map, const WhatIf&, const RouterConfig&, int64_t) override { return map; }
  void set_waker(std::function<void()>) override {}

 private:
  panels::GallerySource gallery_;
};

class WatchBench {
 public:
  explicit WatchBench(const WatchBenchOptions& options)
      : options_(options), stage_(store_.file(), store_.file().string() + "-episodes", options.threads) {
    RlConfig config = load_rl_preset(options.preset, options.game);
    config.report_every = 50;  // steps are counted so finely
    config.checkpoint_secs = 0;
    stage_.ask(agent::Train{config});
    stage_.ask(agent::SetSpeed{options.speed});
    wait([&] { return stage_.training().steps > config.min_replay + 1000; });
  }

  void run() {
    for (int round = 0; round < options_.rounds; ++round) {
      const double alone =
          steps_per_sec([&] { std::this_thread::sleep_for(std::chrono::duration<double>(options_.secs)); });
      const double watched = steps_per_sec([&] { watch(); });
      alone_.push_back(alone), watched_.push_back(watched), lost_.push_back(100 * (1 - watched / alone));
    }
  }

  std::string text() const {
    TextTable table({"what", ">median"});
    table.add({"agent steps/s without a window", fixed(median(alone_), 0)});
    table.add({"agent steps/s while it is watched", fixed(median(watched_), 0)});
    table.add({"training loses, % (of each pair)", fixed(median(lost_), 1)});
    table.add({"steps of the game a second", fixed(played_, 1)});
    table.add({"UI thread a frame, ms, 95 % are below", fixed(frame_p95_ms_, 2)});
    table.add({"stalls above 100 ms, all rounds", std::to_string(stalls_)});
    return table.aligned();
  }

 private:
  void wait(const std::function<bool()>& done) {
    while (!done()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      if (stage_.training().state == RunState::failed) throw UserError(stage_.training().message);
    }
  }

  double steps_per_sec(const std::function<void()>& meanwhile) {
    const int64_t step = stage_.training().steps;
    const auto begin = Clock::now();
    meanwhile();
    return static_cast<double>(stage_.training().steps - step) / secs_since(begin);
  }

  void watch() {
    NoRun none;
    Window window({}, none, nullptr, nullptr, &stage_);
    window.workspace().open(ui::Key::f4);
    const auto begin = Clock::now();
    int64_t steps = 0;
    uint64_t seen = 0;
    for (int64_t last = 0; secs_since(begin) < options_.secs;) {
      window.turn(0.05);
      const AgentView* view = window.workspace().agents().view();
      if (!view || view->serial == seen) continue;
      seen = view->serial;
      if (view->step > last) steps += view->step - last;
      last = view->step;
    }
    played_ = static_cast<double>(steps) / options_.secs;
    frame_p95_ms_ = window.stats().build_percentile(0.95);
    stalls_ += window.stats().stalls;
    stage_.rest();
  }

  WatchBenchOptions options_;
  ScratchStore store_;
  AgentStage stage_;
  std::vector<double> alone_, watched_, lost_;
  double played_ = 0, frame_p95_ms_ = 0;
  int64_t stalls_ = 0;
};

int bench_rl_watch(const WatchBenchOptions& options) {
  const DisplayProbe display = probe_display();
  if (!display.usable)
    throw UserError("no window here (" + display.words + "); run bench rl-watch where there is a display");
  std::cout << display.words << std::endl;
  WatchBench bench(options);
  bench.run();
  std::cout << bench.text();
  return 0;
}

}  // namespace

void add_bench_rl_watch_command(CLI::App& bench, Action& action) {
  CLI::App* command = bench.add_subcommand("rl-watch", "what watching an agent in the window costs its training");
  const auto options = std::make_shared<WatchBenchOptions>();
  command->add_option("--game", options->game, "what is played")->capture_default_str();
  command->add_option("--preset", options->preset, "which agent")->capture_default_str();
  command->add_option("--seconds", options->secs, "how long each round lasts, with and without")->capture_default_str();
  command->add_option("--rounds", options->rounds, "rounds")->check(above_zero())->capture_default_str();
  command->add_option("--speed", options->speed, "steps of the game a second; 0: as fast as it goes")
      ->capture_default_str();
  command->add_option("--threads", options->threads, "of the training; 0: one a core")->capture_default_str();
  command->callback([&action, options] { action = [options] { return bench_rl_watch(*options); }; });
}

}  // namespace moescope
