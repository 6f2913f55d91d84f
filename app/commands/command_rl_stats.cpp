// `moescope rl stats`: stored agents by arm, with the statistics that a few runs on a few games allow.
#include <algorithm>
#include <iostream>
#include <map>
#include <numeric>

#include "app/agents/agent_resume.h"
#include "app/commands/command_rl.h"
#include "app/options/store_path.h"
#include "app/terminal/stop_signals.h"
#include "app/terminal/text_table.h"
#include "compute/records/words.h"
#include "compute/rl/score_statistics.h"

namespace moescope {
namespace {

struct RlStatsOptions {
  std::string store, where, by = "name";
  int64_t at = 0;
  double last = 0.1;
  bool profile = false;
};

struct ScoredRun {
  int64_t run_id = 0;
  std::string arm, game;
  MetricSeries returns;
  int64_t last_step() const { return returns.steps.back(); }
};

/// Runs of agents with their returns. Of runs that compute the same, begun anew after a stop say, the longest alone.
std::vector<ScoredRun> load_runs(const RlStatsOptions& options) {
  const SessionStore store = open_store_for_reading(options.store);
  const RunReader reader(store);
  RunQuery wanted;
  wanted.order = "run_id";
  wanted.descending = false;
  wanted.where = options.where;
  std::map<std::string, ScoredRun> longest;
  for (int64_t run_id : reader.list_ids(wanted)) {
    const ParamTexts params = read_params(reader.database(), run_id);
    const auto game = params.find("rl.game"), arm = params.find(options.by);
    if (game == params.end()) continue;
    if (arm == params.end())
      throw UserError("--by " + options.by + ": run " + std::to_string(run_id) + " has no such setting");
    MetricSeries returns = reader.load_metrics(run_id, "rl/return");
    if (returns.steps.empty()) continue;
    ScoredRun run{run_id, arm->second, game->second, std::move(returns)};
    const auto [same, fresh] = longest.try_emplace(arm->second + "\n" + agent_identity(params), run);
    if (!fresh && same->second.last_step() <= run.last_step()) same->second = std::move(run);
  }
  if (longest.empty())
    throw UserError("no stored run of an agent has finished an episode; `moescope rl train breakout` makes one");
  std::vector<ScoredRun> runs;
  for (auto& [identity, run] : longest) runs.push_back(std::move(run));
  return runs;
}

const ScoredRun& shortest_of(const std::vector<ScoredRun>& runs) {
  return *std::min_element(runs.begin(), runs.end(),
                           [](const auto& a, const auto& b) { return a.last_step() < b.last_step(); });
}

/// What 0 and 1 mean on a game, whatever the sign of its returns.
struct GameScale {
  double lowest = 0, best = 0;
  double operator()(double score) const { return best > lowest ? (score - lowest) / (best - lowest) : 1; }
};

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
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

using GameScores = std::map<std::string, std::vector<double>>;  // by game, a number a run
using GameScales = std::map<std::string, GameScale>;

GameScales scales_of(const std::vector<ScoredRun>& runs, const std::map<std::string, GameScores>& arms) {
  GameScales scales;
  for (const auto& [arm, games] : arms) {
    for (const auto& [game, scores] : games) {
      const auto [scale, fresh] = scales.try_emplace(game, GameScale{mean_of(scores), mean_of(scores)});
      scale->second.best = std::max(scale->second.best, mean_of(scores));
    }
  }
  for (const ScoredRun& run : runs) {
    double& lowest = scales.at(run.game).lowest;
    for (const double value : run.returns.values) lowest = std::min(lowest, value);
  }
  return scales;
}

rl::Scores scaled(const GameScores& games, const GameScales& scales) {
  rl::Scores scores;
  for (const auto& [game, values] : games) {
    scores.push_back(values);
    for (double& value : scores.back()) value = scales.at(game)(value);
  }
  return scores;
}

bool same_games(const GameScores& a, const GameScores& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first; });
}

void print_heading(const std::vector<ScoredRun>& runs, int64_t at, double last) {
  std::cout << counted(std::ssize(runs), "run") << " at step " << at;
  const ScoredRun& shortest = shortest_of(runs);
  const bool unequal = std::any_of(runs.begin(), runs.end(),
                                   [&](const ScoredRun& run) { return run.last_step() > shortest.last_step(); });
  if (unequal && shortest.last_step() == at) std::cout << ", where run " << shortest.run_id << ", the shortest, ended";
  std::cout << "; mean return of the last " << fixed(100 * last, 0)
            << " % of the steps; 0 is the lowest return of any of them on a game, 1 the best arm's mean\n";
}

/// The share of each arm's runs above some scores: whose curve lies higher has the better runs there.
TextTable profile_table(const std::string& by, const std::map<std::string, GameScores>& arms,
                        const GameScales& scales) {
  const std::vector<double> scores = {0, 0.25, 0.5, 0.75, 0.9, 1};
  std::vector<std::string> headings{by};
  for (const double score : scores) headings.push_back(">above " + fixed(score, 2));
  TextTable table(std::move(headings));
  for (const auto& [arm, games] : arms) {
    std::vector<std::string> row{arm};
    for (const double share : rl::performance_profile(scaled(games, scales), scores)) row.push_back(fixed(share, 2));
    table.add(std::move(row));
  }
  return table;
}

int rl_stats(const RlStatsOptions& options) {
  const std::vector<ScoredRun> runs = load_runs(options);
  const int64_t shortest = shortest_of(runs).last_step(),
                at = options.at > 0 ? std::min(options.at, shortest) : shortest;
  std::map<std::string, GameScores> arms;
  for (const ScoredRun& run : runs) arms[run.arm][run.game].push_back(score_of(run.returns, at, options.last));
  const GameScales scales = scales_of(runs, arms);
  const StopSignals signals;
  rl::Bootstrap bootstrap;
  bootstrap.going = [&] { return !signals.asked(); };
  print_heading(runs, at, options.last);
  TextTable table(
      {options.by, "games", ">runs", "IQM [95 %]", ">optimality gap", ">mean return", "P(better than first)"});
  const auto& [first_arm, first_games] = *arms.begin();
  const rl::Scores first = scaled(first_games, scales);
  for (const auto& [arm, games] : arms) {
    const rl::Scores scores = scaled(games, scales);
    size_t num_runs = 0;
    std::string names;
    for (const auto& [game, values] : games) {
      names += (names.empty() ? "" : ",") + game;
      num_runs += values.size();
    }
    const bool comparable = arm != first_arm && same_games(games, first_games);
    const auto better = [](const rl::Scores& a, const rl::Scores& b) { return rl::probability_of_improvement(a, b); };
    table.add({arm, names, std::to_string(num_runs),
               interval_text(rl::bootstrap_interval(scores, rl::interquartile_mean, bootstrap)),
               fixed(rl::optimality_gap(scores), 3),
               games.size() == 1 ? fixed(mean_of(games.begin()->second), 2) : "-",  // points of games do not add up
               comparable ? interval_text(rl::bootstrap_interval(scores, first, better, bootstrap)) : "-"});
  }
  std::cout << table.aligned();
  if (options.profile)
    std::cout << "\nshare of the runs above a score\n" << profile_table(options.by, arms, scales).aligned();
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
  command->add_flag("--profile", options->profile,
                    "performance profiles too: the share of an arm's runs above a score");
  add_store_option(*command, options->store);
  command->callback([&action, options] { action = [options] { return rl_stats(*options); }; });
}

}  // namespace moescope
