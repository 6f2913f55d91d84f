// The two ways of working through the cells of a recipe.
#include "app/recipes/recipe_runner.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>
#include <variant>

#include "app/models/stored_model.h"
#include "app/options/store_path.h"
#include "app/runs/headless.h"
#include "app/terminal/stop_signals.h"
#include "app/terminal/text_table.h"
#include "app/tools/timing.h"
#include "compute/backends/thread_pool.h"
#include "compute/core/clock.h"
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
  RecipeCaller caller;

  SessionStore::Access writing() const {
    return caller.beside ? SessionStore::Access::beside : SessionStore::Access::write;
  }
};

MeasuredCell look_up(const Session& session, const RecipeCell& cell) {
  if (!std::filesystem::exists(session.path)) return {};
  const SessionStore store(session.path, SessionStore::Access::read);
  return find_measured(RunReader(store), session.name, cell);
}

/// That so many are done, and what comes next or came last.
void say(const Session& session, size_t done, size_t all, const std::string& what, double secs_left) {
  if (session.caller.tell_often) {
    if (done < all) std::fprintf(stderr, "cell %zu of %zu: %s\n", done + 1, all, what.c_str());
    return;
  }
  std::fprintf(stderr, "%zu of %zu done; %s%s\n", done, all, what.c_str(),
               secs_left > 0 ? (", about " + duration(secs_left) + " left").c_str() : "");
}

void tag(const Session& session, int64_t run_id) {
  const SessionStore store(session.path, SessionStore::Access::edit);
  RunEditor(store).tag(std::vector<int64_t>{run_id}, recipe_tag(session.recipe), true);
}

// ---- trainings, one after the other: each uses all cores

void measure(const Session& session, const RecipeCell& cell, int64_t run_id, const StopSignals& signals) {
  StoredModel stored = load_stored_model(session.store, std::to_string(run_id), {});
  Replica replica = replica_of(stored);
  Values values = [&] {
    const SessionStore store(session.path, SessionStore::Access::read);
    return stored_values(RunReader(store), run_id).value_or(Values());
  }();
  for (const std::string& name : session.recipe.measures) {
    if (was_measured(name, values)) continue;
    if (!session.caller.tell_often) std::fprintf(stderr, "  measuring %s\n", name.c_str());
    find_measure(name)(
        replica, cell.arm.numbers, [&](double) { return !signals.asked(); }, values);
  }
  const SessionStore store(session.path, SessionStore::Access::read);
  const RunSummary run = RunReader(store).load_summary(run_id);
  if (run.test_accuracy) values["accuracy"] = 100 * *run.test_accuracy;
  values["gflops"] = run.gflops_per_image;
  values["parameters"] = 1e-6 * static_cast<double>(run.num_parameters);
  store_values(SessionStore(session.path, session.writing()), run_id, run.step, run.wall_secs, values);
}

