// Experts can be told apart, by colour or by the second cue, also by eyes that see two of the three primary colours.
#include "widgets/ui/expert_mark.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "support/ui_stage.h"

namespace moescope::ui {
namespace {

using Matrix = std::array<std::array<double, 3>, 3>;
// Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency" (2009),
// table 1, severity 1, on linear RGB.
constexpr Matrix kNormal = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
constexpr Matrix kProtanopia = {
    {{.152286, 1.052583, -.204868}, {.114503, .786281, .099216}, {-.003882, -.048116, 1.051998}}};
constexpr Matrix kDeuteranopia = {
    {{.367322, .860646, -.227968}, {.280085, .672501, .047413}, {-.011820, .042940, .968881}}};
constexpr Matrix kTritanopia = {
    {{1.255528, -.076749, -.178779}, {-.078411, .930809, .147602}, {.004733, .691367, .303900}}};

/// CIE L*a*b* (D65) of a colour as the eye sees it.
std::array<double, 3> lab(ImU32 color, const Matrix& eye) {
  std::array<double, 3> linear{}, seen{};
  for (size_t c = 0; c < 3; ++c) {
    const double v = static_cast<double>((color >> (8 * c)) & 255) / 255;
    linear[c] = v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
  }
  for (size_t row = 0; row < 3; ++row) {
    for (size_t c = 0; c < 3; ++c) seen[row] += eye[row][c] * linear[c];
    seen[row] = std::clamp(seen[row], 0.0, 1.0);
  }
  const auto f = [](double t) { return t > 0.008856 ? std::cbrt(t) : 7.787 * t + 16.0 / 116; };
  const double x = f((.4124 * seen[0] + .3576 * seen[1] + .1805 * seen[2]) / .95047);
  const double y = f(.2126 * seen[0] + .7152 * seen[1] + .0722 * seen[2]);
  const double z = f((.0193 * seen[0] + .1192 * seen[1] + .9505 * seen[2]) / 1.08883);
  return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

TEST(ExpertMark, TheSafePaletteKeepsExpertsApartForEveryEye) {
  demo::Stage stage(100, 100);
  look().palette = Palette::safe;
  for (const Matrix& eye : {kNormal, kProtanopia, kDeuteranopia, kTritanopia})
    for (int64_t a = 0; a < 40; ++a)
      for (int64_t b = a + 1; b < 40; ++b) {
        if (hatch_of(a) != hatch_of(b)) continue;  // the second cue tells them apart
        const auto x = lab(expert_color(a), eye), y = lab(expert_color(b), eye);
        // 2.3 is just noticeable side by side; five times that is seen across a panel.
        EXPECT_GT(std::hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2]), 11.5) << "E" << a << " and E" << b;
      }
  look().palette = Palette::full;
}

TEST(ExpertMark, NoTwoOfTheFirstHundredLookTheSame) {
  demo::Stage stage(100, 100);
  for (int64_t a = 0; a < 100; ++a)
    for (int64_t b = a + 1; b < 100; ++b)
      EXPECT_FALSE(expert_color(a) == expert_color(b) && hatch_of(a) == hatch_of(b)) << a << " " << b;
}

TEST(ExpertMark, AHatchDrawsOverItsColour) {
  demo::Stage stage(100, 100);
  int64_t expert = 0;
  stage.show([&] { fill_expert({10, 10, 40, 40}, expert, 1); });
  stage.frame();
  const int plain = ImGui::GetDrawData()->TotalVtxCount;
  for (expert = 16; expert < 16 * 8; expert += 16) {
    stage.frame();
    EXPECT_GT(ImGui::GetDrawData()->TotalVtxCount, plain) << expert;
  }
}

}  // namespace
}  // namespace moescope::ui
