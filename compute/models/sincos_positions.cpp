// One table for all images of a model.
#include "compute/models/sincos_positions.h"

#include <cmath>

namespace moescope {
namespace {

/// omega_i = 10000^(-i/(D/4-1)); a row is sin(x w), cos(x w), sin(y w), cos(y w) for column x and row y of the patch.
void fill_sincos2d(float* table, int64_t grid_height, int64_t grid_width, int64_t features) {
  const int64_t quarter = features / 4;
  for (int64_t y = 0; y < grid_height; ++y) {
    for (int64_t x = 0; x < grid_width; ++x) {
      float* row = table + (y * grid_width + x) * features;
      for (int64_t i = 0; i < quarter; ++i) {
        const double omega = std::pow(10000.0, -static_cast<double>(i) / static_cast<double>(quarter - 1));
        const double at_x = static_cast<double>(x) * omega, at_y = static_cast<double>(y) * omega;
        row[i] = static_cast<float>(std::sin(at_x));
        row[quarter + i] = static_cast<float>(std::cos(at_x));
        row[2 * quarter + i] = static_cast<float>(std::sin(at_y));
        row[3 * quarter + i] = static_cast<float>(std::cos(at_y));
      }
    }
  }
}

}  // namespace

Buffer sincos_positions(int64_t grid_height, int64_t grid_width, int64_t features, bool class_token) {
  Buffer table({grid_height * grid_width + (class_token ? 1 : 0), features});
  fill_sincos2d(table.f32() + (class_token ? features : 0), grid_height, grid_width, features);
  return table;
}

}  // namespace moescope
