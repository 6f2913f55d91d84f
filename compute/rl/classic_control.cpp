// CartPole (Barto, Sutton and Anderson 1983) and Acrobot (Sutton 1996) with the constants and rules of gymnasium's
// CartPole-v1 physics cut at 200 steps and Acrobot-v1; observations rescaled to [-1, 1]. NUMERICS 5.8.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <numbers>

#include "compute/rl/draws.h"
#include "compute/rl/environment.h"

namespace moescope::rl {
namespace {

constexpr double kPi = std::numbers::pi;

/// A dark square in which lines are drawn, from (0, 0) left top to (1, 1).
class Sketch {
 public:
  using Color = std::array<uint8_t, 3>;
  Sketch() : image_{kPixels, kPixels, 3, {}} {
    for (int64_t i = 0; i < kPixels * kPixels; ++i) image_.values.insert(image_.values.end(), {24, 26, 30});
  }
  void line(double x0, double y0, double x1, double y1, double width, Color color) {
    for (int64_t row = 0; row < kPixels; ++row)
      for (int64_t column = 0; column < kPixels; ++column) {
        const double x = (static_cast<double>(column) + 0.5) / kPixels, y = (static_cast<double>(row) + 0.5) / kPixels;
        const double dx = x1 - x0, dy = y1 - y0, square = std::max(dx * dx + dy * dy, 1e-12);
        const double along = std::clamp(((x - x0) * dx + (y - y0) * dy) / square, 0.0, 1.0);
        if (std::hypot(x - x0 - along * dx, y - y0 - along * dy) > width / 2) continue;
        std::copy(color.begin(), color.end(), image_.values.begin() + (row * kPixels + column) * 3);
      }
  }
  ImagePixels take() { return std::move(image_); }

 private:
  static constexpr int64_t kPixels = 84;
  ImagePixels image_;
};
constexpr Sketch::Color kGroundLine = {92, 102, 117}, kCart = {152, 162, 176}, kPole = {230, 200, 120};

/// An environment whose observation is a few numbers.
template <size_t kNumbers>
class VectorEnvironment : public Environment {
 public:
  void observe(std::span<uint8_t> packed) const override {
    const std::array<float, kNumbers> numbers = observation();
    std::memcpy(packed.data(), numbers.data(), sizeof numbers);
  }
  void unpack(const uint8_t* packed, float* numbers) const override {
    std::memcpy(numbers, packed, kNumbers * sizeof(float));
  }
  std::string text() const override {
    std::string text;
    for (float number : observation()) {
      char part[32];
      std::snprintf(part, sizeof part, "%8.3f", number);
      text += part;
    }
    return text + "\n";
  }

 protected:
  VectorEnvironment(std::string name, std::vector<std::string> actions, int64_t max_steps) {
    info_.name = std::move(name);
    info_.actions = std::move(actions);
    info_.observation = {1, 1, kNumbers};
    info_.observation_bytes = kNumbers * sizeof(float);
    info_.max_episode_steps = max_steps;
  }
  virtual std::array<float, kNumbers> observation() const = 0;
};

class CartPole : public VectorEnvironment<4> {
 public:
  CartPole() : VectorEnvironment("cartpole", {"left", "right"}, 200) {}

 protected:
  void begin(uint64_t seed, uint64_t episode) override {
    RandomDraws draws(seed, episode + 1);
    for (double& s : state_) s = -0.05 + 0.1 * draws.uniform();
  }

  ImagePixels picture() const override {
    Sketch sketch;
    const double x = 0.5 + 0.45 * state_[0] / 2.4, angle = state_[2];
    sketch.line(0, 0.75, 1, 0.75, 0.012, kGroundLine);
    sketch.line(x - 0.07, 0.72, x + 0.07, 0.72, 0.07, kCart);
    sketch.line(x, 0.69, x + 0.45 * std::sin(angle), 0.69 - 0.45 * std::cos(angle), 0.03, kPole);
    return sketch.take();
  }

  Outcome move(int action) override {
    constexpr double kGravity = 9.8, kPoleMass = 0.1, kTotalMass = 1.1, kHalfLength = 0.5, kForce = 10, kTick = 0.02;
    auto& [x, speed, angle, turning] = state_;
    const double cosine = std::cos(angle), sine = std::sin(angle), force = action == 1 ? kForce : -kForce;
    const double push = (force + kPoleMass * kHalfLength * turning * turning * sine) / kTotalMass;
    const double turn =
        (kGravity * sine - cosine * push) / (kHalfLength * (4.0 / 3.0 - kPoleMass * cosine * cosine / kTotalMass));
    const double gain = push - kPoleMass * kHalfLength * turn * cosine / kTotalMass;
    x += kTick * speed, speed += kTick * gain, angle += kTick * turning, turning += kTick * turn;
    const bool fell = std::abs(x) > 2.4 || std::abs(angle) > 12 * kPi / 180;
    return {1, fell, false};
  }

