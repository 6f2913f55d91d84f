// Tensor: a view of contiguous row-major numbers. It owns nothing; an Arena or a Buffer does.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace moescope {

enum class DType : uint8_t { f32, i32, u8 };
enum class Device : uint8_t { cpu, cuda };

int64_t bytes_of(DType type);

/// Up to six extents, outermost first. An empty shape is a scalar of one element.
class Shape {
 public:
  static constexpr int kMaxRank = 6;
  Shape() = default;
  Shape(std::initializer_list<int64_t> extents);

  int rank() const { return rank_; }
  int64_t operator[](int axis) const { return extents_[axis < 0 ? rank_ + axis : axis]; }
  int64_t size() const;
  void push_back(int64_t extent);
  bool operator==(const Shape& other) const;
  std::string text() const;  // "(2,196,768)"

 private:
  std::array<int64_t, kMaxRank> extents_{};
  int rank_ = 0;
};

class Tensor {
 public:
  Tensor() = default;
  Tensor(void* data, Shape shape, DType type = DType::f32, Device device = Device::cpu)
      : data_(data), shape_(shape), type_(type), device_(device) {}

  bool empty() const { return data_ == nullptr; }
  const Shape& shape() const { return shape_; }
  int rank() const { return shape_.rank(); }
  int64_t dim(int axis) const { return shape_[axis]; }  // negative axes count from the end
  int64_t size() const { return shape_.size(); }
  int64_t bytes() const { return size() * bytes_of(type_); }
  DType type() const { return type_; }
  Device device() const { return device_; }

  float* f32() const { return static_cast<float*>(data_); }
  int32_t* i32() const { return static_cast<int32_t*>(data_); }
  uint8_t* u8() const { return static_cast<uint8_t*>(data_); }
  void* data() const { return data_; }

  /// The same elements under another shape of the same size. Throws ShapeError otherwise.
  Tensor reshaped(Shape shape) const;
  /// Rows [begin, end) of the outermost axis.
  Tensor rows(int64_t begin, int64_t end) const;
  /// Element i of the outermost axis, one rank less.
  Tensor row(int64_t i) const;

 private:
  void* data_ = nullptr;
  Shape shape_;
  DType type_ = DType::f32;
  Device device_ = Device::cpu;
};

/// "weights (2,196,8,26)": how a tensor is named in an error.
std::string describe(const char* name, const Tensor& t);

}  // namespace moescope
