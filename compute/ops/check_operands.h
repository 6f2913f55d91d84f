// What the doors of the ops share: shape checks that name both operands, and how fine work is split between threads.
#pragma once

#include <algorithm>
#include <string>

#include "compute/core/error.h"
#include "compute/core/tensor.h"

namespace moescope {

/// Throws ShapeError "op: a (2,3) and b (2,4) disagree: expected <what>" unless ok.
inline void check_pair(bool ok, const char* op, const char* a_name, const Tensor& a, const char* b_name,
                       const Tensor& b, const char* expected) {
  check_shape(ok, [&] {
    return std::string(op) + ": " + describe(a_name, a) + " and " + describe(b_name, b) + " disagree: expected " +
           expected;
  });
}

inline void check_same_size(const char* op, const char* a_name, const Tensor& a, const char* b_name, const Tensor& b) {
  check_pair(a.size() == b.size(), op, a_name, a, b_name, b, "the same number of elements");
}

/// b has as many rows and columns as a, both seen as matrices over their last axis.
inline void check_same_matrix(const char* op, const char* a_name, const Tensor& a, const char* b_name,
                              const Tensor& b) {
  check_pair(a.rank() > 0 && b.rank() > 0 && a.size() == b.size() && a.dim(-1) == b.dim(-1), op, a_name, a, b_name, b,
             "the same rows and columns");
}

/// vector holds one number per column of `matrix`.
inline void check_columns(const char* op, const char* matrix_name, const Tensor& matrix, const char* vector_name,
                          const Tensor& vector) {
  check_pair(matrix.rank() > 0 && vector.size() == matrix.dim(-1), op, matrix_name, matrix, vector_name, vector,
             "one number per column");
}

/// vector holds one number per row of `matrix`.
inline void check_rows(const char* op, const char* matrix_name, const Tensor& matrix, const char* vector_name,
                       const Tensor& vector) {
  check_pair(matrix.rank() > 0 && vector.size() * matrix.dim(-1) == matrix.size(), op, matrix_name, matrix, vector_name,
             vector, "one number per row");
}

/// Rows and columns of a tensor seen as a matrix over its last axis.
inline int64_t columns_of(const Tensor& t) { return t.dim(-1); }
inline int64_t rows_of(const Tensor& t) { return t.dim(-1) == 0 ? 0 : t.size() / t.dim(-1); }

/// Numbers that are worth handing to a second thread: about 5 microseconds of streaming, what waking one costs.
inline constexpr int64_t kGrain = 16384;
inline int64_t row_grain(int64_t columns) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, columns)); }

}  // namespace moescope
