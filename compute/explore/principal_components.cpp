// Covariance in double, then a few hundred multiplications by it.
#include "compute/explore/principal_components.h"

#include <algorithm>
#include <cmath>

namespace moescope {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// Takes `other` out of v and makes it a unit vector; false when nothing is left.
bool orthonormalize(Vector& v, const Vector* other) {
  if (other) {
    const double along = dot(v, *other);
    for (size_t i = 0; i < v.size(); ++i) v[i] -= along * (*other)[i];
  }
  const double length = std::sqrt(dot(v, v));
  if (!(length > 1e-30)) return false;
  for (double& x : v) x /= length;
  return true;
}

Vector times(const Vector& matrix, const Vector& v) {
  Vector out(v.size(), 0);
  for (size_t i = 0; i < v.size(); ++i)
    for (size_t j = 0; j < v.size(); ++j) out[i] += matrix[i * v.size() + j] * v[j];
  return out;
}

/// The covariance's main direction at right angles to `other`; zeros when the rows do not differ there.
Vector main_direction(const Vector& covariance, size_t width, const Vector* other) {
  Vector v(width);
  for (size_t i = 0; i < width; ++i) v[i] = 1 + std::sin(static_cast<double>(i));  // along no axis
  if (!orthonormalize(v, other)) return Vector(width, 0);
  for (int step = 0; step < 500; ++step) {
    Vector next = times(covariance, v);
    if (!orthonormalize(next, other)) return Vector(width, 0);
    const double change = 1 - std::abs(dot(next, v));
    v = std::move(next);
    if (change < 1e-14) break;
  }
  const auto largest =
      std::max_element(v.begin(), v.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  if (*largest < 0)
    for (double& x : v) x = -x;
  return v;
}

}  // namespace

PrincipalComponents principal_components(const std::vector<float>& rows, int64_t columns) {
  const auto width = static_cast<size_t>(columns), n = rows.size() / width;
  Vector mean(width, 0), covariance(width * width, 0), row(width);
  for (size_t i = 0; i < rows.size(); ++i) mean[i % width] += rows[i] / static_cast<double>(n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t c = 0; c < width; ++c) row[c] = rows[i * width + c] - mean[c];
    for (size_t a = 0; a < width; ++a)
      for (size_t b = 0; b < width; ++b) covariance[a * width + b] += row[a] * row[b] / static_cast<double>(n);
  }
  const Vector first = main_direction(covariance, width, nullptr), second = main_direction(covariance, width, &first);
  PrincipalComponents result;
  double total = 0;
  for (size_t c = 0; c < width; ++c) total += covariance[c * width + c];
  if (total > 0) {
    result.explained_x = dot(first, times(covariance, first)) / total;
    result.explained_y = dot(second, times(covariance, second)) / total;
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t c = 0; c < width; ++c) row[c] = rows[i * width + c] - mean[c];
    result.points.push_back(static_cast<float>(dot(row, first)));
    result.points.push_back(static_cast<float>(dot(row, second)));
  }
  return result;
}

}  // namespace moescope