  std::array<float, 4> observation() const override {
    constexpr std::array<double, 4> kLimits = {2.4, 5, kPi / 12, 2 * kPi};
    std::array<float, 4> scaled;
    for (size_t i = 0; i < 4; ++i) scaled[i] = static_cast<float>(state_[i] / kLimits[i]);
    return scaled;
  }

 private:
  std::array<double, 4> state_{};
};

class Acrobot : public VectorEnvironment<6> {
 public:
  Acrobot() : VectorEnvironment("acrobot", {"left", "none", "right"}, 500) {}

 protected:
  using State = std::array<double, 4>;  // two angles, two speeds

  void begin(uint64_t seed, uint64_t episode) override {
    RandomDraws draws(seed, episode + 1);
    for (double& s : state_) s = -0.1 + 0.2 * draws.uniform();
  }

  ImagePixels picture() const override {
    Sketch sketch;
    const double x = 0.5 + 0.22 * std::sin(state_[0]), y = 0.5 + 0.22 * std::cos(state_[0]);
    const double both = state_[0] + state_[1];
    sketch.line(0, 0.28, 1, 0.28, 0.008, kGroundLine);  // to be swung above: one length over the axis
    sketch.line(0.5, 0.5, x, y, 0.045, kCart);
    sketch.line(x, y, x + 0.22 * std::sin(both), y + 0.22 * std::cos(both), 0.045, kPole);
    return sketch.take();
  }

  Outcome move(int action) override {
    constexpr double kTick = 0.2;
    const double torque = action - 1;
    const auto ahead = [&](const State& slope, double time) {
      State s = state_;
      for (size_t i = 0; i < 4; ++i) s[i] += time * slope[i];
      return s;
    };
    const State k1 = slope(state_, torque), k2 = slope(ahead(k1, kTick / 2), torque),
                k3 = slope(ahead(k2, kTick / 2), torque), k4 = slope(ahead(k3, kTick), torque);
    for (size_t i = 0; i < 4; ++i) state_[i] += kTick / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
    for (size_t i = 0; i < 2; ++i) state_[i] = std::remainder(state_[i], 2 * kPi);
    state_[2] = std::clamp(state_[2], -4 * kPi, 4 * kPi);
    state_[3] = std::clamp(state_[3], -9 * kPi, 9 * kPi);
    const bool swung_up = -std::cos(state_[0]) - std::cos(state_[1] + state_[0]) > 1;
    return {swung_up ? 0.0 : -1.0, swung_up, false};
  }

  std::array<float, 6> observation() const override {
    // The speeds are divided by 5, as NUMERICS 5.8 has it, though they may reach 4 pi and 9 pi.
    const std::array<double, 6> numbers = {std::cos(state_[0]), std::sin(state_[0]), std::cos(state_[1]),
                                           std::sin(state_[1]), state_[2] / 5,       state_[3] / 5};
    std::array<float, 6> scaled;
    for (size_t i = 0; i < 6; ++i) scaled[i] = static_cast<float>(numbers[i]);
    return scaled;
  }

 private:
  /// The book's equations of motion with unit masses and lengths.
  static State slope(const State& s, double torque) {
    constexpr double kGravity = 9.8, kMass = 1, kLength = 1, kCentre = 0.5, kInertia = 1;
    const auto [angle1, angle2, speed1, speed2] = s;
    const double d1 = kMass * kCentre * kCentre +
                      kMass * (kLength * kLength + kCentre * kCentre + 2 * kLength * kCentre * std::cos(angle2)) +
                      2 * kInertia;
    const double d2 = kMass * (kCentre * kCentre + kLength * kCentre * std::cos(angle2)) + kInertia;
    const double phi2 = kMass * kCentre * kGravity * std::cos(angle1 + angle2 - kPi / 2);
    const double phi1 = -kMass * kLength * kCentre * speed2 * speed2 * std::sin(angle2) -
                        2 * kMass * kLength * kCentre * speed2 * speed1 * std::sin(angle2) +
                        (kMass * kCentre + kMass * kLength) * kGravity * std::cos(angle1 - kPi / 2) + phi2;
    const double gain2 =
        (torque + d2 / d1 * phi1 - kMass * kLength * kCentre * speed1 * speed1 * std::sin(angle2) - phi2) /
        (kMass * kCentre * kCentre + kInertia - d2 * d2 / d1);
    return {speed1, speed2, -(d2 * gain2 + phi1) / d1, gain2};
  }

  State state_{};
};

}  // namespace

std::unique_ptr<Environment> make_cartpole() { return std::make_unique<CartPole>(); }
std::unique_ptr<Environment> make_acrobot() { return std::make_unique<Acrobot>(); }

}  // namespace moescope::rl
