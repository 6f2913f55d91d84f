// Updates alone on a batch shaped like a sample, and whole agent steps with acting, remembering and learning; several
// seeds in turn and together, round by round, so that both come from the same minutes of the same machine.
#include "app/benchmarks/rl_benchmark.h"

#include <chrono>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

#include "app/options/number_checks.h"
#include "app/tools/timing.h"
#include "compute/backends/cpu_features.h"
#include "compute/backends/thread_pool.h"
#include "compute/core/clock.h"
#include "compute/core/version.h"
#include "compute/records/rl_presets.h"
#include "compute/rl/agent.h"

namespace moescope {
namespace {

struct RlBenchOptions {
  std::string layer = "dense", game = "breakout";
  int64_t experts = 8, threads = 1, batch = 32, seeds = 0;
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

RlConfig config_of(const RlBenchOptions& options) {
  RlConfig config = load_rl_preset("dqn", options.game);
  for (const std::string& setting : {"layer=" + options.layer, "experts=" + std::to_string(options.experts),
                                     "batch_size=" + std::to_string(options.batch), std::string("learning_rate=1e-4"),
                                     std::string("update_period=1"), std::string("n_step=1")})
    apply_rl_setting(config, setting);
  for (const std::string& setting : options.settings) apply_rl_setting(config, setting);
  return config;
}

/// Agents of seeds 0, 1, ... that are past their first update.
std::vector<std::unique_ptr<rl::Agent>> agents_of(RlConfig config, int64_t seeds) {
  std::vector<std::unique_ptr<rl::Agent>> agents;
  for (config.seed = 0; config.seed < seeds; ++config.seed) {
    agents.push_back(std::make_unique<rl::Agent>(config));
    while (agents.back()->steps() <= config.min_replay) agents.back()->step();
  }
  return agents;
}

/// Steps a second of all agents: one after the other, each with all threads, as `rl train` runs them; and side by side,
/// each on one thread, as `rl sweep` does.
int bench_seeds(const RlBenchOptions& options) {
  constexpr int kRounds = 5;
  const auto agents = agents_of(config_of(options), options.seeds);
  const auto share = [&](size_t one, double secs) {
    int64_t steps = 0;
    for (const auto begin = Clock::now(); secs_since(begin) < secs; ++steps) agents[one]->step();
    return static_cast<double>(steps);
  };
  const auto num_threads = static_cast<size_t>(std::min<int64_t>(cpu_features().physical_threads, options.seeds));
  std::vector<double> in_turn, together, ratio;
  for (int round = 0; round < kRounds; ++round) {
    set_cpu_threads(static_cast<int>(num_threads));
    const double each = options.secs / static_cast<double>(agents.size());
    double steps = 0;
    for (size_t i = 0; i < agents.size(); ++i) steps += share(i, each);
    in_turn.push_back(steps / options.secs);
    std::vector<double> of_thread(num_threads);
    std::vector<std::thread> threads;
    for (size_t thread = 0; thread < num_threads; ++thread)
      threads.emplace_back([&, thread] {
        work_alone_on_this_thread(true);
        const size_t begin = agents.size() * thread / num_threads, end = agents.size() * (thread + 1) / num_threads;
        for (size_t i = begin; i < end; ++i)
          of_thread[thread] += share(i, options.secs / static_cast<double>(end - begin));
      });
    for (std::thread& thread : threads) thread.join();
    together.push_back(std::accumulate(of_thread.begin(), of_thread.end(), 0.0) / options.secs);
    ratio.push_back(together.back() / in_turn.back());
  }
  const nlohmann::ordered_json line = {{"layer", options.layer},
                                       {"seeds", options.seeds},
                                       {"threads", num_threads},
                                       {"in_turn_steps_per_s", one_decimal(median(in_turn))},
                                       {"together_steps_per_s", one_decimal(median(together))},
                                       {"ratio", std::round(median(ratio) * 100) / 100}};
  std::cout << line.dump() << std::endl;
  return 0;
}

int bench_rl(const RlBenchOptions& options) {
  if (options.seeds > 0) return bench_seeds(options);
  const RlConfig config = config_of(options);
  set_cpu_threads(static_cast<int>(options.threads));
  const auto agents = agents_of(config, 1);
  rl::Agent& agent = *agents.front();
  rl::ReplayBatch batch;
  agent.replay().sample(0, 0, batch);
  int64_t update = agent.updates();
  const double updates = per_sec(options.secs, [&] { agent.learner().update(batch, update++); });
  const double steps = per_sec(options.secs, [&] { agent.step(); });
  const nlohmann::ordered_json line = {{"peer", "moescope " + program_version()},
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
  command->add_option("--threads", options->threads, "threads")->check(above_zero())->capture_default_str();
  command->add_option("--batch", options->batch, "transitions an update")->capture_default_str();
  command->add_option("--game", options->game, "what is played")->capture_default_str();
  command
      ->add_option("--seeds", options->seeds,
                   "instead, agent steps a second of so many seeds one after the other and side by side")
      ->check(above_zero());
  command->add_option("--seconds", options->secs, "how long to measure each")->capture_default_str();
  command->add_option("--set", options->settings, "any other field, KEY=VALUE; may be repeated")
      ->expected(1)
      ->take_all();
  command->callback([&action, options] { action = [options] { return bench_rl(*options); }; });
}

}  // namespace moescope
