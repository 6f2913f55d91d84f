// From the peer's flags to a configuration, and from the result to the peer's JSON line.
#include "app/commands/command_bench.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/benchmarks/agent_benchmark.h"
#include "app/benchmarks/game_benchmark.h"
#include "app/benchmarks/kernel_benchmark.h"
#include "app/benchmarks/model_benchmark.h"
#include "app/benchmarks/rl_benchmark.h"
#include "app/benchmarks/store_benchmark.h"
#include "app/benchmarks/window_benchmark.h"
#include "app/options/config_options.h"
#include "app/options/number_checks.h"
#include "compute/core/version.h"

namespace moescope {

namespace {

struct BenchOptions {
  std::string router = "soft";
  int64_t image = 28, channels = 1, patch = 4, width = 128, depth = 4, heads = 4, mlp = 512, classes = 10, experts = 16,
          slots = 3, moe_blocks = 2, batch = 128, threads = 2;
  double capacity = 1.05, seconds = 8;
  bool bpr = false;
  std::vector<std::string> settings;
};

/// The flags with numbers, under the peer's names.
std::vector<std::pair<const char*, int64_t BenchOptions::*>> numbers() {
  using B = BenchOptions;
  return {{"image", &B::image},    {"channels", &B::channels},     {"patch", &B::patch},
          {"width", &B::width},    {"depth", &B::depth},           {"heads", &B::heads},
          {"mlp", &B::mlp},        {"classes", &B::classes},       {"experts", &B::experts},
          {"slots", &B::slots},    {"moe-blocks", &B::moe_blocks}, {"batch", &B::batch},
          {"threads", &B::threads}};
}

/// Images at once: small enough for the caches where the router allows it.
int64_t micro_batch_for(const BenchOptions& options, bool whole_batch_is_a_group) {
  constexpr int64_t kGood = 64;
  return whole_batch_is_a_group || options.batch % kGood != 0 ? options.batch : kGood;
}

RunConfig config_of(const BenchOptions& options) {
  RunConfig config;
  config.name = "bench";
  config.model.patch = options.patch;
  config.model.width = options.width;
  config.model.depth = options.depth;
  config.model.heads = options.heads;
  config.model.mlp = options.mlp;
  config.model.moe_blocks = options.moe_blocks;
  RouterConfig& router = config.router;
  const bool top = options.router == "top1" || options.router == "top2", ec = options.router == "ec";
  router.kind = top                        ? RouterKind::tokens_choice
                : ec                       ? RouterKind::experts_choice
                : options.router == "soft" ? RouterKind::soft
                                           : RouterKind::dense;
  router.k = options.router == "top2" ? 2 : 1;
  router.num_experts = options.experts;
  router.slots_per_expert = options.slots;
  router.capacity_factor = options.capacity;
  router.bpr = options.bpr;
  router.noise_std = top ? 1 : 0;                       // the peer draws noise for Tokens Choice alone
  router.group_images = top || ec ? options.batch : 0;  // and routes the whole batch together
  config.train.batch_size = options.batch;
  config.train.micro_batch = micro_batch_for(options, top || ec);
  config.train.schedule = ScheduleKind::constant;
  config.train.flip = false;
  config.compute.threads = options.threads;
  for (const std::string& setting : options.settings) apply_setting(config, setting);
  return config;
}

double one_decimal(double value) { return std::round(value * 10) / 10; }

int bench(const BenchOptions& options) {
  const ImageShape image{options.image, options.image, options.channels, options.classes};
  const BenchmarkResult result = benchmark(config_of(options), image, options.seconds);
  nlohmann::ordered_json config;
  for (const auto& [flag, member] : numbers()) {
    std::string name = flag;
    std::replace(name.begin(), name.end(), '-', '_');
    config[name] = options.*member;
  }
  config["capacity"] = options.capacity;
  config["bpr"] = options.bpr;
  if (!options.settings.empty()) config["set"] = options.settings;  // laid over all of these
  const nlohmann::ordered_json line = {{"peer", "moescope " + program_version()},
                                       {"router", options.router},
                                       {"train_images_per_s", one_decimal(result.train_images_per_sec)},
                                       {"infer_images_per_s", one_decimal(result.infer_images_per_sec)},
                                       {"peak_rss_mib", result.peak_rss_mib},
                                       {"params", result.num_parameters},
                                       {"config", config}};
  std::cout << line.dump() << std::endl;
  return 0;
}

}  // namespace

void add_bench_command(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand("bench", "images per second, training and inference, as one JSON line");
  command->require_subcommand(0, 1);
  const auto options = std::make_shared<BenchOptions>();
  command->add_option("--router", options->router, "dense, soft, top1, top2 or ec")
      ->check(CLI::IsMember({"dense", "soft", "top1", "top2", "ec"}));
  for (const auto& [flag, member] : numbers()) {
    command->add_option(std::string("--") + flag, (*options).*member)->check(above_zero())->capture_default_str();
  }
  command->add_option("--capacity", options->capacity, "capacity factor")->check(above_zero())->capture_default_str();
  command->add_flag("--bpr", options->bpr, "Batch Prioritized Routing");
  command->add_option("--seconds", options->seconds, "how long to measure each")
      ->check(above_zero())
      ->capture_default_str();
  command->add_option("--set", options->settings, "any other field, KEY=VALUE; may be repeated")
      ->expected(1)
      ->take_all();
  command->callback([command, &action, options] {
    if (command->get_subcommands().empty()) action = [options] { return bench(*options); };
  });
  add_bench_kernels_command(*command, action);
  add_bench_ui_command(*command, action);
  add_bench_store_command(*command, action);
  add_bench_games_command(*command, action);
  add_bench_rl_command(*command, action);
  add_bench_rl_watch_command(*command, action);
}

}  // namespace moescope
