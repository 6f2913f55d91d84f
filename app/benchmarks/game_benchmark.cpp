// What an agent asks of a game in a step: a move, the frame after it, a new episode when one is over.
#include "app/benchmarks/game_benchmark.h"

#include <chrono>
#include <iostream>

#include "app/terminal/text_table.h"
#include "compute/core/clock.h"
#include "compute/rl/sticky_game.h"

namespace moescope {

namespace {

struct GameBenchOptions {
  double secs = 1;  // each game
};

double steps_per_sec(std::string_view name, double secs) {
  using Clock = std::chrono::steady_clock;
  constexpr int kAtOnce = 1000;  // between two looks at the clock
  rl::RandomDraws draws(0), hand(0, 1);
  rl::StickyGame game(rl::make_minatar_game(name), 0.1);
  game.reset(draws);
  int64_t steps = 0, cells = 0;
  const auto begin = Clock::now();
  double taken = 0;
  for (; taken < secs; taken = secs_since(begin)) {
    for (int i = 0; i < kAtOnce; ++i, ++steps) {
      game.act(static_cast<rl::Move>(hand.integer(0, 6)), draws);
      cells += game.frame()[0].rows[rl::kSide - 1];
      if (game.game().is_over()) game.reset(draws);
    }
  }
  return cells >= 0 ? static_cast<double>(steps) / taken : 0;  // the frames are used, so they are drawn
}

int bench_games(const GameBenchOptions& options) {
  TextTable table({"game", ">steps/s"});
  for (const std::string_view name : rl::minatar_names())
    table.add({std::string(name), fixed(steps_per_sec(name, options.secs), 0)});
  std::cout << table.aligned();
  return 0;
}

}  // namespace

void add_bench_games_command(CLI::App& bench, Action& action) {
  CLI::App* command = bench.add_subcommand("games", "steps a second of the MinAtar games, one core");
  const auto options = std::make_shared<GameBenchOptions>();
  command->add_option("--seconds", options->secs, "how long each game")->capture_default_str();
  command->callback([&action, options] { action = [options] { return bench_games(*options); }; });
}

}  // namespace moescope
