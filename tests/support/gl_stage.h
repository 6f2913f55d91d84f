// An OpenGL context without a window on view, on a display of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "assets/assets.h"
#include "support/ui_own_display.h"
#include "widgets/gl/gl.h"
#include "widgets/gl/heat_map.h"
#include "window/display.h"

namespace moescope::demo {

class GlStage : public testing::Test {
 protected:
  /// A fixture that does more returns when this has skipped the test (IsSkipped()).
  void SetUp() override {
    if (!display_.usable()) GTEST_SKIP() << "Xvfb is not installed: there is no OpenGL";
    WindowOptions options;
    options.visible = false;
    options.scale = 1;
    const auto nobody = [](auto&&...) {};
    context_ = std::make_unique<Display>(options, DisplayEvents{nobody, nobody, nobody, nobody, nobody});
  }
  void TearDown() override { context_.reset(); }

  static gl::HeatMapFiles files() {
    return {shader_path("heatmap.vert").string(), shader_path("heatmap.frag").string(),
            asset_path("colormaps/magma.txt").string()};
  }

  OwnDisplay display_;
  std::unique_ptr<Display> context_;
};

/// Their bits: a NaN is equal to itself.
inline std::vector<uint32_t> bits_of(const std::vector<float>& values) {
  std::vector<uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<uint32_t>(value));
  return bits;
}

inline std::vector<float> floats_of(const gl::Texture& texture) {
  std::vector<float> values(static_cast<size_t>(texture.width()) * static_cast<size_t>(texture.height()));
  glBindTexture(GL_TEXTURE_2D, texture.name());
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glGetTexImage(GL_TEXTURE_2D, 0, GL_RED, GL_FLOAT, values.data());
  return values;
}

inline std::vector<uint8_t> colors_of(const gl::Texture& picture) {
  std::vector<uint8_t> rgba(4 * static_cast<size_t>(picture.width()) * static_cast<size_t>(picture.height()));
  glBindTexture(GL_TEXTURE_2D, picture.name());
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, rgba.data());
  return rgba;
}

}  // namespace moescope::demo
