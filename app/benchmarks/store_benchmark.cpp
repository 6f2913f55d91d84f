// Fills a store through its own writer, opens it again cold for this program, and takes the median of each question.
#include "app/benchmarks/store_benchmark.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <iostream>

#include "app/options/number_checks.h"
#include "app/terminal/text_table.h"
#include "app/tools/scratch_store.h"
#include "app/tools/timing.h"
#include "compute/core/rng.h"
#include "compute/records/config_fields.h"
#include "sessions/query_box.h"
#include "sessions/run_edits.h"
#include "sessions/run_reader.h"
#include "sessions/run_writer.h"

namespace moescope {

namespace {

struct StoreBenchOptions {
  int64_t runs = 100'000, points = 10'000'000;
  std::string at, keep;
};

double ms_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return 1e3 * secs_since(begin);
}

double median_ms(const std::function<void()>& work) { return 1e3 * median_secs(work, 0, {.warm_up = 0, .least = 5}); }

/// Runs with every setting, as training writes them, and different results.
void write_runs(RunWriter& writer, int64_t count) {
  Rng draw(0, RngPurpose::test);
  std::vector<Event> batch;
  for (int64_t i = 0; i < count; ++i) {
    RunStarted start;
    start.config.name = "run " + std::to_string(i);
    start.config.router.num_experts = 1 << (i % 7);
    start.config.train.seed = i % 5;
    start.num_parameters = 1'000'000 + i;
    start.gflops_per_image = 0.01 * (1 + draw.uniform());
    batch.emplace_back(std::move(start));
    batch.emplace_back(Evaluated{100, 10, "test", 10000, draw.uniform(), draw.uniform(), ""});
    batch.emplace_back(StateChanged{100, 10, RunState::finished, "epochs=1 reached"});
    if (batch.size() < 3000 && i + 1 < count) continue;
    writer.write(batch);
    batch.clear();
  }
}

void write_series(RunWriter& writer, int64_t points) {
  RunStarted start;
  start.config.name = "a long run";
  writer.begin_run(start);
  Rng draw(1, RngPurpose::test);
  for (int64_t step = 1; step <= points;) {
    MetricsTaken taken;
    for (; taken.metrics.size() < 10'000 && step <= points; ++step) {
      taken.metrics.push_back({"train/loss", step, 0.01 * static_cast<double>(step), draw.uniform()});
    }
    writer.write(std::vector<Event>{std::move(taken)});
  }
}

void time_table(const std::filesystem::path& file, int64_t runs, TextTable& table) {
  const auto row = [&](const std::string& what, const std::function<void()>& work) {
    table.add({what, fixed(median_ms(work), 1)});
  };
  row("open, first page of 60", [&] {
    const SessionStore store(file, SessionStore::Access::read);
    RunReader(store).list_runs({.limit = 60});
  });
  const SessionStore store(file, SessionStore::Access::read);
  const RunReader reader(store);
  row("page in the middle by test accuracy",
      [&] { reader.list_runs({.order = "test_accuracy", .limit = 60, .offset = runs / 2}); });
  row("page by a setting", [&] { reader.list_runs({.order = "router.num_experts", .limit = 60}); });
  row("page by a condition on a setting", [&] {
    reader.list_runs({.order = "test_accuracy", .limit = 60, .where = "router.num_experts >= 32 AND train.seed = 3"});
  });
  row("page by name", [&] { reader.list_runs({.limit = 60, .name_contains = "99"}); });
  row("count", [&] { reader.count_runs(); });
  row("scatter of all: accuracy, GFLOPs/image", [&] {
    reader.run_cells({.limit = runs + 1}, {"run", "test_accuracy", "gflops_per_image"});
  });
  row("group by a setting", [&] { reader.group_runs({}, "router.num_experts", "test_accuracy"); });
  row("a query in SQL",
      [&] { ask_store(store, "SELECT router, avg(test_accuracy) FROM run_summaries GROUP BY router"); });
  row("one run in full", [&] { reader.load_run(runs / 2); });
  const SessionStore edit(file, SessionStore::Access::edit);
  bool on = false;
  row("a star", [&] { RunEditor(edit).mark(std::vector<int64_t>{runs / 2}, RunMark::starred, on = !on); });
}

void time_series(const std::filesystem::path& file, int64_t run, int64_t points, TextTable& table) {
  constexpr int64_t kColumns = 1900;
  const SessionStore store(file, SessionStore::Access::read);
  const RunReader reader(store);
  table.add({"series: first paint", fixed(median_ms([&] { reader.load_envelope(run, "train/loss", kColumns); }), 1)});
  const int64_t middle = points / 2, last = middle + 20 * kColumns;
  table.add(
      {"series: exact on zoom", fixed(median_ms([&] { reader.load_metrics(run, "train/loss", middle, last); }), 1)});
}

int bench_store(const StoreBenchOptions& options) {
  const ScratchStore scratch(options.at);
  const std::filesystem::path file = options.keep.empty() ? scratch.file() : std::filesystem::path(options.keep);
  if (!options.keep.empty() && std::filesystem::exists(file))
    throw UserError(file.string() + " is there already; give the store of the benchmark another name");
  TextTable table({"what", ">ms"});
  {
    const SessionStore store(file, SessionStore::Access::write);
    RunWriter writer(store);
    table.add({"making " + std::to_string(options.runs) + " runs",
               fixed(ms_of([&] { write_runs(writer, options.runs); }), 0)});
    table.add({"making a series of " + std::to_string(options.points) + " points",
               fixed(ms_of([&] { write_series(writer, options.points); }), 0)});
  }
  time_table(file, options.runs, table);
  time_series(file, options.runs + 1, options.points, table);
  std::cout << table.aligned() << "the file has " << with_unit(static_cast<double>(std::filesystem::file_size(file)))
            << "B\n";
  return 0;
}

}  // namespace

void add_bench_store_command(CLI::App& bench, Action& action) {
  CLI::App* command = bench.add_subcommand("store", "milliseconds until a large store answers");
  const auto options = std::make_shared<StoreBenchOptions>();
  command->add_option("--runs", options->runs, "runs to make")->check(above_zero())->capture_default_str();
  command->add_option("--points", options->points, "length of the long series")
      ->check(above_zero())
      ->capture_default_str();
  command->add_option("--in", options->at, "folder for the store; default: the system's for temporary files");
  command->add_option("--keep", options->keep, "leaves the store there, for looking at it")->type_name("FILE");
  command->callback([&action, options] { action = [options] { return bench_store(*options); }; });
}

}  // namespace moescope
