// Breakout: a ball that flies along diagonals takes bricks out of a wall; a paddle keeps it from falling.
#include <algorithm>

#include "compute/rl/minatar_game.h"

namespace moescope::rl {

namespace {

class Breakout : public MinAtarGame {
 public:
  const Info& info() const override {
    static const Info info{"breakout", {"paddle", "ball", "trail", "brick"}, {Move::none, Move::left, Move::right}};
    return info;
  }

  void reset(Draws& draws) override {
    const bool from_left = draws.integer(0, 2) == 0;
    ball_ = last_ = {from_left ? 0 : kSide - 1, 3};
    dx_ = from_left ? 1 : -1;
    dy_ = 1;
    paddle_ = 4;
    bricks_ = {};
    build_wall();
    struck_ = over_ = false;
  }

  int act(Move move, Draws&) override {
    if (move == Move::left) paddle_ = std::max(0, paddle_ - 1);
    if (move == Move::right) paddle_ = std::min(kSide - 1, paddle_ + 1);
    last_ = ball_;
    Cell next{ball_.x + dx_, ball_.y + dy_};
    if (next.x < 0 || next.x >= kSide) {
      next.x = std::clamp(next.x, 0, kSide - 1);
      dx_ = -dx_;
    }
    int reward = 0;
    bool in_brick = false;
    if (next.y < 0) {
      next.y = 0;
      dy_ = -dy_;
    } else if (bricks_.has(next)) {
      in_brick = true;
      if (!struck_) {  // a ball between bricks flies through those that it meets right after one that it broke
        reward = 1;
        struck_ = true;
        bricks_.clear(next);
        next.y = last_.y;
        dy_ = -dy_;
      }
    } else if (next.y == kSide - 1) {
      if (bricks_.empty()) build_wall();
      meet_paddle(next);
    }
    if (!in_brick) struck_ = false;
    ball_ = next;
    return reward;
  }

  void draw(Frame& frame) const override {
    frame[1].set(ball_);
    frame[0].set({paddle_, kSide - 1});
    frame[2].set(last_);
    frame[3] = bricks_;
  }

 private:
  void build_wall() {
    for (size_t row = 1; row < 4; ++row) bricks_.rows[row] = (1 << kSide) - 1;
  }
  /// From above the ball is thrown up again; met at its side, the paddle throws it back where it came from.
  void meet_paddle(Cell& next) {
    if (ball_.x == paddle_ || next.x == paddle_) {
      if (ball_.x != paddle_) dx_ = -dx_;
      dy_ = -dy_;
      next.y = last_.y;
    } else {
      over_ = true;
    }
  }

  Cell ball_, last_;
  int dx_ = 1, dy_ = 1, paddle_ = 4;
  Plane bricks_;
  bool struck_ = false;
};

}  // namespace

std::unique_ptr<MinAtarGame> make_breakout(const GameRules&) { return std::make_unique<Breakout>(); }

}  // namespace moescope::rl
