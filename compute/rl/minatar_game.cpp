// The list of games, and counting cells.
#include "compute/rl/minatar_game.h"

#include <bit>
#include <string>

#include "compute/records/error.h"
#include "compute/records/nearest_name.h"

namespace moescope::rl {

namespace {

struct Entry {
  std::string_view name;
  std::unique_ptr<MinAtarGame> (*make)(const GameRules&);
};

constexpr Entry kGames[] = {{"asterix", make_asterix},
                            {"breakout", make_breakout},
                            {"freeway", make_freeway},
                            {"seaquest", make_seaquest},
                            {"space_invaders", make_space_invaders}};

constexpr std::string_view kNames[] = {kGames[0].name, kGames[1].name, kGames[2].name, kGames[3].name, kGames[4].name};

}  // namespace

bool Plane::empty() const {
  for (const uint16_t row : rows)
    if (row != 0) return false;
  return true;
}

int Plane::count() const {
  int count = 0;
  for (const uint16_t row : rows) count += std::popcount(row);
  return count;
}

std::span<const std::string_view> minatar_names() { return kNames; }

std::unique_ptr<MinAtarGame> make_minatar_game(std::string_view name, const GameRules& rules) {
  for (const Entry& game : kGames)
    if (game.name == name) return game.make(rules);
  throw ConfigError("there is no game '" + std::string(name) + "'; did you mean '" +
                    std::string(nearest_name(name, kNames)) + "'?");
}

}  // namespace moescope::rl
