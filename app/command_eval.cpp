// Evaluates a stored run once, or once for each value of a swept knob, and prints the accuracy-against-compute table.
#include "app/command_eval.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>

#include "app/config_options.h"
#include "app/store_path.h"
#include "app/stored_model.h"
#include "app/text_table.h"
#include "compute/eval/evaluator.h"
#include "compute/records/config_fields.h"

namespace moescope {

namespace {

struct EvalFlags {
  std::string store, run, sweep, split = "test", format = "table", to;
  std::vector<std::string> settings, experts_off;
};

struct Sweep {
  std::string key;                  // empty: no sweep
  std::vector<std::string> values;  // one empty text then
};

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts{""};
  for (const char c : text) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  return parts;
}

Sweep parse_sweep(const std::string& text) {
  if (text.empty()) return {"", {""}};
  const size_t equals = text.find('=');
  if (equals == std::string::npos)
    throw ConfigError("--sweep " + text + " has no '='; write --sweep key=value,value,...");
  const std::string key = text.substr(0, equals);
  if (find_field(key).adjust != Adjust::live || !key.starts_with("router.")) {
    throw ConfigError("--sweep " + key +
                      ": only the router's live fields change what an evaluation computes; "
                      "router.capacity_factor, router.k, router.bpr and router.temperature are such");
  }
  return {key, split_at_commas(text.substr(equals + 1))};
}

void switch_off(const std::vector<std::string>& experts, ExpertsOff& off) {
  for (const std::string& expert : experts) {
    long long layer = 0, number = 0;
    char rest = 0;
    if (std::sscanf(expert.c_str(), "%lld:%lld%c", &layer, &number, &rest) != 2) {
      throw ConfigError("--disable-expert " + expert + " is not LAYER:EXPERT; write for example 3:0");
    }
    set_expert_off(off, layer, number, true);
  }
}

/// The evaluation's knobs with one value of the sweep.
EvalOptions options_for(const StoredModel& stored, const EvalFlags& flags, const Sweep& sweep,
                        const std::string& value) {
  RunConfig config = stored.config;
  if (!sweep.key.empty()) {
    set_field(config, sweep.key, value);
    if (sweep.key == "router.capacity_factor" && config.router.eval_capacity_factor > 0) {
      throw ConfigError("the run evaluates with router.eval_capacity_factor " +
                        get_field(config, "router.eval_capacity_factor") + "; sweep that field instead");
    }
    validate(config, stored.model->image().height);
  }
  EvalOptions options = EvalOptions::of(config);
  options.split = flags.split == "train" ? Split::train : Split::test;
  options.experts_off = all_experts_on(*stored.model);
  switch_off(flags.experts_off, options.experts_off);
  return options;
}

EvalResult evaluate_aloud(const StoredModel& stored, const EvalOptions& options, const std::string& what) {
  const bool aloud = isatty(STDERR_FILENO) != 0;
  const EvalResult result = evaluate(*stored.model, stored.dataset, options, [&](double progress) {
    if (aloud) std::fprintf(stderr, "\r\033[K%s%.0f %%", what.c_str(), progress * 100);
    return true;
  });
  if (aloud) std::fprintf(stderr, "\r\033[K");
  return result;
}

void warn_of_other_data(const StoredModel& stored) {
  if (stored.trained_on.empty() || stored.trained_on == stored.dataset->info().content_hash) return;
  std::cerr << "note: the data set differs from the one that the run saw (other files, or other limits)\n";
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
  std::vector<std::string> headings;
  if (!sweep.key.empty()) headings.push_back(">" + sweep.key);
  for (const char* heading : {">accuracy", ">loss", ">GFLOPs/image", ">images/s", ">images"})
    headings.emplace_back(heading);
  TextTable table(std::move(headings));
  for (const std::string& value : sweep.values) {
    const std::string what = sweep.key.empty() ? "evaluating " : sweep.key + "=" + value + ": ";
    const EvalResult result = evaluate_aloud(stored, options_for(stored, flags, sweep, value), what);
    std::vector<std::string> row;
    if (!sweep.key.empty()) row.push_back(value);
    for (std::string cell : {fixed(result.accuracy, 4), fixed(result.loss, 4), fixed(result.gflops_per_image, 5),
                             fixed(result.images_per_sec, 0), std::to_string(result.num_images)}) {
      row.push_back(std::move(cell));
    }
    table.add(std::move(row));
  }
  write(table, flags);
  return 0;
}

}  // namespace

void add_eval_command(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand("eval", "accuracy, GFLOPs/image and images/s of a stored run");
  const auto flags = std::make_shared<EvalFlags>();
  command->add_option("RUN", flags->run, "a run's number, its name, or latest")->required();
  add_store_option(*command, flags->store);
  command->add_option("--sweep", flags->sweep, "one evaluation a value: router.capacity_factor=0.25,0.5,1")
      ->type_name("KEY=A,B,...");
  command->add_option("--disable-expert", flags->experts_off, "switch an expert off; may be repeated")
      ->type_name("LAYER:EXPERT")
      ->expected(1)
      ->take_all();
  command
      ->add_option("--set", flags->settings, "a live field, data.path, data.test_limit or compute.*; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  command->add_option("--split", flags->split, "test or train")->check(CLI::IsMember({"test", "train"}));
  command->add_option("--format", flags->format, "table or csv")->check(CLI::IsMember({"table", "csv"}));
  command->add_option("--to", flags->to, "write CSV to this file")->type_name("FILE");
  command->callback([&action, flags] { action = [flags] { return eval(*flags); }; });
}

}  // namespace moescope
