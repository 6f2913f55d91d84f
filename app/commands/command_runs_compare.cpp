// `moescope runs compare`.
#include <iostream>

#include "app/commands/command_runs_parts.h"
#include "app/figures/figures.h"
#include "app/options/store_path.h"
#include "app/runs/comparison.h"
#include "app/runs/runs_report.h"

namespace moescope {

namespace {

struct CompareOptions {
  std::string store, format = "table", to;
  std::vector<std::string> runs, curves;
};

int compare(const CompareOptions& options) {
  const SessionStore store = open_store_for_reading(options.store);
  const RunReader reader(store);
  std::vector<ComparedRun> runs;
  for (const std::string& run : options.runs) runs.push_back(find_compared(reader, run));
  if (options.format == "csv") {
    std::cout << comparison_table(what_differs(reader, runs)).csv();
    return 0;
  }
  const std::vector<std::string> usual = {"train/loss", "eval/test/accuracy"};
  const std::vector<std::string>& keys = options.curves.empty() ? usual : options.curves;
  ReportPage page = compare_runs(reader, runs, keys);
  if (options.to.empty()) {
    std::cout << as_text(page);
  } else {
    if (options.to.ends_with(".html")) add_pictures(reader, runs, keys, page);
    write_report(page, options.to);
    std::cout << options.to << "\n";
  }
  return 0;
}

}  // namespace

void add_runs_compare_command(CLI::App& runs, Action& action) {
  CLI::App* command =
      runs.add_subcommand("compare", "runs side by side: what differs, curves, accuracy against compute, routing");
  const auto options = std::make_shared<CompareOptions>();
  add_store_option(*command, options->store);
  command->add_option("RUN", options->runs, "a run's number, its name, or latest; RUN@STEP: as it was then")
      ->required()
      ->expected(2, 100);
  command->add_option("--curve", options->curves, "a metric to tabulate; may be repeated. Default: loss and accuracy")
      ->type_name("KEY")
      ->expected(1)
      ->take_all();
  command->add_option("--format", options->format, "table, or csv (results and settings alone)")
      ->check(CLI::IsMember({"table", "csv"}));
  command->add_option("--to", options->to, "write the report to this file: .md, .html or .txt")->type_name("FILE");
  command->callback([&action, options] { action = [options] { return compare(*options); }; });
}

}  // namespace moescope
