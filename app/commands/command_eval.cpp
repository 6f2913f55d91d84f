// Evaluates a stored run once, or once for each value of a swept knob, and prints the accuracy-against-compute table.
#include "app/commands/command_eval.h"

#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "app/models/stored_model.h"
#include "app/options/backend_option.h"
#include "app/options/config_options.h"
#include "app/options/store_path.h"
#include "app/options/what_if_options.h"
#include "app/terminal/text_table.h"
#include "compute/eval/evaluator.h"
#include "compute/explore/explored_dataset.h"
#include "compute/models/device_model.h"
#include "compute/records/config_fields.h"
#include "compute/records/words.h"

namespace moescope {

namespace {

struct EvalFlags {
  std::string store, run, sweep, split = "test", format = "table", to;
  std::vector<std::string> settings;
  WhatIfOptions what_if;
};

constexpr const char* kKeptKey = "experts-kept";  // swept although it is no field: how many experts work

struct Sweep {
  std::string key;                  // empty: no sweep
  std::vector<std::string> values;  // one empty text then
};

Sweep parse_sweep(const std::string& text) {
  if (text.empty()) return {"", {""}};
  const size_t equals = text.find('=');
  if (equals == std::string::npos)
    throw ConfigError("--sweep " + text + " has no '='; write --sweep key=value,value,...");
  const std::string key = text.substr(0, equals);
  if (key == kKeptKey) return {key, values_between_commas(text.substr(equals + 1))};
  if (find_field(key).adjust != Adjust::live || !key.starts_with("router.")) {
    throw ConfigError("--sweep " + key +
                      ": only the router's live fields change what an evaluation computes; "
                      "router.capacity_factor, router.k, router.bpr and router.temperature are such, and experts-kept");
  }
  return {key, values_between_commas(text.substr(equals + 1))};
}

int64_t kept_from(const std::string& text) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count < 1)
    throw ConfigError("--sweep experts-kept: '" + text + "' is not a number of experts; write for example 1,2,4");
  return count;
}

/// The evaluation's knobs with one value of the sweep.
EvalOptions options_for(const StoredModel& stored, const std::shared_ptr<DeviceModel>& device, const EvalFlags& flags,
                        const Sweep& sweep, const std::string& value) {
  RunConfig config = stored.config;
  WhatIfOptions what_if = flags.what_if;
  if (sweep.key == kKeptKey) {
    what_if.kept = kept_from(value);
  } else if (!sweep.key.empty()) {
    set_field(config, sweep.key, value);
    if (sweep.key == "router.capacity_factor" && config.router.eval_capacity_factor > 0) {
      throw ConfigError("the run evaluates with router.eval_capacity_factor " +
                        get_field(config, "router.eval_capacity_factor") + "; sweep that field instead");
    }
    validate(config, stored.model->image().height);
  }
  EvalOptions options = EvalOptions::of(config);
  options.split = flags.split == "train" ? Split::train : Split::test;
  options.what_if = chosen_what_if(what_if);
  options.device = device;
  return options;
}

/// Where the numbers come from, not which they are; on a GPU they may differ in the last bits.
bool says_only_where(const std::string& setting) {
  const std::string key = setting.substr(0, setting.find('='));
  return says_where(key) && key != "data.path" && key != "compute.precision";
}

/// What differs from the run's own configuration, for the store; empty: nothing.
std::string setting_of(const EvalFlags& flags, const Sweep& sweep, const std::string& value, const WhatIf& what_if) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  for (const std::string& setting : flags.settings)
    if (!says_only_where(setting)) add(setting);
  if (!sweep.key.empty() && sweep.key != kKeptKey) add(sweep.key + "=" + value);
  if (!what_if.is_nothing()) add(describe(what_if));
  return text;
}

EvalResult evaluate_aloud(const StoredModel& stored, const EvalOptions& options, const std::string& what) {
  const bool aloud = isatty(STDERR_FILENO) != 0;
  const VisionTransformer& model = *stored.model;
  std::shared_ptr<const Dataset> dataset = stored.dataset;
  if (!options.what_if.edits.empty()) {
    dataset = std::make_shared<ExploredDataset>(dataset, 0, options.what_if.edits, model.config().model.patch,
                                                model.grid_width());
  }
  const EvalResult result = evaluate(*stored.model, dataset, options, [&](double progress) {
    if (aloud) std::fprintf(stderr, "\r\033[K%s%.0f %%", what.c_str(), progress * 100);
    return true;
  });
  if (aloud) std::fprintf(stderr, "\r\033[K");
  return result;
}

void write(const TextTable& table, const EvalFlags& flags) {
  if (flags.to.empty()) {
    std::cout << (flags.format == "csv" ? table.csv() : table.aligned());
    return;
  }
  std::ofstream file(flags.to);
  file << table.csv();
  file.close();
  if (!file) throw UserError(flags.to + " cannot be written; give another place with --to");
  std::cout << flags.to << "\n";
}

int eval(const EvalFlags& flags) {
  const Sweep sweep = parse_sweep(flags.sweep);
  const StoredModel stored = load_stored_model(flags.store, flags.run, flags.settings);
  warn_of_other_data(stored);
  const std::shared_ptr<DeviceModel> device = DeviceModel::make(stored.config.compute, *stored.model);
  std::vector<std::string> headings;
  if (!sweep.key.empty()) headings.push_back(">" + sweep.key);
  for (const char* heading : {">accuracy", ">loss", ">GFLOPs/image", ">images/s", ">images"})
    headings.emplace_back(heading);
  TextTable table(std::move(headings));
  std::vector<Evaluated> evaluations;
  for (const std::string& value : sweep.values) {
    const std::string what = sweep.key.empty() ? "evaluating " : sweep.key + "=" + value + ": ";
    const EvalOptions options = options_for(stored, device, flags, sweep, value);
    const EvalResult result = evaluate_aloud(stored, options, what);
    evaluations.push_back({stored.step, stored.wall_secs, flags.split, result.num_images, result.accuracy, result.loss,
                           setting_of(flags, sweep, value, options.what_if)});
    std::vector<std::string> row;
    if (!sweep.key.empty()) row.push_back(value);
    for (std::string cell : {fixed(result.accuracy, 4), fixed(result.loss, 4), fixed(result.gflops_per_image, 5),
                             fixed(result.images_per_sec, 0), std::to_string(result.num_images)}) {
      row.push_back(std::move(cell));
    }
    table.add(std::move(row));
  }
  write(table, flags);
  store_evaluations(flags.store, stored, evaluations);
  return 0;
}

}  // namespace

void add_eval_command(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand("eval", "accuracy, GFLOPs/image and images/s of a stored run");
  const auto flags = std::make_shared<EvalFlags>();
  command->add_option("RUN", flags->run, "a run's number, its name, or latest")->required();
  add_store_option(*command, flags->store);
  command
      ->add_option("--sweep", flags->sweep,
                   "one evaluation a value: router.capacity_factor=0.25,0.5,1 or experts-kept=1,2,4")
      ->type_name("KEY=A,B,...");
  add_what_if_options(*command, flags->what_if);
  add_stored_settings(*command, flags->settings);
  add_backend_option(*command, flags->settings);
  command->add_option("--split", flags->split, "test or train")->check(CLI::IsMember({"test", "train"}));
  command->add_option("--format", flags->format, "table or csv")->check(CLI::IsMember({"table", "csv"}));
  command->add_option("--to", flags->to, "write CSV to this file")->type_name("FILE");
  command->callback([&action, flags] { action = [flags] { return eval(*flags); }; });
}

}  // namespace moescope
