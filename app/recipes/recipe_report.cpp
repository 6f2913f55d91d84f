// Nothing here is computed anew but means, intervals and verdicts.
#include "app/recipes/recipe_report.h"

#include <algorithm>
#include <cstdio>

#include "app/figures/figures.h"
#include "app/runs/runs_report.h"
#include "compute/records/output_file.h"
#include "sessions/run_params.h"

namespace moescope {

namespace {

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

/// The runs' numbers, and the minutes that they took, into `data` and into the report: its count, its programs, the
/// table of the CSV.
void read_cells(const RunReader& reader, const std::string& session, const std::vector<RecipeCell>& cells,
                RecipeData& data, RecipeReport& report) {
  report.num_cells = cells.size();
  for (const RecipeCell& cell : cells) {
    MeasuredCell measured = find_measured(reader, session, cell);
    if (measured.run_id == 0) continue;
    ++report.num_measured;
    measured.values["minutes"] = reader.load_summary(measured.run_id).wall_secs / 60;
    for (const auto& [key, fact] : read_environment(reader.database(), measured.run_id))
      if (key == "program" && std::find(report.programs.begin(), report.programs.end(), fact) == report.programs.end())
        report.programs.push_back(fact);
    for (const auto& [name, value] : measured.values) {
      if (name.starts_with("picture/")) continue;  // pixel by pixel: they are in the figure
      report.values.add(
          {cell.arm.name, std::to_string(cell.seed), std::to_string(measured.run_id), name, short_number(value)});
    }
    data.add(cell.arm.name, cell.seed, std::move(measured.values));
  }
}

TextTable check_table(const std::vector<Check>& checks) {
  TextTable table({"criterion", ">found", "verdict"});
  for (const Check& check : checks) {
    const char* words = check.verdict == Verdict::reproduced       ? "holds"
                        : check.verdict == Verdict::not_reproduced ? "FAILS"
                                                                   : "not settled";
    table.add({check.text, check.found, words});
  }
  return table;
}

NamedTable reference_table(const RecipeData& data) {
  NamedTable named{"Beside the paper", {{"arm", "value", "paper", "here", "source"}, {}}};
  for (const RecipeReference& row : data.recipe().reference) {
    named.table.rows.push_back(
        {row.arm, row.value, row.paper, interval_text(data.mean(row.arm, row.value), 2), row.source});
  }
  return named;
}

/// What of the criterion holds, and by which numbers the rest does not: "1 of 3 parts fails (n=2 is above n=1: 0.31
/// [0.28, 0.35])".
std::string parts_text(const std::vector<Check>& checks) {
  constexpr size_t kNamed = 3;
  std::vector<const Check*> fail;
  size_t num_open = 0;
  for (const Check& check : checks) {
    if (check.verdict == Verdict::not_reproduced) fail.push_back(&check);
    num_open += check.verdict == Verdict::not_settled;
  }
  const std::string of = " of " + std::to_string(checks.size()) + " parts of the criterion ";
  std::string text;
  if (!fail.empty()) {
    text += " " + std::to_string(fail.size()) + of + (fail.size() == 1 ? "fails" : "fail");
    for (size_t i = 0; i < std::min(fail.size(), kNamed); ++i)
      text += (i == 0 ? ": " : "; ") + fail[i]->text + ": " + fail[i]->found;
    text += fail.size() > kNamed ? "; and so on." : ".";
  }
  if (num_open > 0)
    text += " " + std::to_string(num_open) + of + (num_open == 1 ? "is" : "are") +
            " not settled: the interval holds the bound, or seeds are missing.";
  return text;
}

std::string verdict_text(const RecipeReport& report) {
  std::string text = std::string("Verdict: ") + verdict_name(report.verdict);
  if (!report.why.empty()) return text + ": " + report.why + ".";
  return text + "." + parts_text(report.finding.checks);
}

/// Nothing where one program made all.
std::string programs_text(const RecipeReport& report) {
  if (report.programs.size() < 2) return "";
  std::string text = " Runs of different programs stand side by side:";
  for (const std::string& program : report.programs) text += (text.back() == ':' ? " " : ", ") + program;
  return text + ".";
}

void describe(const std::string& picture, RecipeReport& report) {
  const Recipe& recipe = report.recipe;
  auto& sections = report.sections;
  sections.push_back({recipe.id + " " + recipe.title, recipe.claim + " (" + recipe.source + ")", {}, ""});
  sections.push_back({"", verdict_text(report), {}, ""});
  sections.push_back({"",
                      "Criterion: " + recipe.criterion + " Budget " + report.budget + ": " +
                          std::to_string(report.num_measured) + " of " + std::to_string(report.num_cells) +
                          " runs measured. Intervals hold 95 % of the bootstrap means over seeds." +
                          programs_text(report),
                      check_table(report.finding.checks), "", ""});
  sections.push_back({"", "", {}, figure_img(report.finding.scene), picture});
  for (const NamedTable& named : report.finding.tables)
    sections.push_back({"", named.title + ":", cells_table(named.table), "", ""});
}

/// Nothing when the store has no run of it.
std::optional<RecipeReport> find_report(const RunReader& reader, const Recipe& recipe, const std::string& budget_name,
                                        int64_t seeds, const std::string& picture) {
  RecipeReport report{.recipe = recipe,
                      .budget = {},
                      .programs = {},
                      .finding = {},
                      .values = TextTable({"arm", ">seed", ">run", "value", ">number"}),
                      .sections = {}};
  std::vector<std::string> wanted{"full", "quick"};
  if (!budget_name.empty()) wanted = {budget_name};
  for (const std::string& name : wanted) {
    const RecipeBudget& budget = recipe.budget(name);
    const auto cells = recipe_cells(recipe, budget, seeds > 0 ? seeds : budget.seeds);
    RecipeData data(report.recipe);
    report.budget = name;
    read_cells(reader, recipe_session(recipe, budget), cells, data, report);
    if (report.num_measured == 0) continue;
    report.finding = analyse(data);
    report.finding.scene.title = recipe.id + " " + recipe.title;
    if (!recipe.reference.empty()) report.finding.tables.insert(report.finding.tables.begin(), reference_table(data));
    report.verdict = overall(report.finding.checks);
    if (report.num_measured < report.num_cells) {
      report.why =
          "only " + std::to_string(report.num_measured) + " of " + std::to_string(report.num_cells) + " runs are there";
    } else if (!budget.unsettled.empty()) {
      report.why = budget.unsettled;
    }
    if (!report.why.empty()) report.verdict = Verdict::not_settled;
    describe(picture, report);
    return report;
  }
  return std::nullopt;
}

}  // namespace

RecipeReport report_recipe(const RunReader& reader, const Recipe& recipe, const std::string& budget, int64_t seeds,
                           const std::string& picture) {
  if (auto report = find_report(reader, recipe, budget, seeds, picture)) return std::move(*report);
  throw UserError("the store has no run of recipe " + recipe.name + "; begin with `moescope recipe run " + recipe.name +
                  "`");
}

std::string RecipeState::progress() const {
  if (!refusal.empty()) return "made otherwise";
  if (!report) return "-";
  return std::to_string(report->num_measured) + " of " + std::to_string(report->num_cells) + " (" + report->budget +
         ")";
}

RecipeState recipe_state(const RunReader& reader, const Recipe& recipe, const std::string& budget, int64_t seeds,
                         const std::string& picture) {
  try {
    return {find_report(reader, recipe, budget, seeds, picture), ""};
  } catch (const UserError& error) { return {std::nullopt, error.what()}; }
}

std::vector<std::filesystem::path> write_recipe_report(const RecipeReport& report, const std::filesystem::path& folder,
                                                       bool alone) {
  make_folder(folder);
  const std::filesystem::path base = folder / report.recipe.name;
  std::vector<std::filesystem::path> written{base.string() + ".svg", base.string() + ".csv"};
  write_figure(report.finding.scene, written[0]);
  write_file(written[1], report.values.csv());
  if (!alone) return written;
  written.push_back(base.string() + ".md");
  std::vector<ReportSection> sections = report.sections;
  sections.front().heading.clear();  // it is the page's title
  write_report({report.recipe.id + " " + report.recipe.title, std::move(sections)}, written.back());
  return written;
}

}  // namespace moescope
