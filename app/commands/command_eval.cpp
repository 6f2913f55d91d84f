// Evaluates a stored run once, or once for each value of a swept knob, and prints the accuracy-against-compute table.
#include "app/commands/command_eval.h"

#include <unistd.h>

#include <charconv>
#include <cstdio>
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
#include "compute/records/idle_fields.h"
#include "compute/records/output_file.h"
#include "compute/records/words.h"

namespace moescope {

namespace {

struct EvalFlags {
  std::string store, run, sweep, split = "test", format = "table", to;
  std::vector<std::string> settings;
  WhatIfOptions what_if;
};

// Swept although they are no fields: how many experts work, and how many of their slots.
constexpr const char *kKeptKey = "experts-kept", *kSlotsKey = "slots";

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
  if (key == kKeptKey || key == kSlotsKey) return {key, values_between_commas(text.substr(equals + 1))};
  if (find_field(key).adjust != Adjust::live || !key.starts_with("router.")) {
    throw ConfigError("--sweep " + key +
                      ": only the router's live fields change what an evaluation computes; "
                      "router.capacity_factor, router.k, router.bpr and router.temperature are such, and experts-kept "
                      "and slots");
  }
  return {key, values_between_commas(text.substr(equals + 1))};
}

int64_t count_from(const std::string& key, const std::string& text) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count < 1)
    throw ConfigError("--sweep " + key + ": '" + text + "' is not a number from 1; write for example 1,2,4");
  return count;
}

/// A row of equal numbers would look like a finding.
void refuse_idle(const RunConfig& config, const std::string& flag, const std::string& key) {
  const std::string why = why_idle_in_evaluation(config, key);
  if (why.empty()) return;
  const bool soft = config.router.kind == RouterKind::soft;
  throw ConfigError(flag + " " + key + " changes nothing in an evaluation of this run: " + why +
                    (soft ? "; experts-kept and slots change what a Soft MoE spends" : ""));
}

/// The evaluation's knobs with one value of the sweep.
EvalOptions options_for(const StoredModel& stored, const std::shared_ptr<DeviceModel>& device, const EvalFlags& flags,
                        const Sweep& sweep, const std::string& value) {
  RunConfig config = stored.config;
  WhatIfOptions what_if = flags.what_if;
  if (sweep.key == kKeptKey) {
    what_if.kept = count_from(sweep.key, value);
  } else if (sweep.key == kSlotsKey) {
    what_if.slots = count_from(sweep.key, value);
  } else if (!sweep.key.empty()) {
    set_field(config, sweep.key, value);
    validate(config, stored.model->image().height);
  }
  EvalOptions options = EvalOptions::of(config);
  options.split = flags.split == "train" ? Split::train : Split::test;
  options.what_if = chosen_what_if(what_if);
  check(options.what_if, config, stored.model->grid_height() * stored.model->grid_width());
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
  if (sweep.key.starts_with("router.")) add(sweep.key + "=" + value);
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
  write_file(flags.to, table.csv());
  std::cout << flags.to << "\n";
}

/// Throws for knobs that the model does not have.
void refuse_idle_knobs(const StoredModel& stored, const EvalFlags& flags, const Sweep& sweep) {
  for (const std::string& setting : flags.settings)
    refuse_idle(stored.config, "--set", setting.substr(0, setting.find('=')));
  if (sweep.key.starts_with("router.")) refuse_idle(stored.config, "--sweep", sweep.key);
}

int eval(const EvalFlags& flags) {
  const Sweep sweep = parse_sweep(flags.sweep);
  if (!flags.to.empty()) require_place(flags.to, FileKind::text);
  const StoredModel stored = load_stored_model(flags.store, flags.run, flags.settings);
  refuse_idle_knobs(stored, flags, sweep);
  tell_about_data(stored);
  const std::shared_ptr<DeviceModel> device = DeviceModel::make(stored.config.compute, *stored.model);
  std::vector<std::string> headings;
  if (!sweep.key.empty()) headings.push_back(">" + sweep.key);
  for (const char* heading : {">accuracy", ">loss", ">GFLOPs/image", ">images/s", ">images"})
    headings.emplace_back(heading);
  TextTable table(std::move(headings));
  std::vector<Evaluated> evaluations;
  std::vector<EvalOptions> asked;  // a value that cannot be is told before any is computed
  for (const std::string& value : sweep.values) asked.push_back(options_for(stored, device, flags, sweep, value));
  for (size_t i = 0; i < asked.size(); ++i) {
    const std::string& value = sweep.values[i];
    const EvalOptions& options = asked[i];
    const std::string what = sweep.key.empty() ? "evaluating " : sweep.key + "=" + value + ": ";
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
                   "one evaluation a value: router.capacity_factor=0.25,0.5,1, experts-kept=1,2,4 or slots=1,2,3")
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
