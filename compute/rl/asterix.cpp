// Asterix: treasure and enemies cross the field on eight rows; one is to be met, the other is not.
#include <algorithm>
#include <optional>

#include "compute/rl/minatar_game.h"

namespace moescope::rl {

namespace {

constexpr int kRows = 8, kRampInterval = 100, kFirstSpawnInterval = 10, kFirstMoveInterval = 5;

class Asterix : public MinAtarGame {
 public:
  explicit Asterix(const GameRules& rules) : ramping_(rules.difficulty_ramping) {}

  const Info& info() const override {
    static const Info info{
        "asterix", {"player", "enemy", "trail", "gold"}, {Move::none, Move::left, Move::up, Move::right, Move::down}};
    return info;
  }

  void reset(Draws&) override {
    player_ = {5, 5};
    entities_ = {};
    spawn_interval_ = spawn_in_ = kFirstSpawnInterval;
    move_interval_ = move_in_ = kFirstMoveInterval;
    ramp_in_ = kRampInterval;
    difficulty_ = 0;
    over_ = false;
  }

  int act(Move move, Draws& draws) override {
    if (spawn_in_ == 0) {
      spawn(draws);
      spawn_in_ = spawn_interval_;
    }
    if (move == Move::left) player_.x = std::max(0, player_.x - 1);
    if (move == Move::right) player_.x = std::min(kSide - 1, player_.x + 1);
    if (move == Move::up) player_.y = std::max(1, player_.y - 1);
    if (move == Move::down) player_.y = std::min(kRows, player_.y + 1);
    int reward = meet_all();
    if (move_in_ == 0) {
      move_in_ = move_interval_;
      for (int row = 0; row < kRows; ++row) reward += advance(row);
    }
    --spawn_in_;
    --move_in_;
    if (ramping_ && (spawn_interval_ > 1 || move_interval_ > 1)) ramp();
    return reward;
  }

  void draw(Frame& frame) const override {
    frame[0].set(player_);
    for (int row = 0; row < kRows; ++row) {
      const std::optional<Entity>& one = entities_[static_cast<size_t>(row)];
      if (!one) continue;
      frame[one->is_gold ? 3 : 1].set({one->x, row + 1});
      const int behind = one->x + (one->to_right ? -1 : 1);
      if (behind >= 0 && behind < kSide) frame[2].set({behind, row + 1});
    }
  }

  int difficulty() const override { return difficulty_; }

 private:
  struct Entity {
    int x = 0;
    bool to_right = true, is_gold = false;
  };

  /// Into a free row; three numbers are drawn, or two when there is none.
  void spawn(Draws& draws) {
    const bool to_right = draws.uniform() < 1.0 / 2, is_gold = draws.uniform() < 1.0 / 3;
    std::array<size_t, kRows> free_rows{};
    int num_free = 0;
    for (size_t row = 0; row < kRows; ++row)
      if (!entities_[row]) free_rows[static_cast<size_t>(num_free++)] = row;
    if (num_free == 0) return;
    entities_[free_rows[static_cast<size_t>(draws.integer(0, num_free))]] = {to_right ? 0 : kSide - 1, to_right,
                                                                             is_gold};
  }

  /// What comes of the entity of this row standing where the player does, if it does.
  int meet(int row) {
    std::optional<Entity>& one = entities_[static_cast<size_t>(row)];
    if (!one || Cell{one->x, row + 1} != player_) return 0;
    if (!one->is_gold) {
      over_ = true;
      return 0;
    }
    one.reset();
    return 1;
  }

  int meet_all() {
    int reward = 0;
    for (int row = 0; row < kRows; ++row) reward += meet(row);
    return reward;
  }

  int advance(int row) {
    std::optional<Entity>& one = entities_[static_cast<size_t>(row)];
    if (!one) return 0;
    one->x += one->to_right ? 1 : -1;
    if (one->x >= 0 && one->x < kSide) return meet(row);
    one.reset();
    return 0;
  }

  void ramp() {
    if (ramp_in_-- >= 0) return;
    if (move_interval_ > 1 && difficulty_ % 2 == 1) --move_interval_;
    if (spawn_interval_ > 1) --spawn_interval_;
    ++difficulty_;
    ramp_in_ = kRampInterval;
  }

  bool ramping_;
  Cell player_;
  std::array<std::optional<Entity>, kRows> entities_;  // at most one a row; row 0 is the field's second
  int spawn_interval_ = 0, spawn_in_ = 0, move_interval_ = 0, move_in_ = 0, ramp_in_ = 0, difficulty_ = 0;
};

}  // namespace

std::unique_ptr<MinAtarGame> make_asterix(const GameRules& rules) { return std::make_unique<Asterix>(rules); }

}  // namespace moescope::rl
