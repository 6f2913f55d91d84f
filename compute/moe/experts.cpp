// Grouped matrix products; the activation is computed again on the way back rather than kept.
#include "compute/moe/experts.h"

#include "compute/ops/activation/activation.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/ops/reduce/reduce.h"

namespace moescope {
namespace {

constexpr double kBiasDeviation = 1e-6;  // NUMERICS 1.8

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

void Experts::forward(int64_t first, int64_t last, const int32_t* offset, const Tensor& rows, const Tensor& hidden,
                      const Tensor& outputs, int64_t max_rows, Arena& arena, bool keep) const {
  const ArenaScope scope(arena);
  const bool in_place = !keep && shape_.activation != Activation::geglu;
  const Tensor activated = in_place ? hidden : make_rows(arena, max_rows, rows.dim(0), shape_.hidden);
  grouped_matmul(rows, offset, w1_->value.rows(first, last), hidden, {}, b1_->value.rows(first, last));
  activation(shape_.activation, hidden, activated);
  grouped_matmul(activated, offset, w2_->value.rows(first, last), outputs, {}, b2_->value.rows(first, last));
}

void Experts::backward(int64_t first, int64_t last, const int32_t* offset, const Tensor& rows, const Tensor& hidden,
                       const Tensor& doutputs, const Tensor& drows, int64_t max_rows, Arena& arena) const {
  const ArenaScope scope(arena);
  const Tensor activated = make_rows(arena, max_rows, rows.dim(0), shape_.hidden);
  const Tensor dactivated = make_rows(arena, max_rows, rows.dim(0), shape_.hidden);
  const bool in_place = shape_.activation != Activation::geglu;
  const Tensor dhidden = in_place ? dactivated : make_rows(arena, max_rows, rows.dim(0), hidden_columns());
  grouped_matmul(doutputs, offset, w2_->value.rows(first, last), dactivated, {.transpose_b = true});
  activation_backward(shape_.activation, hidden, dactivated, dhidden, activated);
  grouped_matmul_weights(activated, offset, doutputs, w2_->gradient.rows(first, last));
  add_column_sums_grouped(doutputs, offset, b2_->gradient.rows(first, last));
  grouped_matmul_weights(rows, offset, dhidden, w1_->gradient.rows(first, last));
  add_column_sums_grouped(dhidden, offset, b1_->gradient.rows(first, last));
  grouped_matmul(dhidden, offset, w1_->value.rows(first, last), drows, {.transpose_b = true});
}

}  // namespace moescope
