// What the fake of cuDNN computes: a graph of operations over dense float arrays.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

namespace cuda_fake {

struct DnnTensor {
  int64_t number = 0;
  std::array<int64_t, 4> dims{}, strides{};
  bool is_bf16 = false, is_virtual = false, by_value = false;

  int64_t size() const { return dims[0] * dims[1] * dims[2] * dims[3]; }
  int64_t extent() const;  // elements from the first to the last
};

enum class DnnVerb { multiply, times, minus, exponential, add_columns, reshape, attention };

/// Tensors by number; attention: q, k, v, scale -> out, log_sums.
struct DnnStep {
  DnnVerb verb;
  std::vector<int64_t> in, out;
};

struct DnnProgram {
  std::map<int64_t, DnnTensor> tensors;
  std::vector<DnnStep> steps;
  int64_t workspace_bytes = 0;
};

/// memory: of each tensor that is not virtual. Numbers given by value are read from `values`.
void run_program(const DnnProgram& program, const std::map<int64_t, void*>& memory,
                 const std::map<int64_t, float>& values);

}  // namespace cuda_fake
