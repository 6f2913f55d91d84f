// Shapes and views.
#include "compute/core/tensor.h"

#include "compute/core/error.h"

namespace moescope {

int64_t bytes_of(DType type) { return type == DType::u8 ? 1 : 4; }

Shape::Shape(std::initializer_list<int64_t> extents) {
  for (int64_t extent : extents) push_back(extent);
}

void Shape::push_back(int64_t extent) {
  if (rank_ == kMaxRank) throw ShapeError("a shape has at most 6 axes");
  if (extent < 0) throw ShapeError("a shape has no negative extent");
  extents_[rank_++] = extent;
}

int64_t Shape::size() const {
  int64_t n = 1;
  for (int i = 0; i < rank_; ++i) n *= extents_[i];
  return n;
}

bool Shape::operator==(const Shape& other) const {
  if (rank_ != other.rank_) return false;
  for (int i = 0; i < rank_; ++i)
    if (extents_[i] != other.extents_[i]) return false;
  return true;
}

std::string Shape::text() const {
  std::string s = "(";
  for (int i = 0; i < rank_; ++i) s += (i ? "," : "") + std::to_string(extents_[i]);
  return s + ")";
}

Tensor Tensor::reshaped(Shape shape) const {
  check_shape(shape.size() == size(), [&] { return "cannot view " + shape_.text() + " as " + shape.text(); });
  return Tensor(data_, shape, type_, device_);
}

Tensor Tensor::rows(int64_t begin, int64_t end) const {
  check_shape(rank() > 0 && begin >= 0 && begin <= end && end <= dim(0), [&] {
    return "rows [" + std::to_string(begin) + "," + std::to_string(end) + ") are not within " + shape_.text();
  });
  Shape shape{end - begin};
  int64_t row_size = 1;
  for (int i = 1; i < rank(); ++i) shape.push_back(dim(i)), row_size *= dim(i);
  return Tensor(static_cast<std::byte*>(data_) + begin * row_size * bytes_of(type_), shape, type_, device_);
}

Tensor Tensor::row(int64_t i) const {
  const Tensor one = rows(i, i + 1);
  Shape shape;
  for (int axis = 1; axis < rank(); ++axis) shape.push_back(dim(axis));
  return one.reshaped(shape);
}

std::string describe(const char* name, const Tensor& t) { return std::string(name) + " " + t.shape().text(); }

}  // namespace moescope
