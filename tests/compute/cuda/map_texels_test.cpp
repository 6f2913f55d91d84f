// Heat maps from routing weights: the numbers that the host makes of the same weights, to the last bit (of entropies,
// to the last but one).
#include "compute/cuda/kernels/map_texels.h"

#include <cmath>

#include "support/device_array.h"
#include "support/expect_close.h"
#include "support/random_tensor.h"

namespace moescope::cuda {
namespace {

/// The same with plain loops, as widgets/panels/routing_view adds up.
float texel(const MapTexelsArguments& a, const float* weights, int64_t x, int64_t y) {
  const int64_t picture = y / a.grid_height * a.across + x / a.grid_width;
  if (picture >= a.pictures) return a.fill;
  const int64_t token = a.first_token + y % a.grid_height * a.grid_width + x % a.grid_width;
  const float* row = weights + token * a.columns;
  if (a.value == TexelValue::weight) return row[a.first_column + picture] * a.factor;
  float mean = 0;
  double entropy = 0;
  for (int64_t i = 0; i < a.columns; ++i) {
    const float product = row[i] * a.factor;
    mean += product;
    if (row[i] > 0) entropy -= static_cast<double>(row[i]) * std::log(static_cast<double>(row[i]));
  }
  return a.value == TexelValue::mean ? mean / static_cast<float>(a.columns) : static_cast<float>(entropy);
}

// A device's logarithm of a double may differ in its last place, and its product be fused with the sum: rounded to
// float, that is one unit at most.
constexpr double kRounding = 1.2e-7;

struct Case {
  int64_t grid_width, grid_height, columns, first_token, first_column, pictures, across;
};
constexpr Case kCases[] = {{1, 1, 1, 0, 0, 1, 1},   {7, 7, 33, 0, 32, 1, 1},  {5, 3, 31, 1, 0, 31, 7},
                           {14, 14, 8, 1, 0, 8, 3}, {3, 11, 257, 2, 5, 1, 1}, {2, 2, 4, 0, 0, 4, 4}};

TEST(CudaMapTexels, AreTheNumbersOfTheHost) {
  for (const Case& c : kCases)
    for (const TexelValue value : {TexelValue::weight, TexelValue::mean, TexelValue::entropy})
      in_every_order([&] {
        SCOPED_TRACE(std::to_string(c.grid_width) + "x" + std::to_string(c.grid_height) + ", columns " +
                     std::to_string(c.columns) + ", value " + std::to_string(static_cast<int>(value)));
        const int64_t tokens = c.first_token + c.grid_width * c.grid_height;
        const Buffer weights = random_tensor({tokens, c.columns}, 51, 1);
        weights.f32()[0] = 0;  // whose logarithm must not be taken
        MapTexelsArguments a{};
        a.first_token = c.first_token, a.columns = c.columns;
        a.grid_width = c.grid_width, a.grid_height = c.grid_height;
        a.first_column = c.first_column, a.pictures = c.pictures, a.across = c.across;
        a.width = c.across * c.grid_width, a.height = (c.pictures + c.across - 1) / c.across * c.grid_height;
        a.value = value, a.factor = 49.3f, a.fill = -2;
        const Buffer want({a.height, a.width});
        for (int64_t i = 0; i < want.size(); ++i) want.f32()[i] = texel(a, weights.f32(), i % a.width, i / a.width);
        const Floats in(weights), got(want.size());
        a.weights = in.get(), a.texels = got.get();
        expect_ran(launch_map_texels(a, nullptr));
        expect_close(got.tensor(), want, value == TexelValue::entropy ? kRounding : 0, "texels");
      });
}

TEST(CudaMapTexels, APictureThatIsNoneIsRefused) {
  const Floats weights(4), texels(4);
  const MapTexelsArguments good{weights.get(), texels.get(), 0, 1, 2, 2, 2, 2, 0, 1, 1, TexelValue::weight, 1, 0};
  for (const auto spoil : {+[](MapTexelsArguments& a) { a.width = 3; }, +[](MapTexelsArguments& a) { a.height = 3; },
                           +[](MapTexelsArguments& a) { a.columns = 0; }, +[](MapTexelsArguments& a) { a.across = 0; },
                           +[](MapTexelsArguments& a) { a.grid_height = 0; }}) {
    MapTexelsArguments bad = good;
    spoil(bad);
    EXPECT_EQ(launch_map_texels(bad, nullptr), cudaErrorInvalidValue);
  }
}

}  // namespace
}  // namespace moescope::cuda
