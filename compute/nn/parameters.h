// The parameters of a model: one flat stretch of values and one of gradients, with a name, shape and role for each
// part.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "compute/core/arena.h"

namespace moescope {

/// What a parameter is for; decides weight decay (train.decay_rule) and how it is listed.
enum class ParameterRole { kernel, bias, norm, position, token, router, slots, scale, head_kernel };

/// How a parameter starts. NUMERICS 1.8 and 4.9.
struct Init {
  enum class Kind { constant, normal, uniform, lecun_normal, xavier_uniform };
  Kind kind = Kind::constant;
  double value = 0;  // the constant, the deviation of a normal, or the limit of a uniform on both sides of 0
  int64_t fan_in = 1, fan_out = 1;
  int64_t copies = 1;  // the outermost axis holds so many equal copies of one draw (identical experts)

  static Init constant(double value) { return {Kind::constant, value, 1, 1, 1}; }
  static Init normal(double std) { return {Kind::normal, std, 1, 1, 1}; }
  static Init uniform(double limit) { return {Kind::uniform, limit, 1, 1, 1}; }
  static Init lecun_normal(int64_t fan_in) { return {Kind::lecun_normal, 0, fan_in, 1, 1}; }
  static Init xavier_uniform(int64_t fan_in, int64_t fan_out) { return {Kind::xavier_uniform, 0, fan_in, fan_out, 1}; }
  Init identical(int64_t n) const {
    Init i = *this;
    i.copies = n;
    return i;
  }
};

struct Parameter {
  std::string name;  // "block3.moe.w1": the names of the golden files
  Shape shape;
  ParameterRole role = ParameterRole::kernel;
  Init init;
  int64_t offset = 0;      // in floats, within the flat tensors
  int64_t first_step = 0;  // of its first update; later than 0 when it joined a model in training (another router)
  Tensor value, gradient;  // bound by allocate()
};

class ParameterSet {
 public:
  /// Registers a parameter; the pointer stays good. Throws std::logic_error when the name is taken.
  Parameter* add(std::string name, Shape shape, ParameterRole role, Init init);
  /// Makes the two flat stretches, binds every parameter, and draws the initial values: each parameter from its own
  /// stream of `seed`, so that adding one does not change the others.
  void allocate(Memory& memory, uint64_t seed);
  /// Only the values, all zero: for a copy of a model that is looked through and never trained.
  void allocate_values(Memory& memory);

  const std::deque<Parameter>& all() const { return list_; }
  std::deque<Parameter>& all() { return list_; }
  Parameter* find(std::string_view name);  // nullptr when there is none
  const Parameter* find(std::string_view name) const;
  const Tensor& values() const { return values_; }  // (padded) flat; the padding stays 0
  const Tensor& gradients() const { return gradients_; }
  int64_t count() const;  // without padding
  void zero_gradients();

 private:
  std::deque<Parameter> list_;
  int64_t padded_ = 0;
  Buffer value_buffer_, gradient_buffer_;
  Tensor values_, gradients_;
};

}  // namespace moescope
