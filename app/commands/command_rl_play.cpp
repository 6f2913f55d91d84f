// `moescope rl eval` plays whole episodes and counts; `moescope rl play` shows one in the terminal, its experts beside.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <thread>

#include "app/agents/episode_file.h"
#include "app/agents/stored_agent.h"
#include "app/commands/command_rl.h"
#include "app/options/number_checks.h"
#include "app/options/store_path.h"
#include "app/terminal/stop_signals.h"
#include "app/terminal/text_table.h"
#include "compute/moe/observe.h"
#include "compute/records/look.h"
#include "compute/rl/spectator.h"

namespace moescope {
namespace {

constexpr uint64_t kEvaluationSeed = 1'000'003;  // apart from the seeds that runs are usually given

struct RlEvalOptions {
  std::string store, run;
  int64_t episodes = 20, seed = static_cast<int64_t>(kEvaluationSeed);
  bool random = false;
};

int rl_eval(const RlEvalOptions& options) {
  const StoredAgent stored = load_stored_agent(options.store, options.run);
  const RlConfig& config = stored.agent->config();
  const double epsilon = options.random ? 1 : config.epsilon_eval;
  const rl::EvaluationReport report =
      rl::evaluate(stored.agent->learner().online(), options.episodes, static_cast<uint64_t>(options.seed), epsilon);
  double squares = 0, length = 0;
  for (const rl::EpisodeReport& episode : report.episodes) {
    squares += std::pow(episode.episode_return - report.mean_return, 2);
    length += static_cast<double>(episode.length);
  }
  const auto n = static_cast<double>(report.episodes.size());
  std::cout << "run " << stored.run_id << " " << config.name << " on " << config.game << " at step " << stored.step
            << (options.random ? ", moves at random" : "") << ": mean return " << fixed(report.mean_return, 2)
            << " (deviation " << fixed(std::sqrt(squares / n), 2) << ", mean length " << fixed(length / n, 0)
            << ") over " << report.episodes.size() << " episodes" << std::endl;
  return 0;
}

struct RlPlayOptions {
  std::string store, run, episode;
  double speed = 10;  // steps a second; 0: as fast as it goes
  int64_t steps = 0, seed = static_cast<int64_t>(kEvaluationSeed);
  std::vector<int64_t> off;
  bool keep = false;
};

/// The expert that each place belongs to, as a grid of digits; empty when tokens are no places.
std::vector<std::string> expert_grid(const rl::Player& player, const rl::Tokenizer& tokenizer) {
  const RoutingMap map = routing_map(player.routing(), 0, tokenizer.tokens());
  std::vector<std::string> rows;
  for (int64_t y = 0; y < tokenizer.grid_height(); ++y) {
    std::string row;
    for (int64_t x = 0; x < tokenizer.grid_width(); ++x) {
      const int32_t expert = main_expert_of_patch(map, y * tokenizer.grid_width() + x);
      row += static_cast<char>(expert < 0 ? '-' : expert < 10 ? '0' + expert : 'a' + expert - 10);
      row += ' ';
    }
    rows.push_back(row);
  }
  return rows;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines(1);
  for (char c : text) c == '\n' ? lines.emplace_back() : (lines.back() += c, lines.back());
  if (lines.back().empty()) lines.pop_back();
  return lines;
}

std::string picture(const rl::Player& player, const rl::QNetwork& network, const std::vector<float>& q, int action,
                    double total) {
  const rl::EnvironmentInfo& info = player.environment().info();
  std::vector<std::string> left = lines_of(player.environment().text()), right;
  if (network.penultimate().is_mixture()) {
    right = expert_grid(player, network.penultimate().tokenizer());
    if (!right.empty()) right.insert(right.begin(), "expert of each place");
  }
  std::string text;
  for (size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const std::string row = i < left.size() ? left[i] : "";
    text += row + std::string(std::max<size_t>(24, row.size()) - row.size(), ' ') + (i < right.size() ? right[i] : "") +
            "\n";
  }
  for (size_t c = 0; c < info.channels.size(); ++c)
    text += std::string(c ? "  " : "") + "ABCDEFGHIJ"[c] + " " + info.channels[c];
  text += info.channels.empty() ? "" : "\n";
  for (size_t a = 0; a < q.size(); ++a)
    text += (static_cast<int>(a) == action ? ">" : " ") + info.actions[a] + " " + fixed(q[a], 2) + "  ";
  return text + "\nstep " + std::to_string(player.environment().steps()) + "  return " + fixed(total, 1) + "\n";
}

void switch_off(rl::Player& player, const std::vector<int64_t>& off) {
  for (int64_t expert : off) {
    const auto experts = player.experts_off.empty() ? 0 : static_cast<int64_t>(player.experts_off[0].size());
    if (expert < 0 || expert >= experts)
      throw UserError("--off " + std::to_string(expert) + ": the agent has " + std::to_string(experts) +
                      " experts, counted from 0");
    player.experts_off[0][static_cast<size_t>(expert)] = 1;
  }
}

int rl_play(const RlPlayOptions& options) {
  const StoredAgent stored = load_stored_agent(options.store, options.run);
  rl::QNetwork& network = stored.agent->learner().online();
  rl::Player player(network, static_cast<uint64_t>(options.seed), stored.agent->config().epsilon_eval);
  switch_off(player, options.off);
  const StopSignals signals;
  PlayedEpisode told;  // the one in the file, whose actions take the place of the agent's
  if (options.episode.empty()) {
    player.begin(0);
  } else {
    told = read_episode(options.episode);
    rl::Spectator(network, 0).open(told);  // throws when it no longer plays as it did
    player.begin(told.seed, told.number);
  }
  double total = 0;
  for (bool over = false; !over && !signals.asked();) {
    const std::vector<float> q = player.look();
    const auto at = static_cast<size_t>(player.environment().steps());
    if (!options.episode.empty() && at >= told.actions.size()) break;
    const int action = options.episode.empty() ? player.choose() : told.actions[at];
    std::cout << (options.keep ? "" : "\033[H\033[J") << picture(player, network, q, action, total) << std::endl;
    const rl::Environment::Outcome outcome = player.play(action);
    total += outcome.reward;
    over = outcome.over() || (options.steps > 0 && player.environment().steps() >= options.steps);
    if (options.speed > 0 && !over) std::this_thread::sleep_for(std::chrono::duration<double>(1 / options.speed));
  }
  std::cout << "return " << fixed(total, 1) << " after " << player.environment().steps() << " steps" << std::endl;
  return 0;
}

}  // namespace

void add_rl_eval_command(CLI::App& rl, Action& action) {
  CLI::App* command = rl.add_subcommand("eval", "plays whole episodes with a stored agent and tells their returns");
  const auto options = std::make_shared<RlEvalOptions>();
  command->add_option("run", options->run, "a run's number or name, or latest")->required();
  command->add_option("--episodes", options->episodes, "how many")->check(above_zero())->capture_default_str();
  command->add_option("--seed", options->seed, "seed of the episodes")->check(CLI::NonNegativeNumber);
  command->add_flag("--random", options->random, "move at random instead, for scale");
  add_store_option(*command, options->store);
  command->callback([&action, options] { action = [options] { return rl_eval(*options); }; });
}

void add_rl_play_command(CLI::App& rl, Action& action) {
  CLI::App* command = rl.add_subcommand("play", "shows a stored agent at play in the terminal, its experts beside it");
  const auto options = std::make_shared<RlPlayOptions>();
  command->add_option("run", options->run, "a run's number or name, or latest")->required();
  command->add_option("--speed", options->speed, "steps a second; 0: as fast as it goes")->capture_default_str();
  command->add_option("--steps", options->steps, "leave after so many steps; 0: at the end of the episode");
  command->add_option("--seed", options->seed, "seed of the episode")->check(CLI::NonNegativeNumber);
  command->add_option("--off", options->off, "switch an expert off; may be repeated")->expected(1)->take_all();
  command->add_option("--episode", options->episode, "tell an episode again that F4 kept, instead of playing a new one")
      ->type_name("FILE");
  command->add_flag("--keep", options->keep, "print one picture below the other");
  add_store_option(*command, options->store);
  command->callback([&action, options] { action = [options] { return rl_play(*options); }; });
}

}  // namespace moescope
