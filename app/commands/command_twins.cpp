// From presets to twins, their progress, and what came of them.
#include "app/commands/command_twins.h"

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <iostream>

#include "app/options/child_options.h"
#include "app/options/config_options.h"
#include "app/options/store_path.h"
#include "app/runs/run_request.h"
#include "app/runs/twins.h"
#include "app/terminal/stop_signals.h"
#include "app/terminal/text_table.h"
#include "compute/records/stop_rule.h"
#include "compute/train/environment.h"

namespace moescope {

namespace {

struct TwinsOptions {
  std::vector<std::string> presets, settings;
  std::string store, stop, name = "twins";
  bool beside = false, progress = false;
};

std::string in_base_16(uint64_t hash) {
  char text[20];
  std::snprintf(text, sizeof text, "%016" PRIx64, hash);
  return text;
}

/// Two twins of one preset would have one name.
void tell_apart(std::vector<RunConfig>& configs) {
  for (size_t i = 0; i < configs.size(); ++i) {
    const auto same = [&](const RunConfig& other) { return other.name == configs[i].name; };
    if (std::count_if(configs.begin(), configs.end(), same) > 1) configs[i].name += "-" + std::to_string(i + 1);
  }
}

class Progress {
 public:
  explicit Progress(bool for_programs) : for_programs_(for_programs) {}
  bool operator()(const std::vector<TwinState>& twins) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= next_ && for_programs_) {
      std::fprintf(stderr, "step %lld/%lld\n", static_cast<long long>(twins.front().step),
                   static_cast<long long>(twins.front().total_steps));
      next_ = now + std::chrono::milliseconds(100);
    } else if (now >= next_) {
      std::string line = "step " + std::to_string(twins.front().step);
      for (const TwinState& twin : twins) line += "  " + twin.name + " loss " + fixed(twin.loss, 4);
      std::fprintf(stderr, "%s  batches %s\n", line.c_str(), in_base_16(twins.front().batches_hash).c_str());
      next_ = now + std::chrono::seconds(10);
    }
    return !signals_.asked();
  }

 private:
  const bool for_programs_;
  const StopSignals signals_;
  std::chrono::steady_clock::time_point next_{};
};

std::string word_of(const TwinState& twin) {
  return twin.state == RunState::diverged ? "diverged" : twin.message.empty() ? "finished" : twin.message;
}

/// What was left out of the data, and settings that change nothing in any of the models.
void tell_notes(const TwinsOptions& options, const TwinsSetup& setup) {
  for (const std::string& setting : options.settings) {
    const auto idle = [&](const RunConfig& config) { return !idle_notes(config, {setting}).empty(); };
    if (std::all_of(setup.configs.begin(), setup.configs.end(), idle))
      std::fprintf(stderr, "note: %s\n", idle_notes(setup.configs.front(), {setting}).front().c_str());
  }
  if (const std::string left_out = warnings_text(setup.dataset->info()); !left_out.empty())
    std::fprintf(stderr, "note: %s\n", left_out.c_str());
}

int twins(const TwinsOptions& options) {
  TwinsSetup setup;
  for (const std::string& preset : options.presets)
    setup.configs.push_back(chosen_config({.preset = preset, .file = "", .settings = options.settings}));
  setup.configs = twin_configs(std::move(setup.configs));
  tell_apart(setup.configs);
  if (!options.stop.empty()) parse_stop_rule(options.stop);
  setup.stop_rule = options.stop;
  setup.store = store_path(options.store);
  setup.group = options.name;
  setup.beside = options.beside;
  if (options.beside) end_with_parent();
  setup.dataset = open_dataset(setup.configs.front().data);
  tell_notes(options, setup);
  Progress progress(options.progress);
  const std::vector<TwinState> ended = train_twins(setup, [&](const auto& states) { return progress(states); });
  TextTable table({">run", "name", ">step", ">training loss", ">test accuracy", "batches", "ended by"});
  std::string runs;
  for (const TwinState& twin : ended) {
    table.add({std::to_string(twin.run_id), twin.name, std::to_string(twin.step), fixed(twin.loss, 4),
               twin.test_accuracy < 0 ? "-" : fixed(twin.test_accuracy, 4), in_base_16(twin.batches_hash),
               word_of(twin)});
    runs += " " + std::to_string(twin.run_id);
  }
  if (options.progress) {
    std::cout << "runs" << runs << "\n";
    return 0;
  }
  std::cout << table.aligned() << "`moescope runs compare" << runs << "` puts them side by side\n";
  return 0;
}

}  // namespace

void add_twins_command(CLI::App& program, Action& action) {
  CLI::App* command =
      program.add_subcommand("twins", "trains two or more models in lock step on the same batches, one run each");
  const auto options = std::make_shared<TwinsOptions>();
  command
      ->add_option("PRESET", options->presets,
                   "two or more of assets/presets; the first one's data, seed and "
                   "augmentation hold for all")
      ->required()
      ->expected(1, 16)  // one alone is refused in words of our own
      ;
  command->add_option("--set", options->settings, "a field of every twin, KEY=VALUE; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  add_store_option(*command, options->store);
  command->add_option("--stop", options->stop, "steps=N,epochs=N,seconds=N,accuracy=X, whichever comes first")
      ->type_name("RULE");
  command->add_option("--name", options->name, "one word; the runs carry it as a tag")->capture_default_str();
  add_child_options(*command, options->beside, options->progress);
  command->callback([&action, options] { action = [options] { return twins(*options); }; });
}

}  // namespace moescope
