// Space Invaders: a cannon below, a swarm above that comes nearer each time it reaches a side, and shoots.
#include <algorithm>
#include <bit>

#include "compute/rl/minatar_game.h"

namespace moescope::rl {

namespace {

constexpr int kReload = 5, kFirstMoveInterval = 12, kFastestWave = 6, kShotInterval = 10;
constexpr uint16_t kLeftmost = 1, kRightmost = 1 << (kSide - 1), kSwarm = 0b0011111100;

class SpaceInvaders : public MinAtarGame {
 public:
  explicit SpaceInvaders(const GameRules& rules) : ramping_(rules.difficulty_ramping) {}

  const Info& info() const override {
    static const Info info{"space_invaders",
                           {"cannon", "alien", "alien to the left", "alien to the right", "own bullet", "alien bullet"},
                           {Move::none, Move::left, Move::right, Move::fire}};
    return info;
  }

  void reset(Draws&) override {
    cannon_ = 5;
    bullets_ = alien_bullets_ = aliens_ = {};
    send_wave();
    to_right_ = false;
    move_interval_ = move_in_ = kFirstMoveInterval;
    shot_in_ = kShotInterval;
    reload_ = difficulty_ = 0;
    over_ = false;
  }

  int act(Move move, Draws&) override {
    if (move == Move::fire && reload_ == 0) {
      bullets_.set({cannon_, kSide - 1});
      reload_ = kReload;
    }
    if (move == Move::left) cannon_ = std::max(0, cannon_ - 1);
    if (move == Move::right) cannon_ = std::min(kSide - 1, cannon_ + 1);
    const Cell cannon{cannon_, kSide - 1};
    std::rotate(bullets_.rows.begin(), bullets_.rows.begin() + 1, bullets_.rows.end());
    bullets_.rows.back() = 0;
    std::rotate(alien_bullets_.rows.begin(), alien_bullets_.rows.end() - 1, alien_bullets_.rows.end());
    alien_bullets_.rows.front() = 0;
    if (alien_bullets_.has(cannon) || aliens_.has(cannon)) over_ = true;
    if (move_in_ == 0) move_swarm(cannon);
    if (shot_in_ == 0) {
      shot_in_ = kShotInterval;
      alien_bullets_.set(nearest_alien());
    }
    const int reward = hit();
    if (reload_ > 0) --reload_;
    --move_in_;
    --shot_in_;
    if (aliens_.empty()) {
      if (move_interval_ > kFastestWave && ramping_) {
        --move_interval_;
        ++difficulty_;
      }
      send_wave();
    }
    return reward;
  }

  void draw(Frame& frame) const override {
    frame[0].set({cannon_, kSide - 1});
    frame[1] = aliens_;
    frame[to_right_ ? 3 : 2] = aliens_;
    frame[4] = bullets_;
    frame[5] = alien_bullets_;
  }

  int difficulty() const override { return difficulty_; }

 private:
  void send_wave() {
    for (size_t row = 0; row < 4; ++row) aliens_.rows[row] = kSwarm;
  }

  /// Sideways, or at a side down and round; the fewer there are the faster.
  void move_swarm(Cell cannon) {
    move_in_ = std::min(aliens_.count(), move_interval_);
    uint16_t columns = 0;
    for (const uint16_t row : aliens_.rows) columns |= row;
    if ((columns & (to_right_ ? kRightmost : kLeftmost)) != 0) {
      to_right_ = !to_right_;
      if (aliens_.rows.back() != 0) over_ = true;
      std::rotate(aliens_.rows.begin(), aliens_.rows.end() - 1, aliens_.rows.end());
    } else {
      for (uint16_t& row : aliens_.rows) row = static_cast<uint16_t>(to_right_ ? row << 1 : row >> 1);
    }
    if (aliens_.has(cannon)) over_ = true;
  }

  /// The lowest alien of the column nearest to the cannon, the left one of two.
  Cell nearest_alien() const {
    for (int distance = 0; distance < kSide; ++distance)
      for (const int x : {cannon_ - distance, cannon_ + distance})
        for (int y = kSide - 1; x >= 0 && x < kSide && y >= 0; --y)
          if (aliens_.has({x, y})) return {x, y};
    return {};  // never: a new wave comes in the step in which the last one falls
  }

  int hit() {
    int reward = 0;
    for (size_t y = 0; y < kSide; ++y) {
      const auto both = static_cast<uint16_t>(aliens_.rows[y] & bullets_.rows[y]);
      reward += std::popcount(both);
      aliens_.rows[y] ^= both;
      bullets_.rows[y] ^= both;
    }
    return reward;
  }

  bool ramping_;
  Plane aliens_, bullets_, alien_bullets_;
  int cannon_ = 5, move_interval_ = 0, move_in_ = 0, shot_in_ = 0, reload_ = 0, difficulty_ = 0;
  bool to_right_ = false;
};

}  // namespace

std::unique_ptr<MinAtarGame> make_space_invaders(const GameRules& rules) {
  return std::make_unique<SpaceInvaders>(rules);
}

}  // namespace moescope::rl
