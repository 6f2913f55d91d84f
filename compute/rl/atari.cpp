// An Atari game as an environment: frames averaged down and stacked.
#include "compute/rl/atari.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "compute/core/error.h"
#include "compute/core/rng.h"
#include "compute/rl/atari_child.h"

namespace moescope::rl {
namespace {

constexpr int64_t kSideOfFrame = 84, kStack = 4;
constexpr int64_t kMostSteps = 27'000;  // 108,000 frames: half an hour of play
constexpr RngPurpose kEmulatorSeed{105};

/// What source pixel begins and ends how much of each target pixel: a box filter in one direction.
struct Share {
  int64_t from;
  std::vector<float> weights;
};
std::vector<Share> shares(int64_t source, int64_t target) {
  std::vector<Share> all;
  const double scale = static_cast<double>(source) / static_cast<double>(target);
  for (int64_t i = 0; i < target; ++i) {
    const double begin = static_cast<double>(i) * scale, end = begin + scale;
    Share share{static_cast<int64_t>(begin), {}};
    for (int64_t at = share.from; static_cast<double>(at) < end - 1e-9 && at < source; ++at)
      share.weights.push_back(static_cast<float>(
          (std::min(end, static_cast<double>(at + 1)) - std::max(begin, static_cast<double>(at))) / scale));
    all.push_back(std::move(share));
  }
  return all;
}

class AtariEnvironment : public Environment {
 public:
  explicit AtariEnvironment(const RlConfig& config)
      : rom_(config.game.substr(kAtari.size())),
        child_(rom_, config.sticky_probability),
        screen_(static_cast<size_t>(child_.height() * child_.width())),
        rows_(shares(child_.height(), kSideOfFrame)),
        columns_(shares(child_.width(), kSideOfFrame)),
        stack_(static_cast<size_t>(kSideOfFrame * kSideOfFrame * kStack), 0) {
    info_.name = config.game;
    info_.actions = child_.moves();
    info_.observation = {kSideOfFrame, kSideOfFrame, kStack};
    info_.observation_bytes = info_.observation.size();
    info_.stacked_frames = kStack;
    info_.max_episode_steps = config.max_episode_steps > 0 ? config.max_episode_steps : kMostSteps;
  }

  void observe(std::span<uint8_t> packed) const override { std::copy(stack_.begin(), stack_.end(), packed.begin()); }
  void unpack(const uint8_t* packed, float* numbers) const override {
    for (int64_t i = 0; i < info_.observation.size(); ++i) numbers[i] = static_cast<float>(packed[i]) / 255;
  }
  std::string text() const override {
    static constexpr std::string_view kShades = " .:-=+*#%@";
    std::string text;
    for (int64_t y = 0; y < kSideOfFrame; y += 4) {
      for (int64_t x = 0; x < kSideOfFrame; x += 2) text += kShades[static_cast<size_t>(newest(y, x) * 9 / 255)];
      text += '\n';
    }
    return text;
  }
  ImagePixels picture() const override { return {child_.height(), child_.width(), 1, screen_}; }

 protected:
  void begin(uint64_t seed, uint64_t episode) override {
    Rng rng(seed, kEmulatorSeed, episode);
    child_.reset(static_cast<uint32_t>(rng.below(int64_t{1} << 31)), screen_);
    std::fill(stack_.begin(), stack_.end(), uint8_t{0});
    push_frame();
  }
  Outcome move(int action) override {
    const AtariChild::Answer answer = child_.act(action, screen_);
    push_frame();
    return {static_cast<double>(answer.reward), answer.over, false};
  }

 private:
  uint8_t newest(int64_t y, int64_t x) const {
    return stack_[static_cast<size_t>((y * kSideOfFrame + x) * kStack + kStack - 1)];
  }

  /// The oldest frame leaves, the screen, averaged down, comes in as the last channel.
  void push_frame() {
    std::vector<float> wide(static_cast<size_t>(child_.height() * kSideOfFrame), 0);
    for (int64_t y = 0; y < child_.height(); ++y)
      for (int64_t x = 0; x < kSideOfFrame; ++x) {
        const Share& share = columns_[static_cast<size_t>(x)];
        const uint8_t* from = &screen_[static_cast<size_t>(y * child_.width() + share.from)];
        float sum = 0;
        for (size_t i = 0; i < share.weights.size(); ++i) sum += share.weights[i] * static_cast<float>(from[i]);
        wide[static_cast<size_t>(y * kSideOfFrame + x)] = sum;
      }
    for (int64_t y = 0; y < kSideOfFrame; ++y) {
      const Share& share = rows_[static_cast<size_t>(y)];
      for (int64_t x = 0; x < kSideOfFrame; ++x) {
        float sum = 0;
        for (size_t i = 0; i < share.weights.size(); ++i)
          sum += share.weights[i] * wide[(static_cast<size_t>(share.from) + i) * kSideOfFrame + static_cast<size_t>(x)];
        uint8_t* pixel = &stack_[static_cast<size_t>((y * kSideOfFrame + x) * kStack)];
        std::memmove(pixel, pixel + 1, kStack - 1);
        pixel[kStack - 1] = static_cast<uint8_t>(std::lround(std::clamp(sum, 0.0f, 255.0f)));
      }
    }
  }

  std::string rom_;
  AtariChild child_;
  std::vector<uint8_t> screen_;  // (height,width), grey
  std::vector<Share> rows_, columns_;
  std::vector<uint8_t> stack_;  // (84,84,4), the newest frame last
};

}  // namespace

std::unique_ptr<Environment> make_atari_environment(const RlConfig& config) {
  return std::make_unique<AtariEnvironment>(config);
}

AtariProbe probe_atari() {
  try {
    return {true, AtariChild("", 0).version()};
  } catch (const UserError& error) { return {false, error.what()}; }
}

}  // namespace moescope::rl
