// Grouped matrix products; the activation is computed again on the way back rather than kept. A few experts at a time:
// what lives only between two products stays near the caches, and costs no memory for all of them.
#include "compute/moe/experts.h"

#include <algorithm>

#include "compute/backends/precision.h"
#include "compute/backends/thread_pool.h"
#include "compute/nn/row_slices.h"
#include "compute/ops/activation/activation.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/ops/narrow_experts/narrow_experts.h"
#include "compute/ops/reduce/reduce.h"

namespace moescope {
namespace {

constexpr double kBiasDeviation = 1e-6;  // NUMERICS 1.8

/// Rows [begin, end) of experts [first, last); `offset` counts from `begin`.
struct ExpertSlice {
  int64_t first, last, begin, end;
  const int32_t* offset;

  Tensor of(const Tensor& x) const { return x.rows(begin, end); }
};

/// Rows that a slice has at most, of `max_rows`.
int64_t most_at_once(int64_t max_rows) { return std::min(max_rows, 2 * kRowsAtOnce); }

/// Rows of every expert when they all have the same number, else 0.
int64_t rows_each(int64_t experts, const int32_t* offset) {
  for (int64_t e = 0; e < experts; ++e)
    if (offset[e + 1] - offset[e] != offset[1]) return 0;
  return offset[1];
}

/// Cuts the rows of `experts` experts into slices. Experts with equally many rows stay whole and come as many at a time
/// as share out evenly among the threads; others are cut wherever a slice ends.
template <class Body>
void for_expert_slices(int64_t experts, const int32_t* offset, Arena& arena, Body&& body) {
  const ArenaScope scope(arena);
  const Tensor clipped = arena.make({experts + 1}, DType::i32);
  const int64_t rows = offset[experts], threads = cpu_pool().num_threads();
  const int64_t together = rows_each(experts, offset) * (experts % threads == 0 ? threads : 1);
  const int64_t unit = together > 0 && together <= kRowsAtOnce ? together : 1;
  int64_t first = 0;
  for_row_slices(rows / unit, unit, [&](int64_t begin, int64_t end) {
    begin *= unit, end *= unit;
    while (offset[first + 1] <= begin) ++first;
    int64_t last = first;
    for (; last < experts && offset[last] < end; ++last)
      clipped.i32()[last - first] = static_cast<int32_t>(std::max<int64_t>(offset[last], begin) - begin);
    clipped.i32()[last - first] = static_cast<int32_t>(end - begin);
    body(ExpertSlice{first, last, begin, end, clipped.i32()});
  });
}

}  // namespace

Experts::Experts(ParameterSet& parameters, const std::string& prefix, const MoeLayerShape& shape) : shape_(shape) {
  const int64_t experts = shape.num_experts, width = shape.width, columns = hidden_columns();
  const auto init = [&](Init one) { return shape.identical_init ? one.identical(experts) : one; };
  const auto add = [&](const char* name, Shape extents, ParameterRole role, Init one) {
    return parameters.add(joined(prefix, name), extents, role, init(one));
  };
  w1_ = add("w1", {experts, width, columns}, ParameterRole::kernel, Init::xavier_uniform(width, columns));
  b1_ = add("b1", {experts, columns}, ParameterRole::bias, Init::normal(kBiasDeviation));
  w2_ = add("w2", {experts, shape.hidden, width}, ParameterRole::kernel, Init::xavier_uniform(shape.hidden, width));
  b2_ = add("b2", {experts, width}, ParameterRole::bias, Init::normal(kBiasDeviation));
}

int64_t Experts::hidden_columns() const {
  return shape_.activation == Activation::geglu ? 2 * shape_.hidden : shape_.hidden;
}

/// Small agents' experts are made whole, a block of rows at a time.
bool Experts::narrow() const {
  return shape_.activation == Activation::relu && shape_.width <= kNarrowWidth &&
         matmul_precision() == Precision::float32;
}

void Experts::forward(int64_t first, int64_t last, const int32_t* offset, const Tensor& rows, const Tensor& hidden,
                      const Tensor& outputs, int64_t max_rows, Arena& arena) const {
  if (narrow()) {
    const auto value = [&](const Parameter* p) { return p->value.rows(first, last); };
    narrow_experts(rows, offset, {value(w1_), value(b1_), value(w2_), value(b2_)}, hidden, outputs);
    return;
  }
  const ArenaScope scope(arena);
  const int64_t most = most_at_once(max_rows);
  const bool in_place = shape_.activation != Activation::geglu;
  const Tensor scratch = arena.make({most, shape_.hidden});
  const Tensor unkept = hidden.empty() && !in_place ? arena.make({most, hidden_columns()}) : scratch;
  for_expert_slices(last - first, offset, arena, [&](const ExpertSlice& s) {
    const auto of_experts = [&](const Parameter* p) { return p->value.rows(first + s.first, first + s.last); };
    const Tensor activated = scratch.rows(0, s.end - s.begin);
    const Tensor inner = hidden.empty() ? unkept.rows(0, s.end - s.begin) : s.of(hidden);
    grouped_matmul(s.of(rows), s.offset, of_experts(w1_), inner, {}, of_experts(b1_));
    activation(shape_.activation, inner, activated);
    grouped_matmul(activated, s.offset, of_experts(w2_), s.of(outputs), {}, of_experts(b2_));
  });
}

void Experts::backward(int64_t first, int64_t last, const int32_t* offset, const Tensor& rows, const Tensor& hidden,
                       const Tensor& doutputs, const Tensor& drows, int64_t max_rows, Arena& arena) const {
  if (narrow()) {
    const auto value = [&](const Parameter* p) { return p->value.rows(first, last); };
    const auto gradient = [&](const Parameter* p) { return p->gradient.rows(first, last); };
    narrow_experts_backward(rows, offset, {value(w1_), value(b1_), value(w2_), value(b2_)}, hidden, doutputs, drows,
                            {gradient(w1_), gradient(b1_), gradient(w2_), gradient(b2_)});
    return;
  }
  const ArenaScope scope(arena);
  const int64_t most = most_at_once(max_rows);
  const bool in_place = shape_.activation != Activation::geglu;
  const Tensor activated_rows = arena.make({most, shape_.hidden});
  const Tensor dactivated_rows = arena.make({most, shape_.hidden});
  const Tensor dhidden_rows = in_place ? dactivated_rows : arena.make({most, hidden_columns()});
  for_expert_slices(last - first, offset, arena, [&](const ExpertSlice& s) {
    const auto value = [&](const Parameter* p) { return p->value.rows(first + s.first, first + s.last); };
    const auto gradient = [&](const Parameter* p) { return p->gradient.rows(first + s.first, first + s.last); };
    const int64_t count = s.end - s.begin;
    const Tensor activated = activated_rows.rows(0, count), dactivated = dactivated_rows.rows(0, count),
                 dhidden = dhidden_rows.rows(0, count);
    grouped_matmul(s.of(doutputs), s.offset, value(w2_), dactivated, {.transpose_b = true});
    activation_backward(shape_.activation, s.of(hidden), dactivated, dhidden, activated);
    grouped_matmul_weights(activated, s.offset, s.of(doutputs), gradient(w2_));
    add_column_sums_grouped(s.of(doutputs), s.offset, gradient(b2_));
    grouped_matmul_weights(s.of(rows), s.offset, dhidden, gradient(w1_));
    add_column_sums_grouped(dhidden, s.offset, gradient(b1_));
    grouped_matmul(dhidden, s.offset, value(w1_), s.of(drows), {.transpose_b = true});
  });
}

}  // namespace moescope
