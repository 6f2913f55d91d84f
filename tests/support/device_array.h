// Device memory for tests of kernels on the host, and what runs a case in several thread orders.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

#include "compute/core/tensor.h"
#include "compute/cuda/on_host/machine.h"

namespace moescope::cuda {

/// `size` numbers that kernels may touch and nothing else may be near: uninitialised (NaN) unless made from a tensor.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(int64_t size) : size_(size) {
    void* data = nullptr;  // as a device aligns it; any size, where aligned_alloc wants multiples
    if (posix_memalign(&data, 256, bytes()) != 0) throw std::bad_alloc();
    data_ = static_cast<T*>(data);
    std::memset(static_cast<void*>(data_), 0xff, bytes());
    on_host::register_allocation(data_, bytes());
  }
  DeviceArray(const T* from, int64_t size) : DeviceArray(size) { fill(from); }
  explicit DeviceArray(const Tensor& t) : DeviceArray(static_cast<const T*>(t.data()), t.size()) {}
  explicit DeviceArray(const std::vector<T>& v) : DeviceArray(v.data(), static_cast<int64_t>(v.size())) {}
  ~DeviceArray() {
    on_host::unregister_allocation(data_);
    std::free(data_);
  }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* get() const { return data_; }
  int64_t size() const { return size_; }
  void fill(const T* from) {
    if (size_ > 0) std::memcpy(static_cast<void*>(data_), from, static_cast<size_t>(size_) * sizeof(T));
    on_host::mark_initialised(data_, bytes());
  }
  /// The numbers as a tensor, for comparisons; only float and int32.
  Tensor tensor() const {
    return {const_cast<void*>(static_cast<const void*>(data_)), Shape{size_},
            sizeof(T) == 4 && T(0.5f) == T(0) ? DType::i32 : DType::f32};
  }
  std::vector<T> host() const { return {data_, data_ + size_}; }

 private:
  size_t bytes() const { return static_cast<size_t>(size_ > 0 ? size_ : 1) * sizeof(T); }
  T* data_;
  int64_t size_;
};

using Floats = DeviceArray<float>;
using Ints = DeviceArray<int32_t>;

/// The number that 16 bits of bfloat16 stand for.
inline float on_host_float(uint16_t bf16) {
  const uint32_t bits = static_cast<uint32_t>(bf16) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// The launch worked; otherwise the machine's words.
inline void expect_ran(cudaError_t error) {
  EXPECT_EQ(error, cudaSuccess) << (error == cudaErrorLaunchFailure ? on_host::last_report() : "");
}

/// Runs the case with threads and blocks forward, in reverse and in two random orders: nothing may depend on it.
template <class Case>
void in_every_order(Case&& run) {
  struct Order {
    on_host::ThreadOrder order;
    unsigned seed;
    const char* name;
  };
  for (const Order& o : {Order{on_host::ThreadOrder::forward, 1, "forward"},
                         {on_host::ThreadOrder::reverse, 1, "reverse"},
                         {on_host::ThreadOrder::random, 1, "random 1"},
                         {on_host::ThreadOrder::random, 2, "random 2"}}) {
    SCOPED_TRACE(o.name);
    on_host::set_order(o.order, o.seed);
    run();
    if (testing::Test::HasFailure()) break;
  }
  on_host::set_order(on_host::ThreadOrder::forward);
}

}  // namespace moescope::cuda
