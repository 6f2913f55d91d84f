// Plain loops, sums in double: it proves what is asked of the library, not how the library rounds.
#include "support/cuda_fake/dnn_program.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "compute/cuda/on_host/machine.h"

namespace cuda_fake {
namespace {

using Values = std::vector<float>;

uint16_t to_bits(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  return static_cast<uint16_t>((bits + 0x7FFFu + (bits >> 16 & 1)) >> 16);
}
float from_bits(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

/// each(dense index, place by the strides)
template <class Each>
void for_each_element(const DnnTensor& t, Each&& each) {
  int64_t dense = 0;
  for (int64_t a = 0; a < t.dims[0]; ++a)
    for (int64_t b = 0; b < t.dims[1]; ++b)
      for (int64_t c = 0; c < t.dims[2]; ++c)
        for (int64_t d = 0; d < t.dims[3]; ++d)
          each(static_cast<size_t>(dense++),
               static_cast<size_t>(a * t.strides[0] + b * t.strides[1] + c * t.strides[2] + d * t.strides[3]));
}

class Machine {
 public:
  Machine(const DnnProgram& program, const std::map<int64_t, void*>& memory, const std::map<int64_t, float>& given)
      : program_(program), memory_(memory) {
    for (const auto& [number, value] : given) values_[number] = {value};
  }

  void run(const DnnStep& step) {
    switch (step.verb) {
      case DnnVerb::multiply: multiply(step); break;
      case DnnVerb::add_columns: add_columns(step); break;
      case DnnVerb::reshape: reshape(step); break;
      case DnnVerb::attention: attention(step); break;
      default: pointwise(step);
    }
  }

 private:
  const DnnTensor& tensor(int64_t number) const { return program_.tensors.at(number); }

  const Values& read(int64_t number) {
    Values& values = values_[number];
    const DnnTensor& t = tensor(number);
    if (!values.empty() || t.is_virtual || t.by_value) return values;
    values.resize(static_cast<size_t>(t.size()));
    const void* from = memory_.at(number);
    for_each_element(t, [&](size_t dense, size_t place) {
      values[dense] =
          t.is_bf16 ? from_bits(static_cast<const uint16_t*>(from)[place]) : static_cast<const float*>(from)[place];
    });
    return values;
  }

  void write(int64_t number, Values values) {
    const DnnTensor& t = tensor(number);
    if (t.is_bf16)
      for (float& v : values) v = from_bits(to_bits(v));
    if (!t.is_virtual) {
      void* to = memory_.at(number);
      for_each_element(t, [&](size_t dense, size_t place) {
        if (t.is_bf16)
          static_cast<uint16_t*>(to)[place] = to_bits(values[dense]);
        else
          static_cast<float*>(to)[place] = values[dense];
        const size_t bytes = t.is_bf16 ? 2 : 4;
        moescope::cuda::on_host::mark_initialised(static_cast<std::byte*>(to) + place * bytes, bytes);
      });
    }
    values_[number] = std::move(values);
  }

  void multiply(const DnnStep& step) {
    const Values &a = read(step.in[0]), &b = read(step.in[1]);
    const DnnTensor &x = tensor(step.in[0]), &y = tensor(step.out[0]);
    const int64_t rows = y.dims[2], columns = y.dims[3], inner = x.dims[3];
    Values sums(static_cast<size_t>(y.size()));
    for (int64_t one = 0; one < y.dims[0] * y.dims[1]; ++one)
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < columns; ++j) {
          double sum = 0;
          for (int64_t l = 0; l < inner; ++l)
            sum += static_cast<double>(a[static_cast<size_t>((one * rows + i) * inner + l)]) *
                   static_cast<double>(b[static_cast<size_t>((one * inner + l) * columns + j)]);
          sums[static_cast<size_t>((one * rows + i) * columns + j)] = static_cast<float>(sum);
        }
    write(step.out[0], std::move(sums));
  }

  /// The value of `number` at place `dense` of a tensor shaped like `y`; sizes of 1 are the same everywhere.
  float spread(int64_t number, const DnnTensor& y, int64_t dense) {
    const DnnTensor& t = tensor(number);
    int64_t at = 0, stride = 1;
    for (size_t axis = 4; axis-- > 0; dense /= y.dims[axis]) {
      if (t.dims[axis] > 1) at += dense % y.dims[axis] * stride;
      stride *= t.dims[axis];
    }
    return read(number)[static_cast<size_t>(at)];
  }

  void pointwise(const DnnStep& step) {
    const DnnTensor& y = tensor(step.out[0]);
    Values values(static_cast<size_t>(y.size()));
    for (int64_t i = 0; i < y.size(); ++i) {
      const float x = spread(step.in[0], y, i), b = step.in.size() > 1 ? spread(step.in[1], y, i) : 0;
      values[static_cast<size_t>(i)] = step.verb == DnnVerb::times   ? x * b
                                       : step.verb == DnnVerb::minus ? x - b
                                                                     : std::exp(x);
    }
    write(step.out[0], std::move(values));
  }

  void add_columns(const DnnStep& step) {
    const Values& x = read(step.in[0]);
    const auto columns = static_cast<size_t>(tensor(step.in[0]).dims[3]);
    Values sums;
    for (size_t begin = 0; begin < x.size(); begin += columns) {
      double sum = 0;
      for (size_t i = 0; i < columns; ++i) sum += static_cast<double>(x[begin + i]);
      sums.push_back(static_cast<float>(sum));
    }
    write(step.out[0], std::move(sums));
  }

  /// The same storage seen through other strides.
  void reshape(const DnnStep& step) {
    const DnnTensor &x = tensor(step.in[0]), &y = tensor(step.out[0]);
    const Values& from = read(step.in[0]);
    Values storage(static_cast<size_t>(std::max(x.extent(), y.extent()))), values(static_cast<size_t>(y.size()));
    for_each_element(x, [&](size_t dense, size_t place) { storage[place] = from[dense]; });
    for_each_element(y, [&](size_t dense, size_t place) { values[dense] = storage[place]; });
    write(step.out[0], std::move(values));
  }

  void attention(const DnnStep& step) {
    const Values &q = read(step.in[0]), &k = read(step.in[1]), &v = read(step.in[2]);
    const DnnTensor &shape = tensor(step.in[0]), &keys_shape = tensor(step.in[1]);
    const auto width = static_cast<size_t>(shape.dims[3]), keys = static_cast<size_t>(keys_shape.dims[2]),
               queries = static_cast<size_t>(shape.dims[2]);
    const double scale = static_cast<double>(read(step.in[3])[0]);
    Values out(q.size()), log_sums;
    std::vector<double> p(keys);
    for (size_t row = 0; row < q.size() / width; ++row) {
      const size_t first = row / queries * keys * width;  // of the head's keys
      double sum = 0;
      for (size_t j = 0; j < keys; ++j) {
        double dot = 0;
        for (size_t w = 0; w < width; ++w)
          dot += static_cast<double>(q[row * width + w]) * static_cast<double>(k[first + j * width + w]);
        sum += p[j] = std::exp(scale * dot);
      }
      for (size_t w = 0; w < width; ++w) {
        double mixed = 0;
        for (size_t j = 0; j < keys; ++j) mixed += p[j] / sum * static_cast<double>(v[first + j * width + w]);
        out[row * width + w] = static_cast<float>(mixed);
      }
      log_sums.push_back(static_cast<float>(std::log(sum)));
    }
    write(step.out[0], std::move(out));
    write(step.out[1], std::move(log_sums));
  }

  const DnnProgram& program_;
  const std::map<int64_t, void*>& memory_;
  std::map<int64_t, Values> values_;
};

}  // namespace

int64_t DnnTensor::extent() const {
  int64_t last = 0;
  for (size_t i = 0; i < 4; ++i) last += (dims[i] - 1) * strides[i];
  return last + 1;
}

void run_program(const DnnProgram& program, const std::map<int64_t, void*>& memory,
                 const std::map<int64_t, float>& values) {
  Machine machine(program, memory, values);
  for (const DnnStep& step : program.steps) machine.run(step);
}

}  // namespace cuda_fake
