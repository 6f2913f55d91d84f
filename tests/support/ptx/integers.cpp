// Integer arithmetic. Numbers wrap around; a division by zero, whose result a device leaves open, is a fault.
#include <cstdlib>
#include <limits>

#include "support/ptx/operations.h"

namespace moescope::cuda::ptx {
namespace {

template <class T>
struct Integer {
  using Unsigned = std::make_unsigned_t<T>;
  static T wrap(uint64_t x) { return static_cast<T>(x); }

  static T add(T a, T b) { return wrap(static_cast<uint64_t>(a) + static_cast<uint64_t>(b)); }
  static T subtract(T a, T b) { return wrap(static_cast<uint64_t>(a) - static_cast<uint64_t>(b)); }
  static T multiply(T a, T b) { return wrap(static_cast<uint64_t>(a) * static_cast<uint64_t>(b)); }
  static T multiply_add(T a, T b, T c) { return add(multiply(a, b), c); }
  static T multiply_high(T a, T b) {
    __extension__ using Wide = std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>;
    return static_cast<T>((static_cast<Wide>(a) * static_cast<Wide>(b)) >> (8 * sizeof(T)));
  }
  static T divide(T a, T b) {
    if constexpr (std::is_signed_v<T>)
      if (b == -1) return negate(a);  // the least number has no counterpart
    return static_cast<T>(a / b);
  }
  static T remainder(T a, T b) {
    if constexpr (std::is_signed_v<T>)
      if (b == -1) return 0;
    return static_cast<T>(a % b);
  }
  static T least(T a, T b) { return b < a ? b : a; }
  static T largest(T a, T b) { return b > a ? b : a; }
  static T negate(T a) { return subtract(0, a); }
  static T magnitude(T a) { return a < 0 ? negate(a) : a; }
  // Shifts by a type's width or more leave nothing, or the sign.
  static T shift_right(T a, uint32_t by) {
    constexpr uint32_t kBits = 8 * sizeof(T);
    if (by < kBits) return static_cast<T>(a >> by);
    return static_cast<T>(std::is_signed_v<T> && a < 0 ? -1 : 0);
  }
  /// The place of the highest bit that differs from the sign, as if counted from 0; all ones where there is none.
  static uint32_t highest_bit(T a) {
    const auto bits = static_cast<Unsigned>(std::is_signed_v<T> && a < 0 ? ~a : a);
    return bits == 0 ? ~0u : static_cast<uint32_t>(std::bit_width(bits)) - 1;
  }
  /// How far it is to the left end instead.
  static uint32_t shift_to_highest_bit(T a) {
    const uint32_t at = highest_bit(a);
    return at == ~0u ? at : 8 * static_cast<uint32_t>(sizeof(T)) - 1 - at;
  }
};

/// Only of lanes that run: what stands in the others may be zero.
template <class T, T (*quotient)(T, T)>
void divide_lanes(Warp& warp, const Instruction& i, uint32_t lanes) {
  uint64_t* const to = warp.slot(i.slots[0]);
  const uint64_t *const a = warp.slot(i.slots[1]), *const b = warp.slot(i.slots[2]);
  for_lanes(lanes, [&](unsigned lane) {
    if (value_of<T>(b[lane]) == 0) throw Fault("division by zero", lane);
    to[lane] = bits_of<T>(quotient(value_of<T>(a[lane]), value_of<T>(b[lane])));
  });
}

template <class Narrow, class Wide>
struct Widening {
  static Wide multiply(Narrow a, Narrow b) { return static_cast<Wide>(static_cast<Wide>(a) * static_cast<Wide>(b)); }
  static Wide multiply_add(Narrow a, Narrow b, Wide c) { return Integer<Wide>::add(multiply(a, b), c); }
};

template <class T>
void add_type(Operations& to, const std::string& type) {
  using I = Integer<T>;
  to["add" + type] = computes<I::add>();
  to["sub" + type] = computes<I::subtract>();
  to["mul.lo" + type] = computes<I::multiply>();
  to["mul.hi" + type] = computes<I::multiply_high>();
  to["mad.lo" + type] = computes<I::multiply_add>();
  to["div" + type] = {divide_lanes<T, I::divide>, 3};
  to["rem" + type] = {divide_lanes<T, I::remainder>, 3};
  to["min" + type] = computes<I::least>();
  to["max" + type] = computes<I::largest>();
  to["shr" + type] = computes<I::shift_right>();
  if constexpr (sizeof(T) >= 4) {
    to["bfind" + type] = computes<I::highest_bit>();
    to["bfind.shiftamt" + type] = computes<I::shift_to_highest_bit>();
  }
  if constexpr (std::is_signed_v<T>) {
    to["neg" + type] = computes<I::negate>();
    to["abs" + type] = computes<I::magnitude>();
  }
}

template <class Narrow, class Wide>
void add_widening(Operations& to, const std::string& type) {
  to["mul.wide" + type] = computes<Widening<Narrow, Wide>::multiply>();
  to["mad.wide" + type] = computes<Widening<Narrow, Wide>::multiply_add>();
}

}  // namespace

void add_integers(Operations& to) {
  for_whole_numbers([&]<class T>(const char* type) { add_type<T>(to, type); });
  add_widening<uint16_t, uint32_t>(to, ".u16");
  add_widening<int16_t, int32_t>(to, ".s16");
  add_widening<uint32_t, uint64_t>(to, ".u32");
  add_widening<int32_t, int64_t>(to, ".s32");
}

}  // namespace moescope::cuda::ptx
