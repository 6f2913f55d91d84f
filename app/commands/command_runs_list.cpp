// `moescope runs list` and `moescope runs query`.
#include <algorithm>
#include <iostream>

#include "app/commands/command_runs_parts.h"
#include "app/options/number_checks.h"
#include "app/options/store_path.h"
#include "app/runs/runs_report.h"
#include "compute/eval/bootstrap.h"
#include "compute/records/words.h"
#include "sessions/query_box.h"
#include "sessions/run_reader.h"

namespace moescope {

namespace {

struct ListOptions {
  std::string store, format = "table", columns, group, value = "test_accuracy", sql;
  RunQuery query;
  QueryLimits limits;
  bool ascending = false;
};

void print(const TextTable& table, const std::string& format) {
  std::cout << (format == "csv" ? table.csv() : table.aligned());
}

std::vector<std::string> names_in(std::string list) {
  std::erase(list, ' ');
  return values_between_commas(list);
}

/// One line a group: how many runs, their mean with its interval, and the best of them.
TextTable group_table(const std::vector<RunGroup>& groups, const ListOptions& options) {
  TextTable table({options.group, ">runs", ">mean " + options.value, ">95 % from", ">to", ">best run"});
  for (const RunGroup& group : groups) {
    const MeanInterval mean = bootstrap_mean(group.values);
    const bool any = mean.count > 0, interval = mean.count > 1;
    table.add({group.by.empty() ? "-" : group.by, std::to_string(group.num_runs), any ? fixed(mean.mean, 4) : "-",
               interval ? fixed(mean.low, 4) : "-", interval ? fixed(mean.high, 4) : "-",
               any ? std::to_string(group.best_run) : "-"});
  }
  return table;
}

int list(ListOptions options) {
  const SessionStore store = open_store_for_reading(options.store);
  const RunReader reader(store);
  RunQuery& query = options.query;
  query.descending = !options.ascending;
  if (!options.group.empty()) {
    print(group_table(reader.group_runs(query, options.group, options.value), options), options.format);
    return 0;
  }
  print(options.columns.empty() ? runs_table(reader.list_runs(query))
                                : cells_table(reader.run_cells(query, names_in(options.columns))),
        options.format);
  const int64_t all = reader.count_runs(query);
  if (options.format == "table" && all > query.limit) {
    std::cout << query.limit << " of " << all << " runs; --limit " << all << " shows all\n";
  }
  return 0;
}

int ask(const ListOptions& options) {
  const SessionStore store = open_store_for_reading(options.store);
  const CellTable answer = ask_store(store, options.sql, options.limits);
  print(cells_table(answer), options.format);
  if (answer.cut) {
    const bool rows = static_cast<int64_t>(answer.rows.size()) == options.limits.rows;
    std::cerr << "note: only the first " << answer.rows.size() << " rows"
              << (rows ? "; --limit gives more\n" : ", as many as may be held at once; ask for fewer columns\n");
  }
  return 0;
}

void add_format_option(CLI::App& command, ListOptions& options) {
  command.add_option("--format", options.format, "table or csv")->check(CLI::IsMember({"table", "csv"}));
}

void add_list_options(CLI::App& command, ListOptions& options) {
  RunQuery& query = options.query;
  query.limit = 30;
  command.add_option("--where", query.where, "a condition: router.k >= 2 AND test_accuracy > 0.9")
      ->type_name("CONDITION");
  command.add_option("--tag", query.tag, "only runs with this tag");
  command.add_option("--name", query.name_contains, "only runs whose name contains this");
  command.add_option("--sort", query.order, "a column, a setting (router.k) or a metric (layer3/dropped)")
      ->type_name("COLUMN");
  command.add_flag("--ascending", options.ascending, "the smallest first");
  command.add_option("--columns", options.columns, "what to show: run,name,router.k,test_accuracy,tags")
      ->type_name("A,B,...");
  command.add_option("--group", options.group, "one line for all runs that agree in this column")->type_name("COLUMN");
  command.add_option("--value", options.value, "with --group: the column to average")->capture_default_str();
  command.add_option("--limit", query.limit, "at most so many lines")->check(above_zero());
  command.add_flag("--archived", query.archived, "archived runs too");
  command.add_flag("--trash", query.trash, "the runs in the trash");
  add_format_option(command, options);
}

}  // namespace

void add_runs_list_commands(CLI::App& runs, Action& action) {
  const auto options = std::make_shared<ListOptions>();
  CLI::App* command = runs.add_subcommand("list", "one line a run");
  add_store_option(*command, options->store);
  add_list_options(*command, *options);
  command->callback([&action, options] { action = [options] { return list(*options); }; });

  command = runs.add_subcommand("query", "asks the store in SQL; it can only look");
  add_store_option(*command, options->store);
  command->add_option("SQL", options->sql, "SELECT ...; sessions/README.md lists the tables")->required();
  command->add_option("--limit", options->limits.rows, "at most so many rows")->check(above_zero());
  command->add_option("--seconds", options->limits.secs, "at most so long")->check(above_zero());
  add_format_option(*command, *options);
  command->callback([&action, options] { action = [options] { return ask(*options); }; });
}

}  // namespace moescope
