// A MinAtar game as an environment: planes of bits, all six moves, a fresh stick for every episode.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "compute/rl/environment.h"
#include "compute/rl/sticky_game.h"

namespace moescope::rl {
namespace {

constexpr std::array<const char*, 6> kMoves = {"none", "left", "up", "right", "down", "fire"};
// Games without an end (Freeway has its own at 2500) are cut as Dopamine cuts Atari's.
constexpr int64_t kMostSteps = 27'000;

using Color = std::array<uint8_t, 3>;
constexpr Color kGround = {24, 26, 30};

/// A channel's colour: brighter with each, on Green's cubehelix (arXiv:1108.5083), as MinAtar's own window has it.
Color channel_color(int channel, int channels) {
  const double light = 0.35 + 0.6 * (channel + 1) / channels;
  const double angle = 2 * std::numbers::pi * (0.5 / 3 + 1 - 1.5 * light), amplitude = light * (1 - light) / 2 * 1.6;
  const double c = std::cos(angle), s = std::sin(angle);
  const auto byte = [&](double x) { return static_cast<uint8_t>(std::clamp(255 * x, 0.0, 255.0)); };
  return {byte(light + amplitude * (-0.14861 * c + 1.78277 * s)),
          byte(light + amplitude * (-0.29227 * c - 0.90649 * s)), byte(light + amplitude * 1.97294 * c)};
}

class MinAtarEnvironment : public Environment {
 public:
  explicit MinAtarEnvironment(const RlConfig& config) : config_(config) {
    restart();
    const MinAtarGame::Info& game = game_->game().info();
    info_.name = game.name;
    info_.channels.assign(game.channels.begin(), game.channels.end());
    info_.actions.assign(kMoves.begin(), kMoves.end());
    info_.observation = {kSide, kSide, static_cast<int64_t>(game.channels.size())};
    info_.observation_bytes = (info_.observation.size() + 7) / 8;
    info_.max_episode_steps = config.max_episode_steps > 0 ? config.max_episode_steps : kMostSteps;
  }

  void observe(std::span<uint8_t> packed) const override {
    std::fill(packed.begin(), packed.end(), uint8_t{0});
    const Frame frame = game_->frame();
    for (int channel = 0; channel < frame.channels; ++channel)
      for (int y = 0; y < kSide; ++y)
        for (unsigned row = frame[channel].rows[static_cast<size_t>(y)]; row != 0; row &= row - 1) {
          const int64_t at = (y * kSide + __builtin_ctz(row)) * frame.channels + channel;
          packed[static_cast<size_t>(at / 8)] |= static_cast<uint8_t>(1u << at % 8);
        }
  }

  void unpack(const uint8_t* packed, float* numbers) const override {
    std::fill_n(numbers, info_.observation.size(), 0.0f);
    for (int64_t i = 0; i < info_.observation_bytes; ++i)  // few are set
      for (unsigned bits = packed[i]; bits != 0; bits &= bits - 1) numbers[i * 8 + __builtin_ctz(bits)] = 1;
  }

  std::string text() const override {
    const Frame frame = game_->frame();
    std::string text;
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        char cell = '.';
        for (int channel = 0; channel < frame.channels; ++channel)
          if (frame[channel].has({x, y})) cell = "ABCDEFGHIJ"[channel];
        text += cell;
        text += ' ';
      }
      text += '\n';
    }
    return text;
  }

  ImagePixels picture() const override {
    ImagePixels image{kSide, kSide, 3, std::vector<uint8_t>(kSide * kSide * 3, 0)};
    const Frame frame = game_->frame();
    for (int y = 0; y < kSide; ++y)
      for (int x = 0; x < kSide; ++x) {
        std::array<uint8_t, 3> color = kGround;
        for (int channel = 0; channel < frame.channels; ++channel)
          if (frame[channel].has({x, y})) color = channel_color(channel, frame.channels);
        std::copy(color.begin(), color.end(), image.values.begin() + (y * kSide + x) * 3);
      }
    return image;
  }

 protected:
  void begin(uint64_t seed, uint64_t episode) override {
    draws_ = RandomDraws(seed, episode + 1);
    restart();
    game_->reset(draws_);
  }

  Outcome move(int action) override {
    const int reward = game_->act(static_cast<Move>(action), draws_);
    return {static_cast<double>(reward), game_->game().is_over(), false};
  }

 private:
  void restart() {
    game_ = std::make_unique<StickyGame>(make_minatar_game(config_.game, {config_.difficulty_ramping}),
                                         config_.sticky_probability);
  }

  RlConfig config_;
  RandomDraws draws_{0};
  std::unique_ptr<StickyGame> game_;
};

}  // namespace

std::unique_ptr<Environment> make_minatar_environment(const RlConfig& config) {
  return std::make_unique<MinAtarEnvironment>(config);
}

}  // namespace moescope::rl
