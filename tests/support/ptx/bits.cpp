// Bits and moves: what looks at no number.
#include "support/ptx/operations.h"

namespace moescope::cuda::ptx {
namespace {

template <class T>
struct Bits {
  static constexpr uint32_t kBits = 8 * sizeof(T);
  static T both(T a, T b) { return static_cast<T>(a & b); }
  static T either(T a, T b) { return static_cast<T>(a | b); }
  static T one_of(T a, T b) { return static_cast<T>(a ^ b); }
  static T inverse(T a) { return static_cast<T>(~a); }
  static T same(T a) { return a; }
  static T choose(T a, T b, bool first) { return first ? a : b; }
  static T shift_left(T a, uint32_t by) { return by < kBits ? static_cast<T>(a << by) : T(0); }
  static T shift_right(T a, uint32_t by) { return by < kBits ? static_cast<T>(a >> by) : T(0); }
  static uint32_t count(T a) { return static_cast<uint32_t>(std::popcount(a)); }
  static uint32_t leading_zeros(T a) { return static_cast<uint32_t>(std::countl_zero(a)); }
  static T reverse(T a) {
    T result = 0;
    for (uint32_t bit = 0; bit < kBits; ++bit) result = static_cast<T>(result << 1 | (a >> bit & 1));
    return result;
  }
  /// b with `length` bits of a at `position`; bits beyond the left end are left out.
  static T insert(T a, T b, uint32_t position, uint32_t length) {
    position &= 0xFF, length &= 0xFF;
    const T ones = length < kBits ? static_cast<T>((T(1) << length) - 1) : static_cast<T>(~T(0));
    const T at = shift_left(ones, position);
    return static_cast<T>((b & ~at) | (shift_left(a, position) & at));
  }
  /// `length` bits of a from `position` on.
  static T extract(T a, uint32_t position, uint32_t length) {
    position &= 0xFF, length &= 0xFF;
    const T ones = length < kBits ? static_cast<T>((T(1) << length) - 1) : static_cast<T>(~T(0));
    return static_cast<T>(shift_right(a, position) & ones);
  }
};

struct Predicate {
  static bool both(bool a, bool b) { return a && b; }
  static bool either(bool a, bool b) { return a || b; }
  static bool one_of(bool a, bool b) { return a != b; }
  static bool inverse(bool a) { return !a; }
  static bool same(bool a) { return a; }
};

/// Four bytes of the eight in a (low) and b, each chosen by four bits, of which the highest spreads the byte's sign.
uint32_t permute(uint32_t a, uint32_t b, uint32_t choice) {
  const uint64_t bytes = static_cast<uint64_t>(b) << 32 | a;
  uint32_t result = 0;
  for (unsigned n = 0; n < 4; ++n) {
    const uint32_t which = choice >> (4 * n) & 0xF;
    uint32_t byte = static_cast<uint32_t>(bytes >> (8 * (which & 7))) & 0xFF;
    if ((which & 8) != 0) byte = (byte & 0x80) != 0 ? 0xFF : 0;
    result |= byte << (8 * n);
  }
  return result;
}

template <class Half, class Whole>
Whole join(Half low, Half high) {
  return static_cast<Whole>(static_cast<Whole>(high) << (8 * sizeof(Half)) | low);
}

template <class Half, class Whole>
void take_apart(Warp& warp, const Instruction& i, uint32_t lanes) {
  uint64_t *const low = warp.slot(i.slots[0]), *const high = warp.slot(i.slots[1]);
  const uint64_t* const from = warp.slot(i.slots[2]);
  for_lanes(lanes, [&](unsigned lane) {
    const auto whole = value_of<Whole>(from[lane]);
    low[lane] = static_cast<Half>(whole);
    high[lane] = static_cast<Half>(whole >> (8 * sizeof(Half)));
  });
}

template <class T>
void add_width(Operations& to, const std::string& width) {
  using B = Bits<T>;
  to["and.b" + width] = computes<B::both>();
  to["or.b" + width] = computes<B::either>();
  to["xor.b" + width] = computes<B::one_of>();
  to["not.b" + width] = computes<B::inverse>();
  to["shl.b" + width] = computes<B::shift_left>();
  to["shr.b" + width] = computes<B::shift_right>();
  for (const char* kind : {"b", "u", "s", "f"}) {
    to["mov." + (kind + width)] = computes<B::same>();
    to["selp." + (kind + width)] = computes<B::choose>();
  }
  if constexpr (sizeof(T) >= 4) {
    to["popc.b" + width] = computes<B::count>();
    to["clz.b" + width] = computes<B::leading_zeros>();
    to["brev.b" + width] = computes<B::reverse>();
    to["bfi.b" + width] = computes<B::insert>();
    to["bfe.u" + width] = computes<B::extract>();
  }
}

}  // namespace

void add_bits(Operations& to) {
  add_width<uint16_t>(to, "16");
  add_width<uint32_t>(to, "32");
  add_width<uint64_t>(to, "64");
  to["and.pred"] = computes<Predicate::both>();
  to["or.pred"] = computes<Predicate::either>();
  to["xor.pred"] = computes<Predicate::one_of>();
  to["not.pred"] = computes<Predicate::inverse>();
  to["mov.pred"] = computes<Predicate::same>();
  to["prmt.b32"] = computes<permute>();
  to["mov.b32 join"] = computes<join<uint16_t, uint32_t>>();
  to["mov.b64 join"] = computes<join<uint32_t, uint64_t>>();
  to["mov.b32 take apart"] = {take_apart<uint16_t, uint32_t>, 3};
  to["mov.b64 take apart"] = {take_apart<uint32_t, uint64_t>, 3};
}

}  // namespace moescope::cuda::ptx
