// The two ways of working through the cells of a recipe.
#include "app/recipe_runner.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>
#include <variant>

#include "app/headless.h"
#include "app/stop_signals.h"
#include "app/store_path.h"
#include "app/stored_model.h"
#include "app/text_table.h"
#include "app/timing.h"
#include "compute/backends/thread_pool.h"
#include "compute/core/queue.h"
#include "compute/train/environment.h"
#include "findings/measures.h"
#include "sessions/run_edits.h"
#include "sessions/run_writer.h"

namespace moescope {

namespace {

using Clock = std::chrono::steady_clock;

struct Session {
  const Recipe& recipe;
  std::string name, store, stop;
  std::filesystem::path path;
};

MeasuredCell look_up(const Session& session, const RecipeCell& cell) {
  if (!std::filesystem::exists(session.path)) return {};
  const SessionStore store(session.path, SessionStore::Access::read);
  return find_measured(RunReader(store), session.name, cell);
}

void say(size_t done, size_t all, const std::string& what, double secs_left) {
  std::fprintf(stderr, "%zu of %zu done; %s%s\n", done, all, what.c_str(),
               secs_left > 0 ? (", about " + duration(secs_left) + " left").c_str() : "");
}

void tag(const Session& session, int64_t run_id) {
  const SessionStore store(session.path, SessionStore::Access::edit);
  RunEditor(store).tag(std::vector<int64_t>{run_id}, "recipe/" + session.recipe.name, true);
}

// ---- trainings, one after the other: each uses all cores

void measure(const Session& session, const RecipeCell& cell, int64_t run_id, const StopSignals& signals) {
  StoredModel stored = load_stored_model(session.store, std::to_string(run_id), {});
  Replica replica = replica_of(stored);
  Values values;
  for (const std::string& name : session.recipe.measures) {
    std::fprintf(stderr, "  measuring %s\n", name.c_str());
    find_measure(name)(
        replica, cell.arm.numbers, [&](double) { return !signals.asked(); }, values);
  }
  const SessionStore store(session.path, SessionStore::Access::read);
  const RunSummary run = RunReader(store).load_summary(run_id);
  if (run.test_accuracy) values["accuracy"] = 100 * *run.test_accuracy;
  values["gflops"] = run.gflops_per_image;
  store_values(session.path, run_id, run.step, run.wall_secs, values);
}

/// False when asked to stop.
bool train_and_measure(const Session& session, const RecipeCell& cell) {
  CellState state = find_cell(session.path, session.name, cell.cell);
  if (state.progress != CellState::Progress::done) {
    const HeadlessRun run = run_headless(prepare_cell(session.store, session.stop, session.name, cell.cell, state));
    if (run.asked_to_stop) return false;
    state.run_id = run.run_id;
  }
  tag(session, state.run_id);
  const StopSignals signals;
  try {
    measure(session, cell, state.run_id, signals);
  } catch (const StudyStopped&) { return false; }
  return true;
}

// ---- studies, side by side: each computes on one thread

struct Done {
  const RecipeCell* cell = nullptr;
  std::variant<StudyOutcome, std::exception_ptr> outcome;  // null pointer: stopped
  double secs = 0;
};

void store_outcome(const Session& session, const Backend& backend, const Done& done, const StudyOutcome& outcome) {
  const RunConfig& config = done.cell->cell.config;
  DatasetInfo info;
  info.name = outcome.dataset, info.content_hash = outcome.dataset_hash;
  Environment environment = describe_environment(backend, info, 0);
  for (const auto& [key, value] : Environment{{"sweep", session.name},
                                              {"sweep_cell", done.cell->cell.name},
                                              {"recipe", session.recipe.name},
                                              {"study", session.recipe.study}}) {
    environment.emplace_back(key, value);
  }
  const SessionStore store(session.path, SessionStore::Access::write);
  RunWriter writer(store);
  // One transaction: a run is there whole, or it is to be done again.
  const std::vector<Event> events = {
      RunStarted{config, environment, outcome.num_parameters, outcome.gflops_per_image}, MetricsTaken{outcome.curve},
      MetricsTaken{as_metrics(outcome.values, outcome.steps, done.secs)},
      StateChanged{outcome.steps, done.secs, RunState::finished, "study " + session.recipe.study}};
  writer.write(events);
  RunEditor(store).tag(std::vector<int64_t>{writer.run_id()}, "recipe/" + session.recipe.name, true);
}

/// Takes cells until there are none left or a stop was asked for.
void work(const Session& session, const std::vector<RecipeCell>& cells, std::atomic<size_t>& next,
          const StopSignals& signals, Queue<Done>& results) {
  work_alone_on_this_thread(true);
  const Study study = find_study(session.recipe.study);
  for (size_t i = next++; i < cells.size() && !signals.asked(); i = next++) {
    Done done{&cells[i], std::exception_ptr(), 0};
    const auto begin = Clock::now();
    try {
      done.outcome = study({cells[i].cell.config, cells[i].arm.numbers}, [&](double) { return !signals.asked(); });
    } catch (const StudyStopped&) { done.outcome = std::exception_ptr(); } catch (...) {
      done.outcome = std::current_exception();
    }
    done.secs = secs_since(begin);
    results.push(std::move(done));
  }
}

/// Stores what comes in; the first failure is thrown when all threads have ended.
void run_studies(const Session& session, const std::vector<RecipeCell>& cells, RecipeProgress& progress) {
  const StopSignals signals;
  const std::unique_ptr<Backend> backend = make_backend(cells.front().cell.config.compute);
  const size_t num_threads = std::min(cells.size(), static_cast<size_t>(cpu_pool().num_threads()));
  Queue<Done> results;
  std::atomic<size_t> next{0}, running{num_threads};
  std::vector<std::thread> threads;
  for (size_t i = 0; i < num_threads; ++i) {
    threads.emplace_back([&] {
      work(session, cells, next, signals, results);
      if (--running == 0) results.close();
    });
  }
  std::exception_ptr failure;
  const auto begin = Clock::now();
  size_t num_new = 0;
  for (bool over = false; !over;) {
    over = results.closed();  // before the last look, so that nothing pushed earlier is missed
    for (Done& done : results.wait_drain(std::chrono::milliseconds(200))) {
      if (const auto* error = std::get_if<std::exception_ptr>(&done.outcome)) {
        if (*error && !failure) failure = *error;
        if (*error) next = cells.size();
        continue;
      }
      try {
        store_outcome(session, *backend, done, std::get<StudyOutcome>(done.outcome));
      } catch (...) {
        if (!failure) failure = std::current_exception();
        next = cells.size();
        continue;
      }
      ++num_new;
      const double each = secs_since(begin) / static_cast<double>(num_new);
      say(++progress.num_done, progress.num_cells, done.cell->cell.name + " took " + duration(done.secs),
          each * static_cast<double>(cells.size() - num_new));
    }
  }
  for (std::thread& thread : threads) thread.join();
  progress.asked_to_stop = signals.asked();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

RecipeProgress run_recipe(const Recipe& recipe, const RecipeBudget& budget, int64_t seeds, const std::string& store) {
  const Session session{recipe, recipe_session(recipe, budget), store, budget.stop, store_path(store)};
  if (session.path.has_parent_path()) std::filesystem::create_directories(session.path.parent_path());
  const std::vector<RecipeCell> all = recipe_cells(recipe, budget, seeds);
  std::vector<RecipeCell> missing;
  for (const RecipeCell& cell : all)
    if (look_up(session, cell).run_id == 0) missing.push_back(cell);
  RecipeProgress progress{all.size(), all.size() - missing.size(), false};
  if (missing.empty()) return progress;
  if (!recipe.trains()) {
    run_studies(session, missing, progress);
    return progress;
  }
  const auto begin = Clock::now();
  for (size_t i = 0; i < missing.size(); ++i) {
    const double each = i > 0 ? secs_since(begin) / static_cast<double>(i) : 0;
    say(progress.num_done, progress.num_cells, missing[i].cell.name, each * static_cast<double>(missing.size() - i));
    if (!train_and_measure(session, missing[i])) {
      progress.asked_to_stop = true;
      return progress;
    }
    ++progress.num_done;
  }
  return progress;
}

}  // namespace moescope
