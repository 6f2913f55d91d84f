// Floating point. What a device approximates is computed exactly here; see operations.h.
#include "support/ptx/operations.h"
#include "support/ptx/rounding.h"

namespace moescope::cuda::ptx {
namespace {

template <class T>
struct Float {
  static T add(T a, T b) { return a + b; }
  static T subtract(T a, T b) { return a - b; }
  static T multiply(T a, T b) { return a * b; }
  static T divide(T a, T b) { return a / b; }
  static T reciprocal(T a) { return T(1) / a; }
  static T root(T a) { return std::sqrt(a); }
  static T fused(T a, T b, T c) { return std::fma(a, b, c); }
  static T negate(T a) { return -a; }
  static T magnitude(T a) { return std::fabs(a); }
  static T least(T a, T b) { return std::fmin(a, b); }  // of a number and a NaN: the number
  static T largest(T a, T b) { return std::fmax(a, b); }
  static T with_sign(T sign, T of) { return std::copysign(of, sign); }
};

/// A number too small for a normal float becomes zero of its sign.
float flushed(float x) { return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x; }

struct Exactly {  // by way of double, so that the float is the nearest one
  static float power_of_2(float x) { return static_cast<float>(std::exp2(static_cast<double>(x))); }
  static float logarithm_2(float x) { return static_cast<float>(std::log2(static_cast<double>(x))); }
  static float sine(float x) { return static_cast<float>(std::sin(static_cast<double>(x))); }
  static float cosine(float x) { return static_cast<float>(std::cos(static_cast<double>(x))); }
  static float tanh(float x) { return static_cast<float>(std::tanh(static_cast<double>(x))); }
  static float reciprocal(float x) { return 1 / x; }
  static float root(float x) { return std::sqrt(x); }
  static float reciprocal_root(float x) { return static_cast<float>(1 / std::sqrt(static_cast<double>(x))); }
  static float divide(float a, float b) { return a / b; }
};

double reciprocal_root(double x) { return 1 / std::sqrt(x); }

template <float (*f)(float)>
float flushing(float x) {
  return flushed(f(flushed(x)));
}
template <float (*f)(float, float)>
float flushing_both(float a, float b) {
  return flushed(f(flushed(a), flushed(b)));
}

template <class T>
void add_type(Operations& to, const std::string& type) {
  using F = Float<T>;
  for (const char* rounding : {"", ".rn"}) {
    to["add" + (rounding + type)] = computes<F::add>();
    to["sub" + (rounding + type)] = computes<F::subtract>();
    to["mul" + (rounding + type)] = computes<F::multiply>();
  }
  to["fma.rn" + type] = computes<F::fused>();
  to["div.rn" + type] = computes<F::divide>();
  to["rcp.rn" + type] = computes<F::reciprocal>();
  to["sqrt.rn" + type] = computes<F::root>();
  to["neg" + type] = computes<F::negate>();
  to["abs" + type] = computes<F::magnitude>();
  to["min" + type] = computes<F::least>();
  to["max" + type] = computes<F::largest>();
  to["copysign" + type] = computes<F::with_sign>();
}

template <Rounding how>
void add_direction(Operations& to, const std::string& rounding) {
  to["add" + rounding + ".f32"] = computes<add<how>>();
  to["mul" + rounding + ".f32"] = computes<multiply<how>>();
  to["fma" + rounding + ".f32"] = computes<fused_multiply_add<how>>();
}

template <float (*f)(float)>
void add_approximate(Operations& to, const std::string& name) {
  to[name + ".approx.f32"] = computes<f>();
  to[name + ".approx.ftz.f32"] = computes<flushing<f>>();
}

}  // namespace

void add_floats(Operations& to) {
  add_type<float>(to, ".f32");
  add_type<double>(to, ".f64");
  add_direction<Rounding::to_zero>(to, ".rz");
  add_direction<Rounding::down>(to, ".rm");
  add_direction<Rounding::up>(to, ".rp");
  add_approximate<Exactly::power_of_2>(to, "ex2");
  add_approximate<Exactly::logarithm_2>(to, "lg2");
  add_approximate<Exactly::sine>(to, "sin");
  add_approximate<Exactly::cosine>(to, "cos");
  add_approximate<Exactly::reciprocal>(to, "rcp");
  add_approximate<Exactly::root>(to, "sqrt");
  add_approximate<Exactly::reciprocal_root>(to, "rsqrt");
  to["rcp.approx.ftz.f64"] = computes<Float<double>::reciprocal>();
  to["rsqrt.approx.f64"] = computes<reciprocal_root>();
  to["tanh.approx.f32"] = computes<Exactly::tanh>();
  for (const char* kind : {".approx", ".full"}) {
    to["div" + std::string(kind) + ".f32"] = computes<Exactly::divide>();
    to["div" + std::string(kind) + ".ftz.f32"] = computes<flushing_both<Exactly::divide>>();
  }
}

}  // namespace moescope::cuda::ptx
