// cvt: numbers of one type as another.
#include <cmath>
#include <limits>

#include "support/ptx/operations.h"

namespace moescope::cuda::ptx {
namespace {

template <class To, class From>
To convert(From from) {
  return static_cast<To>(from);
}

enum class Whole { nearest, to_zero, down, up };

template <Whole how, class T>
T whole(T x) {
  if constexpr (how == Whole::nearest) return std::nearbyint(x);  // ties to even: nothing here changes the rounding
  if constexpr (how == Whole::to_zero) return std::trunc(x);
  if constexpr (how == Whole::down) return std::floor(x);
  return std::ceil(x);
}

/// What does not fit becomes the nearest number that does; a NaN becomes 0, or from double and to 64 bits the highest
/// bit alone.
template <Whole how, class To, class From>
To to_integer(From from) {
  using Limits = std::numeric_limits<To>;
  if (std::isnan(from)) {
    if (sizeof(From) < 8 && sizeof(To) < 8) return 0;
    return static_cast<To>(std::make_unsigned_t<To>(1) << (8 * sizeof(To) - 1));
  }
  const From x = whole<how>(from);
  // -min is a power of two, so exact in From, which max may not be
  const From beyond = Limits::is_signed ? -static_cast<From>(Limits::min()) : std::ldexp(From(1), 8 * sizeof(To));
  if (x >= beyond) return Limits::max();
  if (x < static_cast<From>(Limits::min())) return Limits::min();
  return static_cast<To>(x);
}

template <class T>
T saturated(T x) {
  return x > 0 ? std::fmin(x, T(1)) : T(0);  // a NaN: 0
}

template <class To, class From>
void add_integers(Operations& to, const std::string& from_type) {
  constexpr const char* kNames[] = {nullptr, "8", "16", nullptr, "32", nullptr, nullptr, nullptr, "64"};
  const std::string to_type = std::string(std::is_signed_v<To> ? ".s" : ".u") + kNames[sizeof(To)];
  to["cvt" + to_type + from_type] = computes<convert<To, From>>();
}

template <class T>
void add_integer(Operations& to, const std::string& type) {
  add_integers<uint8_t, T>(to, type);
  add_integers<int8_t, T>(to, type);
  add_integers<uint16_t, T>(to, type);
  add_integers<int16_t, T>(to, type);
  add_integers<uint32_t, T>(to, type);
  add_integers<int32_t, T>(to, type);
  add_integers<uint64_t, T>(to, type);
  add_integers<int64_t, T>(to, type);
  to["cvt.rn.f32" + type] = computes<convert<float, T>>();
  to["cvt.rn.f64" + type] = computes<convert<double, T>>();
}

template <class To, class From, Whole how>
void add_rounded(Operations& to, const std::string& rounding, const std::string& to_type,
                 const std::string& from_type) {
  to["cvt" + rounding + to_type + from_type] = computes<to_integer<how, To, From>>();
}

template <class T, Whole how>
void add_direction(Operations& to, const std::string& rounding, const std::string& type) {
  to["cvt" + rounding + type + type] = computes<whole<how, T>>();
  add_rounded<uint32_t, T, how>(to, rounding, ".u32", type);
  add_rounded<int32_t, T, how>(to, rounding, ".s32", type);
  add_rounded<uint64_t, T, how>(to, rounding, ".u64", type);
  add_rounded<int64_t, T, how>(to, rounding, ".s64", type);
}

template <class T>
void add_float(Operations& to, const std::string& type) {
  add_direction<T, Whole::nearest>(to, ".rni", type);
  add_direction<T, Whole::to_zero>(to, ".rzi", type);
  add_direction<T, Whole::down>(to, ".rmi", type);
  add_direction<T, Whole::up>(to, ".rpi", type);
  to["cvt.sat" + type + type] = computes<saturated<T>>();
}

}  // namespace

void add_conversions(Operations& to) {
  add_integer<uint8_t>(to, ".u8");
  add_integer<int8_t>(to, ".s8");
  for_whole_numbers([&]<class T>(const char* type) { add_integer<T>(to, type); });
  add_float<float>(to, ".f32");
  add_float<double>(to, ".f64");
  to["cvt.f64.f32"] = computes<convert<double, float>>();
  to["cvt.rn.f32.f64"] = computes<convert<float, double>>();
}

}  // namespace moescope::cuda::ptx
