// `moescope rl stats`: stored agents by arm, with the statistics that a few runs on a few games allow.
#include <algorithm>
#include <iostream>
#include <map>
#include <numeric>

#include "app/commands/command_rl.h"
#include "app/options/store_path.h"
#include "app/terminal/stop_signals.h"
#include "app/terminal/text_table.h"
#include "compute/rl/score_statistics.h"
#include "sessions/run_params.h"
#include "sessions/run_reader.h"

namespace moescope {
namespace {

struct RlStatsOptions {
  std::string store, where, by = "name";
  int64_t at = 0;
  double last = 0.1;
};

struct ScoredRun {
  std::string arm, game;
  MetricSeries returns;
  double score = 0;
};

/// Runs of agents with their returns.
std::vector<ScoredRun> load_runs(const RlStatsOptions& options) {
  const SessionStore store = open_store_for_reading(options.store);
  const RunReader reader(store);
  RunQuery wanted;
  wanted.order = "run_id";
  wanted.descending = false;
  wanted.where = options.where;
  std::vector<ScoredRun> runs;
  for (int64_t run_id : reader.list_ids(wanted)) {
    const ParamTexts params = read_params(reader.database(), run_id);
    const auto game = params.find("rl.game"), arm = params.find(options.by);
    if (game == params.end()) continue;
    if (arm == params.end())
      throw UserError("--by " + options.by + ": run " + std::to_string(run_id) + " has no such setting");
    MetricSeries returns = reader.load_metrics(run_id, "rl/return");
    if (!returns.steps.empty()) runs.push_back({arm->second, game->second, std::move(returns), 0});
  }
  if (runs.empty())
    throw UserError("no stored run of an agent has finished an episode; `moescope rl train breakout` makes one");
  return runs;
}

/// Runs of unequal length are compared where the shortest ended.
int64_t common_step(const std::vector<ScoredRun>& runs, int64_t asked) {
  int64_t step = runs.front().returns.steps.back();
  for (const ScoredRun& run : runs) step = std::min(step, run.returns.steps.back());
  return asked > 0 ? std::min(asked, step) : step;
}

/// The mean of the rows in the last share of the steps up to `at`.
double score_of(const MetricSeries& returns, int64_t at, double last) {
  double sum = 0;
  int64_t count = 0;
  for (size_t i = 0; i < returns.steps.size(); ++i) {
    if (returns.steps[i] > at || static_cast<double>(returns.steps[i]) <= (1 - last) * static_cast<double>(at))
      continue;
    sum += returns.values[i];
    ++count;
  }
  return count > 0 ? sum / static_cast<double>(count) : returns.values.front();
}

std::string interval_text(const rl::ScoreInterval& i) {
  return fixed(i.value, 3) + " [" + fixed(i.low, 3) + ", " + fixed(i.high, 3) + "]";
}

int rl_stats(const RlStatsOptions& options) {
  std::vector<ScoredRun> runs = load_runs(options);
  const int64_t at = common_step(runs, options.at);
  std::map<std::string, std::map<std::string, std::vector<double>>> arms;  // by arm and game
  for (ScoredRun& run : runs) arms[run.arm][run.game].push_back(run.score = score_of(run.returns, at, options.last));
  std::map<std::string, double> best;  // of the arms' means on a game: what 1 means there
  for (const auto& [arm, games] : arms)
    for (const auto& [game, scores] : games) {
      const double mean = std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size());
      best[game] = best.contains(game) ? std::max(best[game], mean) : mean;
    }
  const auto normalized = [&](const std::map<std::string, std::vector<double>>& games) {
    rl::Scores scores;
    for (const auto& [game, values] : games) {
      scores.push_back(values);
      for (double& value : scores.back()) value /= best[game] != 0 ? std::abs(best[game]) : 1;
    }
    return scores;
  };
  const StopSignals signals;
  rl::Bootstrap bootstrap;
  bootstrap.going = [&] { return !signals.asked(); };
  std::cout << runs.size() << " runs at step " << at << ", mean return of the last " << fixed(100 * options.last, 0)
            << " % of the steps; 1 is the best arm's mean on a game\n";
  TextTable table(
      {options.by, "games", ">runs", "IQM [95 %]", ">optimality gap", ">mean return", "P(better than first)"});
  const rl::Scores first = normalized(arms.begin()->second);
  for (const auto& [arm, games] : arms) {
    const rl::Scores scores = normalized(games);
    size_t num_runs = 0;
    double mean = 0;
    std::string names;
    for (const auto& [game, values] : games) {
      names += (names.empty() ? "" : ",") + game;
      num_runs += values.size();
      mean += std::accumulate(values.begin(), values.end(), 0.0);
    }
    const bool comparable = scores.size() == first.size() && arm != arms.begin()->first;
    const auto better = [](const rl::Scores& a, const rl::Scores& b) { return rl::probability_of_improvement(a, b); };
    table.add({arm, names, std::to_string(num_runs),
               interval_text(rl::bootstrap_interval(scores, rl::interquartile_mean, bootstrap)),
               fixed(rl::optimality_gap(scores), 3), fixed(mean / static_cast<double>(num_runs), 2),
               comparable ? interval_text(rl::bootstrap_interval(scores, first, better, bootstrap)) : "-"});
  }
  std::cout << table.aligned();
  return 0;
}

}  // namespace

void add_rl_stats_command(CLI::App& rl, Action& action) {
  CLI::App* command = rl.add_subcommand("stats", "compares arms of stored agents: IQM, intervals, who is better");
  const auto options = std::make_shared<RlStatsOptions>();
  command->add_option("--by", options->by, "the setting that tells the arms apart")->capture_default_str();
  command->add_option("--where", options->where, "only runs that meet a condition, as in `runs list`");
  command->add_option("--at", options->at, "compare at this step; default: where the shortest run ended");
  command->add_option("--last", options->last, "the share of the steps before it that counts")
      ->check(CLI::Range(0.001, 1.0))
      ->capture_default_str();
  add_store_option(*command, options->store);
  command->callback([&action, options] { action = [options] { return rl_stats(*options); }; });
}

}  // namespace moescope
