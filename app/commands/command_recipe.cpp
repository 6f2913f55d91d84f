// Parses the flags; recipe_runner.h and recipe_report.h do the work.
#include "app/commands/command_recipe.h"

#include <algorithm>
#include <iostream>
#include <optional>

#include "app/models/weights_file.h"
#include "app/options/child_options.h"
#include "app/options/store_path.h"
#include "app/recipes/recipe_report.h"
#include "app/recipes/recipe_runner.h"
#include "app/runs/planned_cost.h"
#include "compute/records/output_file.h"

namespace moescope {

namespace {

struct RecipeFlags {
  std::string store, name, budget, to = "findings-report";
  std::string weights;
  std::vector<std::string> arms;
  int64_t seeds = 0;
  bool beside = false, progress = false;
};

int list(const RecipeFlags& flags) {
  TextTable table({"recipe", "id", "runs done", "verdict", "claim"});
  const std::filesystem::path path = store_path(flags.store);
  std::optional<SessionStore> store;
  if (std::filesystem::exists(path)) store.emplace(path, SessionStore::Access::read);
  std::vector<std::string> refusals;
  for (const Recipe& recipe : load_recipes()) {
    std::string done = "-", verdict = "-";
    if (store) {
      const RecipeState state = recipe_state(RunReader(*store), recipe, "", 0, "");
      done = state.progress();
      if (state.report) verdict = verdict_name(state.report->verdict);
      if (!state.refusal.empty()) refusals.push_back(recipe.name + ": " + state.refusal);
    }
    table.add({recipe.name, recipe.id, done, verdict, recipe.title});
  }
  std::cout << table.aligned();
  for (const std::string& refusal : refusals) std::cout << refusal << "\n";
  return 0;
}

/// What its trainings still cost here; nothing for studies, and where the data set is missing.
std::string cost_text(const RecipeFlags& flags, const Recipe& recipe, const RecipeBudget& budget) {
  if (!recipe.trains()) return "";
  std::vector<SweepCell> cells;
  for (const RecipeCell& cell : recipe_cells(recipe, budget, budget.seeds)) cells.push_back(cell.cell);
  try {
    return "           " +
           cost_sentence(planned_cost(store_path(flags.store), budget.stop, recipe_session(recipe, budget), cells)) +
           "\n";
  } catch (const DataError&) { return ""; }
}

int describe(const RecipeFlags& flags) {
  const Recipe recipe = find_recipe(flags.name);
  std::cout << recipe.id << " " << recipe.title << "\n"
            << recipe.claim << "\n"
            << "source     " << recipe.source << "\n"
            << "criterion  " << recipe.criterion << "\n"
            << "arms       ";
  for (size_t i = 0; i < recipe.arms.size(); ++i) std::cout << (i > 0 ? ", " : "") << recipe.arms[i].name;
  std::cout << "\n";
  for (const RecipeBudget& budget : recipe.budgets) {
    std::cout << budget.name << "      " << budget.seeds << " seeds, "
              << budget.seeds * static_cast<int64_t>(recipe.arms.size()) << " runs";
    for (const std::string& setting : budget.settings) std::cout << ", " << setting;
    if (!budget.stop.empty()) std::cout << ", stop " << budget.stop;
    std::cout << (budget.unsettled.empty() ? "" : "; settles nothing: " + budget.unsettled) << "\n"
              << cost_text(flags, recipe, budget);
  }
  return 0;
}

void print_report(const RecipeFlags& flags, const Recipe& recipe, const std::string& budget) {
  const SessionStore store = open_store_for_reading(flags.store);
  const RecipeReport report = report_recipe(RunReader(store), recipe, budget, flags.seeds, recipe.name + ".svg");
  std::cout << as_text({"", report.sections});
}

/// The first seed's model of each arm, ARM.safetensors.
void write_weights(const RecipeFlags& flags, const Recipe& recipe, const RecipeBudget& budget) {
  if (!recipe.trains()) throw UserError("recipe " + recipe.name + " trains no model whose weights could be written");
  for (const RecipeCell& cell : recipe_cells(recipe, budget, 1)) {
    const CellState state = find_cell(store_path(flags.store), recipe_session(recipe, budget), cell.cell);
    const std::filesystem::path file = std::filesystem::path(flags.weights) / (cell.arm.name + ".safetensors");
    export_weights(flags.store, std::to_string(state.run_id), file);
    std::cout << file.string() << ", " << std::filesystem::file_size(file) << " bytes\n";
  }
}

/// For the program that started this one.
void print_runs(const RecipeFlags& flags, const Recipe& recipe, const RecipeBudget& budget, int64_t seeds) {
  std::cout << "runs";
  for (const RecipeCell& cell : recipe_cells(recipe, budget, seeds))
    std::cout << " " << find_cell(store_path(flags.store), recipe_session(recipe, budget), cell.cell).run_id;
  std::cout << "\n";
}

int run(const RecipeFlags& flags) {
  const Recipe whole = find_recipe(flags.name), recipe = with_arms(whole, flags.arms);
  const RecipeBudget& budget = recipe.budget(flags.budget.empty() ? "quick" : flags.budget);
  const int64_t seeds = flags.seeds > 0 ? flags.seeds : budget.seeds;
  make_folder(flags.weights, "give another place with --weights");
  if (flags.beside) end_with_parent();
  const RecipeProgress done = run_recipe(recipe, budget, seeds, flags.store, {flags.beside, flags.progress});
  if (done.asked_to_stop) {
    std::cout << "stopped after " << done.num_done << " of " << done.num_cells
              << " runs; the same command goes on there\n";
    return 0;
  }
  if (!flags.weights.empty()) write_weights(flags, recipe, budget);
  if (flags.progress)
    print_runs(flags, recipe, budget, seeds);
  else
    print_report(flags, whole, budget.name);
  return 0;
}

int report(const RecipeFlags& flags) {
  const Recipe recipe = find_recipe(flags.name);
  const SessionStore store = open_store_for_reading(flags.store);
  const RecipeReport made = report_recipe(RunReader(store), recipe, flags.budget, flags.seeds, recipe.name + ".svg");
  for (const std::filesystem::path& file : write_recipe_report(made, flags.to, true))
    std::cout << file.string() << "\n";
  std::cout << verdict_name(made.verdict) << (made.why.empty() ? "" : ": " + made.why) << "\n";
  return 0;
}

/// Every recipe that the store has runs of, in one page.
int report_all(const RecipeFlags& flags) {
  const SessionStore store = open_store_for_reading(flags.store);
  const RunReader reader(store);
  ReportPage page{"Findings", {}};
  TextTable summary({"recipe", "claim", "verdict", "criterion", "budget", ">runs"});
  std::vector<ReportSection> sections;
  for (const Recipe& recipe : load_recipes()) {
    const RecipeState state =
        recipe_state(reader, recipe, flags.budget, flags.seeds, "findings/" + recipe.name + ".svg");
    if (!state.report) {
      summary.add({recipe.id, recipe.title, state.refusal.empty() ? "not run" : "not readable: " + state.refusal, "-",
                   "-", "-"});
      continue;
    }
    const RecipeReport& one = *state.report;
    write_recipe_report(one, std::filesystem::path(flags.to) / "findings", false);
    const auto& checks = one.finding.checks;
    const auto num_hold = std::count_if(checks.begin(), checks.end(),
                                        [](const Check& check) { return check.verdict == Verdict::reproduced; });
    summary.add({recipe.id, recipe.title, verdict_name(one.verdict),
                 std::to_string(num_hold) + " of " + std::to_string(checks.size()) + " parts hold", one.budget,
                 std::to_string(one.num_measured)});
    sections.insert(sections.end(), one.sections.begin(), one.sections.end());
  }
  page.sections.push_back(
      {"",
       "Made by the command “moescope recipe report --all” from stored runs alone. Reproduced: every part of a "
       "criterion holds. Not reproduced: a part fails, with its whole interval on the wrong side of the bound. Not "
       "settled: an interval holds the bound, runs are missing, or the budget is too small to judge.",
       summary, "", ""});
  page.sections.insert(page.sections.end(), sections.begin(), sections.end());
  const std::string file = (std::filesystem::path(flags.to) / "findings.md").string();
  make_folder(flags.to);
  write_report(page, file);
  std::cout << file << "\n";
  return 0;
}

}  // namespace

void add_recipe_command(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand("recipe", "a paper's claim as something to run, with an honest verdict");
  command->require_subcommand(1);
  const auto flags = std::make_shared<RecipeFlags>();
  const auto add = [&](const char* name, const char* help, int (*call)(const RecipeFlags&)) {
    CLI::App* sub = command->add_subcommand(name, help);
    add_store_option(*sub, flags->store);
    sub->callback([&action, flags, call] { action = [flags, call] { return call(*flags); }; });
    return sub;
  };
  const auto add_name = [&](CLI::App& sub) {
    return sub.add_option("NAME", flags->name, "a recipe's name or id, or a recipe file");
  };
  const auto add_budget = [&](CLI::App& sub) {
    sub.add_option("--budget", flags->budget, "quick or full")->check(CLI::IsMember({"quick", "full"}));
    sub.add_option("--seeds", flags->seeds, "instead of the budget's; fewer than 3 settle nothing")
        ->check(CLI::Range(1, 1000));
  };
  add("list", "all recipes, and how far each has come in the store", list);
  add_name(*add("describe", "claim, criterion, arms and budgets", describe))->required();
  CLI::App* running = add("run", "does what the store lacks; the same command goes on after a stop", run);
  add_name(*running)->required();
  add_budget(*running);
  running->add_option("--arm", flags->arms, "only these of its arms; repeat it")
      ->type_name("NAME")
      ->expected(1)
      ->take_all();
  running->add_option("--weights", flags->weights, "also write each arm's first model as ARM.safetensors there")
      ->type_name("DIR");
  add_child_options(*running, flags->beside, flags->progress);
  CLI::App* reporting = add("report", "NAME.md, .svg and .csv from the stored runs alone", report);
  const auto all = std::make_shared<bool>(false);
  add_name(*reporting);
  add_budget(*reporting);
  reporting->add_flag("--all", *all, "every recipe with runs: findings.md, and a folder with its figures");
  reporting->add_option("--to", flags->to, "folder of the files")->type_name("DIR")->capture_default_str();
  reporting->callback([&action, flags, all] {
    action = [flags, all] {
      if (flags->name.empty() && !*all) throw UserError("recipe report needs a recipe's NAME, or --all");
      return *all ? report_all(*flags) : report(*flags);
    };
  });
}

}  // namespace moescope
