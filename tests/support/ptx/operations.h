// The opcodes that the interpreter knows. Each file of this folder named after a kind of instruction adds its own.
//
// Departures from a device, with which a test's tolerance has to live: approximate functions (ex2.approx, rcp.approx)
// are computed to the last bit, so an error that the approximation would add is not seen; .ftz flushes as the device
// does. add.f32 and mul.f32 are two roundings here, where ptxas may still join them to one.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

#include "support/ptx/warp.h"

namespace moescope::cuda::ptx {

using Operations = std::unordered_map<std::string, Operation>;

/// By opcode: "add.s64". A move that joins a vector to one register, or takes one apart, is
/// "mov.b64 join", "mov.b64 take apart".
const Operations& operations();

void add_integers(Operations& to);
void add_bits(Operations& to);
void add_floats(Operations& to);
void add_comparisons(Operations& to);
void add_conversions(Operations& to);
void add_accesses(Operations& to);
void add_warp_functions(Operations& to);

/// add.operator()<T>(".u16") and so on, for the whole numbers of 16 bits and more.
template <class Add>
void for_whole_numbers(Add&& add) {
  add.template operator()<uint16_t>(".u16");
  add.template operator()<int16_t>(".s16");
  add.template operator()<uint32_t>(".u32");
  add.template operator()<int32_t>(".s32");
  add.template operator()<uint64_t>(".u64");
  add.template operator()<int64_t>(".s64");
}

/// Applies the operation. All 32 lanes are computed, which is quicker than choosing, and those that run take theirs.
void compute(Warp& warp, const Instruction& i, uint32_t lanes);

template <auto op, class To, class... From>
void apply(uint64_t* __restrict results, const uint64_t* const* operands) {
  [&]<size_t... n>(std::index_sequence<n...>) {
    const uint64_t* const from[] = {operands[n]...};
    for (unsigned lane = 0; lane < kLanes; ++lane) results[lane] = bits_of<To>(op(value_of<From>(from[n][lane])...));
  }
  (std::index_sequence_for<From...>{});
}

template <auto op, class To, class... From>
constexpr Operation computing(To (*)(From...)) {
  Operation o{compute, 1 + sizeof...(From)};
  o.apply = apply<op, To, From...>;
  return o;
}

/// The operation whose result in each lane is op of the operands there, with the types of op.
template <auto op>
constexpr Operation computes() {
  return computing<op>(op);
}

}  // namespace moescope::cuda::ptx
