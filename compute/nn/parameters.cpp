// Registration, placement and initial draws.
#include "compute/nn/parameters.h"

#include <cmath>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "compute/core/rng.h"

namespace moescope {
namespace {

constexpr int64_t kAlignFloats = 16;  // each parameter begins on a cache line

int64_t padded(int64_t n) { return (n + kAlignFloats - 1) / kAlignFloats * kAlignFloats; }

uint64_t hash(const std::string& name) {  // FNV-1a: a stream of its own for each name
  uint64_t h = 0xCBF29CE484222325ull;
  for (char c : name) h = (h ^ static_cast<uint8_t>(c)) * 0x100000001B3ull;
  return h;
}

void draw(const Parameter& p, uint64_t seed, float* out) {
  const int64_t n = p.value.size() / p.init.copies;
  Rng rng(seed, RngPurpose::init, hash(p.name));
  switch (p.init.kind) {
    case Init::Kind::constant:
      for (int64_t i = 0; i < n; ++i) out[i] = static_cast<float>(p.init.value);
      break;
    case Init::Kind::normal: rng.fill_normal(out, n, static_cast<float>(p.init.value)); break;
    case Init::Kind::uniform:
      rng.fill_uniform(out, n, -static_cast<float>(p.init.value), static_cast<float>(p.init.value));
      break;
    case Init::Kind::lecun_normal:
      rng.fill_truncated_normal(out, n, static_cast<float>(1 / std::sqrt(static_cast<double>(p.init.fan_in))));
      break;
    case Init::Kind::xavier_uniform: {
      const float limit = static_cast<float>(std::sqrt(6.0 / static_cast<double>(p.init.fan_in + p.init.fan_out)));
      rng.fill_uniform(out, n, -limit, limit);
      break;
    }
  }
  for (int64_t copy = 1; copy < p.init.copies; ++copy)
    std::memcpy(out + copy * n, out, static_cast<size_t>(n) * sizeof(float));
}

}  // namespace

Parameter* ParameterSet::add(std::string name, Shape shape, ParameterRole role, Init init) {
  if (find(name)) throw std::logic_error("two parameters are called " + name);
  Parameter& p = list_.emplace_back();
  p.name = std::move(name);
  p.shape = shape;
  p.role = role;
  p.init = init;
  p.offset = padded_;
  padded_ += padded(shape.size());
  return &p;
}

void ParameterSet::allocate(Memory& memory, uint64_t seed) {
  value_buffer_ = Buffer(memory, {padded_});
  gradient_buffer_ = Buffer(memory, {padded_});
  values_ = value_buffer_.tensor();
  gradients_ = gradient_buffer_.tensor();
  for (Parameter& p : list_) {
    p.value = values_.rows(p.offset, p.offset + p.shape.size()).reshaped(p.shape);
    p.gradient = gradients_.rows(p.offset, p.offset + p.shape.size()).reshaped(p.shape);
    draw(p, seed, p.value.f32());
  }
}

void ParameterSet::allocate_values(Memory& memory) {
  value_buffer_ = Buffer(memory, {padded_});
  values_ = value_buffer_.tensor();
  for (Parameter& p : list_) p.value = values_.rows(p.offset, p.offset + p.shape.size()).reshaped(p.shape);
}

const Parameter* ParameterSet::find(std::string_view name) const {
  for (const Parameter& p : list_)
    if (p.name == name) return &p;
  return nullptr;
}

Parameter* ParameterSet::find(std::string_view name) { return const_cast<Parameter*>(std::as_const(*this).find(name)); }

int64_t ParameterSet::count() const {
  int64_t n = 0;
  for (const Parameter& p : list_) n += p.shape.size();
  return n;
}

void ParameterSet::zero_gradients() { std::memset(gradients_.data(), 0, static_cast<size_t>(gradients_.bytes())); }

}  // namespace moescope