/// False when asked to stop.
bool train_and_measure(const Session& session, const RecipeCell& cell) {
  CellState state = find_cell(session.path, session.name, cell.cell);
  if (state.progress != CellState::Progress::done) {
    PreparedRun prepared = prepare_cell(session.store, session.stop, session.name, cell.cell, state);
    prepared.beside = session.caller.beside;
    prepared.tell_often = session.caller.tell_often;
    const HeadlessRun run = run_headless(std::move(prepared));
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

/// Cells of one course that are computed side by side, or one alone.
using CellGroup = std::vector<const RecipeCell*>;

struct Done {
  CellGroup cells;
  std::variant<std::vector<StudyOutcome>, std::exception_ptr> outcomes;  // null pointer: stopped
  double secs = 0;                                                       // of all together
};

/// Consecutive cells of one course in groups of nearly the same size, where the study can have several cells in one.
std::vector<CellGroup> grouped(const std::string& study, const std::vector<RecipeCell>& cells) {
  const size_t most = find_side_by_side(study).most;
  std::vector<CellGroup> groups;
  for (size_t begin = 0, end = 0; begin < cells.size(); begin = end) {
    while (end < cells.size() && same_course(cells[begin].cell.config, cells[end].cell.config)) ++end;
    const size_t pieces = (end - begin + most - 1) / most;
    for (size_t piece = 0; piece < pieces; ++piece) {
      CellGroup& group = groups.emplace_back();
      for (size_t i = begin + piece * (end - begin) / pieces; i < begin + (piece + 1) * (end - begin) / pieces; ++i)
        group.push_back(&cells[i]);
    }
  }
  return groups;
}

void store_outcome(const Session& session, const Backend& backend, const RecipeCell& cell, double secs,
                   const StudyOutcome& outcome) {
  const RunConfig& config = cell.cell.config;
  DatasetInfo info;
  info.name = outcome.dataset, info.content_hash = outcome.dataset_hash;
  Environment environment = describe_environment(backend.description(), info, 0);
  for (const auto& [key, value] : Environment{{"sweep", session.name},
                                              {"sweep_cell", cell.cell.name},
                                              {"recipe", session.recipe.runs_of},
                                              {"study", session.recipe.study},
                                              {"numbers", numbers_text(cell.arm.numbers)}}) {
    environment.emplace_back(key, value);
  }
  const SessionStore store(session.path, session.writing());
  RunWriter writer(store);
  // One transaction: a run is there whole, or it is to be done again.
  const std::vector<Event> events = {
      RunStarted{config, environment, outcome.num_parameters, outcome.gflops_per_image}, MetricsTaken{outcome.curve},
      MetricsTaken{as_metrics(outcome.values, outcome.steps, secs)},
      StateChanged{outcome.steps, secs, RunState::finished, "study " + session.recipe.study}};
  writer.write(events);
  RunEditor(store).tag(std::vector<int64_t>{writer.run_id()}, recipe_tag(session.recipe), true);
}

std::vector<StudyOutcome> compute(const std::string& name, const CellGroup& group, const StudyProgress& progress) {
  std::vector<StudyCase> cases;
  for (const RecipeCell* cell : group) cases.push_back({cell->cell.config, cell->arm.numbers});
  if (const SideBySide together = find_side_by_side(name); together.run) return together.run(cases, progress);
  return {find_study(name)(cases.front(), progress)};
}

/// Takes groups until there are none left or a stop was asked for.
void work(const Session& session, const std::vector<CellGroup>& groups, std::atomic<size_t>& next,
          const StopSignals& signals, Queue<Done>& results) {
  work_alone_on_this_thread(true);
  for (size_t i = next++; i < groups.size() && !signals.asked(); i = next++) {
    Done done{groups[i], std::exception_ptr(), 0};
    const auto begin = Clock::now();
    try {
      done.outcomes = compute(session.recipe.study, groups[i], [&](double) { return !signals.asked(); });
    } catch (const StudyStopped&) { done.outcomes = std::exception_ptr(); } catch (...) {
      done.outcomes = std::current_exception();
    }
    done.secs = secs_since(begin);
    results.push(std::move(done));
  }
}

/// Stores what comes in; the first failure is thrown when all threads have ended.
void run_studies(const Session& session, const std::vector<RecipeCell>& cells, RecipeProgress& progress) {
  const StopSignals signals;
  say(session, progress.num_done, progress.num_cells, cells.front().cell.name, 0);
  const std::unique_ptr<Backend> backend = make_backend(cells.front().cell.config.compute);
  const std::vector<CellGroup> groups = grouped(session.recipe.study, cells);
  const size_t num_threads = std::min(groups.size(), static_cast<size_t>(cpu_pool().num_threads()));
  Queue<Done> results;
  std::atomic<size_t> next{0}, running{num_threads};
  std::vector<std::thread> threads;
  for (size_t i = 0; i < num_threads; ++i) {
    threads.emplace_back([&] {
      work(session, groups, next, signals, results);
      if (--running == 0) results.close();
    });
  }
  std::exception_ptr failure;
  const auto begin = Clock::now();
  size_t num_new = 0;
  const auto fail = [&](const std::exception_ptr& error) {
    if (!failure) failure = error;
    next = groups.size();
  };
  for (bool over = false; !over;) {
    over = results.closed();  // before the last look, so that nothing pushed earlier is missed
    for (Done& done : results.wait_drain(std::chrono::milliseconds(200))) {
      if (const auto* error = std::get_if<std::exception_ptr>(&done.outcomes)) {
        if (*error) fail(*error);
        continue;
      }
      const auto& outcomes = std::get<std::vector<StudyOutcome>>(done.outcomes);
      const double secs_each = done.secs / static_cast<double>(outcomes.size());
      try {
        for (size_t i = 0; i < outcomes.size(); ++i)
          store_outcome(session, *backend, *done.cells[i], secs_each, outcomes[i]);
      } catch (...) {
        fail(std::current_exception());
        continue;
      }
      num_new += outcomes.size();
      progress.num_done += outcomes.size();
      const double each = secs_since(begin) / static_cast<double>(num_new);
      say(session, progress.num_done, progress.num_cells, done.cells.back()->cell.name + " took " + duration(secs_each),
          each * static_cast<double>(cells.size() - num_new));
    }
  }
  for (std::thread& thread : threads) thread.join();
  progress.asked_to_stop = signals.asked();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

RecipeProgress run_recipe(const Recipe& recipe, const RecipeBudget& budget, int64_t seeds, const std::string& store,
                          RecipeCaller caller) {
  const Session session{recipe, recipe_session(recipe, budget), store, budget.stop, store_path(store), caller};
  make_store_folder(session.path);
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
    say(session, progress.num_done, progress.num_cells, missing[i].cell.name,
        each * static_cast<double>(missing.size() - i));
    if (!train_and_measure(session, missing[i])) {
      progress.asked_to_stop = true;
      return progress;
    }
    ++progress.num_done;
  }
  return progress;
}

}  // namespace moescope
