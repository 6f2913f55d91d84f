// The five games of MinAtar (Young and Tian, arXiv:1903.03176; kenjyoung/MinAtar 1.0.15) on 10 x 10 cells: the same
// rules to the bit, so that a trace of the original can be followed. Rows of cells are bits of a word, which makes
// moving a whole swarm one shift.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "compute/rl/draws.h"

namespace moescope::rl {

inline constexpr int kSide = 10;

/// The six actions that every game understands; what a game does not use does nothing there.
enum class Move : uint8_t { none, left, up, right, down, fire };

struct Cell {
  int x = 0, y = 0;  // column and row, from the upper left corner
  bool operator==(const Cell&) const = default;
};

/// One plane of cells: bit x of row y.
struct Plane {
  std::array<uint16_t, kSide> rows{};

  static uint16_t bit(int x) { return static_cast<uint16_t>(1u << x); }
  bool has(Cell c) const { return (rows[static_cast<size_t>(c.y)] & bit(c.x)) != 0; }
  void set(Cell c) { rows[static_cast<size_t>(c.y)] |= bit(c.x); }
  void clear(Cell c) { rows[static_cast<size_t>(c.y)] &= static_cast<uint16_t>(~bit(c.x)); }
  bool empty() const;
  int count() const;
};

/// What a player sees: one plane for each of the game's channels.
struct Frame {
  static constexpr int kMostChannels = 10;
  int channels = 0;
  std::array<Plane, kMostChannels> planes{};
  Plane& operator[](int channel) { return planes[static_cast<size_t>(channel)]; }
  const Plane& operator[](int channel) const { return planes[static_cast<size_t>(channel)]; }
};

struct GameRules {
  bool difficulty_ramping = true;
};

class MinAtarGame {
 public:
  virtual ~MinAtarGame() = default;

  struct Info {
    std::string_view name;
    std::vector<std::string_view> channels;  // what each plane shows
    std::vector<Move> useful_moves;          // the minimal action set
  };
  virtual const Info& info() const = 0;

  /// Begins an episode.
  virtual void reset(Draws& draws) = 0;
  /// Returns the reward. Not to be called when the episode is over.
  virtual int act(Move move, Draws& draws) = 0;
  bool is_over() const { return over_; }
  virtual void draw(Frame& frame) const = 0;
  /// How often the game has grown harder in this episode; 0 where it does not.
  virtual int difficulty() const { return 0; }

 protected:
  bool over_ = false;
};

/// "asterix", "breakout", "freeway", "seaquest", "space_invaders".
std::span<const std::string_view> minatar_names();
/// Throws ConfigError naming the nearest game for an unknown name.
std::unique_ptr<MinAtarGame> make_minatar_game(std::string_view name, const GameRules& rules = {});

std::unique_ptr<MinAtarGame> make_asterix(const GameRules&);
std::unique_ptr<MinAtarGame> make_breakout(const GameRules&);
std::unique_ptr<MinAtarGame> make_freeway(const GameRules&);
std::unique_ptr<MinAtarGame> make_seaquest(const GameRules&);
std::unique_ptr<MinAtarGame> make_space_invaders(const GameRules&);

}  // namespace moescope::rl
