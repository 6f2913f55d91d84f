// What the traces do not show: names, equal games from equal seeds, controls that stick, harder games.
#include "compute/rl/minatar_game.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compute/records/error.h"
#include "compute/rl/sticky_game.h"

namespace moescope::rl {
namespace {

TEST(MinAtarGame, AnUnknownNameIsAnsweredWithTheNearest) {
  try {
    make_minatar_game("brakeout");
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "there is no game 'brakeout'; did you mean 'breakout'?");
  }
}

/// Rewards, ends and cells of some thousand random moves, as one number.
uint64_t fingerprint(std::string_view name, uint64_t seed, double sticky = 0.1) {
  RandomDraws chance(seed), hands(7, 1);
  StickyGame game(make_minatar_game(name), sticky);
  uint64_t hash = 1;
  const auto mix = [&](uint64_t value) { hash = (hash ^ value) * 0x100000001B3; };
  game.reset(chance);
  for (int t = 0; t < 3000; ++t) {
    mix(static_cast<uint64_t>(game.act(static_cast<Move>(hands.integer(0, 6)), chance)));
    const Frame frame = game.frame();
    for (int channel = 0; channel < frame.channels; ++channel)
      for (const uint16_t row : frame[channel].rows) mix(row);
    if (game.game().is_over()) game.reset(chance);
  }
  return hash;
}

TEST(MinAtarGame, EqualSeedsGiveEqualGames) {
  for (const std::string_view name : minatar_names()) {
    EXPECT_EQ(fingerprint(name, 3), fingerprint(name, 3)) << name;
    EXPECT_NE(fingerprint(name, 3), fingerprint(name, 4)) << name;
  }
}

TEST(MinAtarGame, CellsStayOnTheField) {
  for (const std::string_view name : minatar_names()) {
    RandomDraws draws(5);
    StickyGame game(make_minatar_game(name), 0);
    game.reset(draws);
    for (int t = 0; t < 20000; ++t) {
      game.act(static_cast<Move>(draws.integer(0, 6)), draws);
      const Frame frame = game.frame();
      for (int channel = 0; channel < frame.channels; ++channel)
        for (const uint16_t row : frame[channel].rows) ASSERT_LT(row, 1 << kSide) << name << " channel " << channel;
      if (game.game().is_over()) game.reset(draws);
    }
  }
}

TEST(StickyGame, PlaysTheMoveBeforeAgain) {
  RandomDraws draws(1);
  StickyGame free(make_minatar_game("breakout"), 0), stuck(make_minatar_game("breakout"), 1);
  const auto paddle = [](const StickyGame& game) { return game.frame()[0].rows[kSide - 1]; };
  for (StickyGame* game : {&free, &stuck}) {
    game->reset(draws);
    game->act(Move::left, draws);
  }
  EXPECT_EQ(paddle(free), Plane::bit(3));
  EXPECT_EQ(paddle(stuck), Plane::bit(4)) << "nothing was played before";
}

TEST(SpaceInvaders, GrowsHarderWithEachWaveUnlessItIsNotTo) {
  const auto hardest = [](bool ramping) {
    RandomDraws draws(2);
    const auto game = make_minatar_game("space_invaders", {ramping});
    int most = 0;
    for (int episode = 0; episode < 400; ++episode) {
      game->reset(draws);
      // Random moves survive a wave now and then.
      while (!game->is_over()) {
        game->act(std::array{Move::left, Move::right, Move::fire}[static_cast<size_t>(draws.integer(0, 3))], draws);
        most = std::max(most, game->difficulty());
      }
    }
    return most;
  };
  EXPECT_GE(hardest(true), 1);
  EXPECT_EQ(hardest(false), 0);
}

}  // namespace
}  // namespace moescope::rl
