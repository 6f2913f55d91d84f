// Freeway: a chicken crosses eight lanes of cars, each with a speed of its own, again and again.
#include <algorithm>
#include <cstdlib>

#include "compute/rl/minatar_game.h"

namespace moescope::rl {

namespace {

constexpr int kLanes = 8, kColumn = 4, kHome = kSide - 1, kStepsPerMove = 3, kMostSteps = 2500;

class Freeway : public MinAtarGame {
 public:
  const Info& info() const override {
    static const Info info{"freeway",
                           {"chicken", "car", "speed 1", "speed 2", "speed 3", "speed 4", "speed 5"},
                           {Move::none, Move::up, Move::down}};
    return info;
  }

  void reset(Draws& draws) override {
    give_speeds(draws);
    for (Car& car : cars_) car.x = 0;
    chicken_ = kHome;
    rest_ = kStepsPerMove;
    left_ = kMostSteps;
    over_ = false;
  }

  int act(Move move, Draws& draws) override {
    if (rest_ == 0 && (move == Move::up || move == Move::down)) {
      rest_ = kStepsPerMove;
      chicken_ = move == Move::up ? std::max(0, chicken_ - 1) : std::min(kHome, chicken_ + 1);
    }
    int reward = 0;
    if (chicken_ == 0) {
      reward = 1;
      give_speeds(draws);
      chicken_ = kHome;
    }
    for (int lane = 0; lane < kLanes; ++lane) drive(cars_[static_cast<size_t>(lane)], lane + 1);
    if (rest_ > 0) --rest_;
    over_ = --left_ < 0;
    return reward;
  }

  void draw(Frame& frame) const override {
    frame[0].set({kColumn, chicken_});
    for (int lane = 0; lane < kLanes; ++lane) {
      const Car& car = cars_[static_cast<size_t>(lane)];
      frame[1].set({car.x, lane + 1});
      const int behind = (car.x + (car.speed > 0 ? kSide - 1 : 1)) % kSide;
      frame[1 + std::abs(car.speed)].set({behind, lane + 1});
    }
  }

 private:
  struct Car {
    int x = 0, wait = 0;
    int speed = 1;  // steps per cell, 1 to 5; negative: to the left
  };

  /// All sizes first, then all directions: the order of the original's draws.
  void give_speeds(Draws& draws) {
    for (Car& car : cars_) car.wait = static_cast<int>(draws.integer(1, 6));
    for (Car& car : cars_) car.speed = draws.uniform() < 0.5 ? -car.wait : car.wait;
  }

  void drive(Car& car, int lane) {
    const auto meets = [&] { return car.x == kColumn && lane == chicken_; };
    if (meets()) chicken_ = kHome;
    if (car.wait > 0) {
      --car.wait;
      return;
    }
    car.wait = std::abs(car.speed);
    car.x = (car.x + (car.speed > 0 ? 1 : kSide - 1)) % kSide;
    if (meets()) chicken_ = kHome;
  }

  std::array<Car, kLanes> cars_;
  int chicken_ = kHome, rest_ = 0, left_ = 0;
};

}  // namespace

std::unique_ptr<MinAtarGame> make_freeway(const GameRules&) { return std::make_unique<Freeway>(); }

}  // namespace moescope::rl
