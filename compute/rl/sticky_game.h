// A game whose controls stick: now and then the move before is played again (Machado et al., arXiv:1709.06009).
#pragma once

#include <memory>

#include "compute/rl/minatar_game.h"

namespace moescope::rl {

class StickyGame {
 public:
  StickyGame(std::unique_ptr<MinAtarGame> game, double sticky_probability)
      : game_(std::move(game)), sticky_probability_(sticky_probability) {}

  const MinAtarGame& game() const { return *game_; }
  void reset(Draws& draws) { game_->reset(draws); }
  /// Draws one number first, also when nothing can stick. The move before lasts beyond the end of an episode.
  int act(Move move, Draws& draws) {
    if (draws.uniform() >= sticky_probability_) last_ = move;
    return game_->act(last_, draws);
  }
  /// All planes anew.
  Frame frame() const {
    Frame frame;
    frame.channels = static_cast<int>(game_->info().channels.size());
    game_->draw(frame);
    return frame;
  }

 private:
  std::unique_ptr<MinAtarGame> game_;
  double sticky_probability_;
  Move last_ = Move::none;
};

}  // namespace moescope::rl
