// A table of numbers as a heat map with named rows and columns: hover reads a cell, a click chooses it.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "widgets/ui/rect.h"
#include "widgets/ui/textures.h"

namespace moescope::plots {

struct Matrix {
  int64_t rows = 0, columns = 0;
  std::span<const float> values;  // row-major, in the order in which they are drawn
  float low = 0, high = 1;
  std::string low_name, high_name;  // beside the colour bar; none: there is no bar
  uint64_t key = 0, version = 0;    // of the texture
  std::function<std::string(int64_t)> row_name, column_name;
  std::function<int64_t(int64_t)> row_expert, column_expert;  // -1 or none: no swatch
  int64_t lit_row = -1, lit_column = -1;
  std::string row_title, column_title;  // "true class", "predicted"
};

struct MatrixHit {
  int64_t row = -1, column = -1;
  bool clicked = false;
};

/// Draws the matrix with names left of it and above it, as large as fits.
MatrixHit draw_matrix(const ui::Rect& area, ui::Textures& textures, const Matrix& matrix);

}  // namespace moescope::plots
