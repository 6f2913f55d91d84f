// Updates alone on a batch shaped like a sample, and whole agent steps with acting, remembering and learning.
#include "app/benchmarks/rl_benchmark.h"

#include <chrono>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "compute/backends/thread_pool.h"
#include "compute/records/rl_presets.h"
#include "compute/rl/agent.h"

namespace moescope {
namespace {

struct RlBenchOptions {
  std::string layer = "dense", game = "breakout";
  int64_t experts = 8, threads = 1, batch = 32;
  double secs = 4;
  std::vector<std::string> settings;
};

using Clock = std::chrono::steady_clock;

/// Calls work() until `secs` are over; calls a second.
template <class Work>
double per_sec(double secs, Work&& work) {
  for (int i = 0; i < 20; ++i) work();
  int64_t done = 0;
  const auto begin = Clock::now();
  double taken = 0;
  for (; taken < secs; ++done, taken = std::chrono::duration<double>(Clock::now() - begin).count()) work();
  return static_cast<double>(done) / taken;
}

double one_decimal(double value) { return std::round(value * 10) / 10; }

int bench_rl(const RlBenchOptions& options) {
  RlConfig config = load_rl_preset("dqn", options.game);
  set_cpu_threads(static_cast<int>(options.threads));
  for (const std::string& setting : {"layer=" + options.layer, "experts=" + std::to_string(options.experts),
                                     "batch_size=" + std::to_string(options.batch), std::string("learning_rate=1e-4"),
                                     std::string("update_period=1"), std::string("n_step=1")})
    apply_rl_setting(config, setting);
  for (const std::string& setting : options.settings) apply_rl_setting(config, setting);
  rl::Agent agent(config);
  while (agent.steps() <= config.min_replay) agent.step();
  rl::ReplayBatch batch;
  agent.replay().sample(0, 0, batch);
  int64_t update = agent.updates();
  const double updates = per_sec(options.secs, [&] { agent.learner().update(batch, update++); });
  const double steps = per_sec(options.secs, [&] { agent.step(); });
  const nlohmann::ordered_json line = {{"peer", std::string("moescope ") + MOESCOPE_VERSION},
                                       {"layer", options.layer},
                                       {"experts", options.layer == "dense" ? 1 : options.experts},
                                       {"threads", options.threads},
                                       {"updates_per_s", one_decimal(updates)},
                                       {"learning_steps_per_s", one_decimal(steps)},
                                       {"params", agent.learner().online().parameters().count()}};
  std::cout << line.dump() << std::endl;
  return 0;
}

}  // namespace

void add_bench_rl_command(CLI::App& bench, Action& action) {
  CLI::App* command = bench.add_subcommand("rl", "DQN updates a second on a MinAtar game, as one JSON line");
  const auto options = std::make_shared<RlBenchOptions>();
  command->add_option("--layer", options->layer, "dense, soft or top1")
      ->check(CLI::IsMember({"dense", "soft", "top1"}));
  command->add_option("--experts", options->experts, "number of experts")->capture_default_str();
  command->add_option("--threads", options->threads, "threads")->check(CLI::PositiveNumber)->capture_default_str();
  command->add_option("--batch", options->batch, "transitions an update")->capture_default_str();
  command->add_option("--game", options->game, "what is played")->capture_default_str();
  command->add_option("--seconds", options->secs, "how long to measure each")->capture_default_str();
  command->add_option("--set", options->settings, "any other field, KEY=VALUE; may be repeated")
      ->expected(1)
      ->take_all();
  command->callback([&action, options] { action = [options] { return bench_rl(*options); }; });
}

}  // namespace moescope
