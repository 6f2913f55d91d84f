// Loads, stores and atomics, lane by lane, each checked by the block; and addresses between spaces.
#include <cstring>

#include "support/ptx/block.h"
#include "support/ptx/operations.h"

namespace moescope::cuda::ptx {
namespace {

template <class T>
uint64_t bits_at(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

uint64_t extended(const char* from, const Operation& o) {
  const uint64_t bits = o.bytes == 4   ? bits_at<uint32_t>(from)
                        : o.bytes == 8 ? bits_at<uint64_t>(from)
                        : o.bytes == 2 ? bits_at<uint16_t>(from)
                                       : bits_at<uint8_t>(from);
  if (!o.is_signed) return bits;
  const int unused = 64 - 8 * o.bytes;
  return static_cast<uint64_t>(static_cast<int64_t>(bits << unused) >> unused);
}

void count(Warp& warp, const Instruction& i, const uint64_t* base, uint32_t lanes) {
  if (Traffic* const traffic = warp.block().launch().traffic)
    count_access(*traffic, *i.operation, base, i.offset, lanes);
}

void load(Warp& warp, const Instruction& i, uint32_t lanes) {
  const Operation& o = *i.operation;
  const uint64_t* const base = warp.slot(i.slots[o.num_values]);
  count(warp, i, base, lanes);
  for_lanes(lanes, [&](unsigned lane) {
    const uint64_t address = base[lane] + static_cast<uint64_t>(i.offset);
    const size_t bytes = size_t{o.bytes} * o.num_values;
    const char* const from = o.space == Space::parameter
                                 ? warp.block().parameter(address, bytes, lane)
                                 : warp.block().access(warp, lane, o.space, address, bytes, false, false);
    uint64_t values[4];  // the base may be one of the results
    for (unsigned n = 0; n < o.num_values; ++n) values[n] = extended(from + n * o.bytes, o);
    for (unsigned n = 0; n < o.num_values; ++n) warp.slot(i.slots[n])[lane] = values[n];
  });
}

void store(Warp& warp, const Instruction& i, uint32_t lanes) {
  const Operation& o = *i.operation;
  const uint64_t* const base = warp.slot(i.slots[0]);
  count(warp, i, base, lanes);
  for_lanes(lanes, [&](unsigned lane) {
    const uint64_t address = base[lane] + static_cast<uint64_t>(i.offset);
    char* const to = warp.block().access(warp, lane, o.space, address, size_t{o.bytes} * o.num_values, true, false);
    for (unsigned n = 0; n < o.num_values; ++n)
      std::memcpy(to + n * o.bytes, &warp.slot(i.slots[n + 1])[lane], o.bytes);
  });
}

/// atom.add, or red.add, which has no result.
template <class T, bool returns>
void atomic_add(Warp& warp, const Instruction& i, uint32_t lanes) {
  const uint64_t* const base = warp.slot(i.slots[returns ? 1 : 0]);
  const uint64_t* const operand = warp.slot(i.slots[returns ? 2 : 1]);
  count(warp, i, base, lanes);
  for_lanes(lanes, [&](unsigned lane) {
    const uint64_t address = base[lane] + static_cast<uint64_t>(i.offset);
    char* const p = warp.block().access(warp, lane, i.operation->space, address, sizeof(T), true, true);
    T old, sum;
    std::memcpy(&old, p, sizeof(T));
    if constexpr (std::is_floating_point_v<T>)
      sum = old + value_of<T>(operand[lane]);
    else
      sum = static_cast<T>(static_cast<uint64_t>(old) + operand[lane]);
    std::memcpy(p, &sum, sizeof(T));
    if (returns) warp.slot(i.slots[0])[lane] = bits_of<T>(old);
  });
}

/// A generic address of shared memory is where the block has it on this machine.
void shared_to_generic(Warp& warp, const Instruction& i, uint32_t lanes) {
  uint64_t* const to = warp.slot(i.slots[0]);
  const uint64_t* const from = warp.slot(i.slots[1]);
  for_lanes(lanes, [&](unsigned lane) { to[lane] = from[lane] + warp.block().shared_address(); });
}
void generic_to_shared(Warp& warp, const Instruction& i, uint32_t lanes) {
  uint64_t* const to = warp.slot(i.slots[0]);
  const uint64_t* const from = warp.slot(i.slots[1]);
  for_lanes(lanes, [&](unsigned lane) { to[lane] = from[lane] - warp.block().shared_address(); });
}

uint64_t same(uint64_t address) { return address; }

struct Name {
  const char* text;
  Space space;
};
constexpr Name kSpaces[] = {
    {"", Space::generic}, {".global", Space::global}, {".shared", Space::shared}, {".param", Space::parameter}};

void add_type(Operations& to, const Name& space, const std::string& kind, unsigned bytes) {
  const std::string type = "." + kind + std::to_string(8 * bytes);
  for (const unsigned num_values : {1u, 2u, 4u}) {
    if (bytes * num_values > 16) continue;
    const std::string vector = num_values == 1 ? "" : ".v" + std::to_string(num_values);
    Operation o{load, static_cast<uint8_t>(num_values + 1)};
    o.space = space.space, o.bytes = static_cast<uint8_t>(bytes), o.num_values = static_cast<uint8_t>(num_values);
    o.is_signed = kind == "s";
    to["ld" + (space.text + vector) + type] = o;
    if (space.space == Space::global) to["ld.global.nc" + vector + type] = o;
    if (space.space == Space::parameter) continue;
    o.execute = store;
    to["st" + (space.text + vector) + type] = o;
  }
}

template <class T>
void add_atomics(Operations& to, const Name& space, const std::string& type) {
  Operation o{atomic_add<T, true>, 3};
  o.space = space.space, o.bytes = sizeof(T);
  to["atom" + (space.text + (".add" + type))] = o;
  o.execute = atomic_add<T, false>, o.num_operands = 2;
  to["red" + (space.text + (".add" + type))] = o;
}

}  // namespace

void add_accesses(Operations& to) {
  to["cvta.to.global.u64"] = to["cvta.global.u64"] = computes<same>();
  to["cvta.shared.u64"] = {shared_to_generic, 2};
  to["cvta.to.shared.u64"] = {generic_to_shared, 2};
  for (const Name& space : kSpaces) {
    for (const char* kind : {"b", "u", "s", "f"})
      for (const unsigned bytes : {1u, 2u, 4u, 8u}) add_type(to, space, kind, bytes);
    if (space.space == Space::parameter) continue;
    add_atomics<uint32_t>(to, space, ".u32");
    add_atomics<int32_t>(to, space, ".s32");
    add_atomics<uint64_t>(to, space, ".u64");
    add_atomics<float>(to, space, ".f32");
    add_atomics<double>(to, space, ".f64");
  }
}

}  // namespace moescope::cuda::ptx
