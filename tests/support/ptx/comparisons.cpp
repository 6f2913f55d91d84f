// setp: a predicate from two numbers. Of floats, a NaN makes the plain comparisons false, those with a u true.
#include <cmath>

#include "support/ptx/operations.h"

namespace moescope::cuda::ptx {
namespace {

template <class T>
struct Compare {
  static bool equal(T a, T b) { return a == b; }
  static bool differ(T a, T b) { return a != b; }
  static bool less(T a, T b) { return a < b; }
  static bool at_most(T a, T b) { return a <= b; }
  static bool more(T a, T b) { return a > b; }
  static bool at_least(T a, T b) { return a >= b; }
};

template <class T>
struct CompareFloats {
  static bool has_nan(T a, T b) { return std::isnan(a) || std::isnan(b); }
  static bool numbers(T a, T b) { return !has_nan(a, b); }
  static bool differ(T a, T b) { return numbers(a, b) && a != b; }
  static bool equal_or_nan(T a, T b) { return has_nan(a, b) || a == b; }
  static bool less_or_nan(T a, T b) { return !(a >= b); }
  static bool at_most_or_nan(T a, T b) { return !(a > b); }
  static bool more_or_nan(T a, T b) { return !(a <= b); }
  static bool at_least_or_nan(T a, T b) { return !(a < b); }
};

template <class T>
void add_order(Operations& to, const std::string& type) {
  using C = Compare<T>;
  to["setp.lt" + type] = computes<C::less>();
  to["setp.le" + type] = computes<C::at_most>();
  to["setp.gt" + type] = computes<C::more>();
  to["setp.ge" + type] = computes<C::at_least>();
}

template <class T>
void add_integer(Operations& to, const std::string& type) {
  using C = Compare<T>;
  to["setp.eq" + type] = computes<C::equal>();
  to["setp.ne" + type] = computes<C::differ>();
  add_order<T>(to, type);
}

template <class T>
void add_bits_type(Operations& to, const std::string& type) {
  to["setp.eq" + type] = computes<Compare<T>::equal>();
  to["setp.ne" + type] = computes<Compare<T>::differ>();
}

template <class T>
void add_float(Operations& to, const std::string& type) {
  using C = CompareFloats<T>;
  to["setp.eq" + type] = computes<Compare<T>::equal>();
  to["setp.ne" + type] = computes<C::differ>();
  add_order<T>(to, type);
  to["setp.equ" + type] = computes<C::equal_or_nan>();
  to["setp.neu" + type] = computes<Compare<T>::differ>();
  to["setp.ltu" + type] = computes<C::less_or_nan>();
  to["setp.leu" + type] = computes<C::at_most_or_nan>();
  to["setp.gtu" + type] = computes<C::more_or_nan>();
  to["setp.geu" + type] = computes<C::at_least_or_nan>();
  to["setp.num" + type] = computes<C::numbers>();
  to["setp.nan" + type] = computes<C::has_nan>();
}

}  // namespace

void add_comparisons(Operations& to) {
  for_whole_numbers([&]<class T>(const char* type) { add_integer<T>(to, type); });
  add_bits_type<uint16_t>(to, ".b16");
  add_bits_type<uint32_t>(to, ".b32");
  add_bits_type<uint64_t>(to, ".b64");
  add_float<float>(to, ".f32");
  add_float<double>(to, ".f64");
}

}  // namespace moescope::cuda::ptx
