// A kernel as it is run: instructions whose operands are numbers of slots.
//
// A warp has a row of slots, each 32 values of 64 bits, one a lane. Registers are slots, and so are the constants,
// addresses and special registers (%tid.x) that a kernel names, so that instructions find all operands in one way. A
// value narrower than 64 bits stands in the low ones; who reads it ignores the others.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace moescope::cuda::ptx {

inline constexpr unsigned kLanes = 32;
inline constexpr uint32_t kEveryLane = 0xFFFFFFFFu, kNoSlot = 0xFFFFFFFFu;

inline constexpr size_t kSharedLimit = 48 << 10;  // what every GPU gives a block without asking
inline constexpr size_t kSharedGap = 64;          // between arrays: an overrun hits no neighbour
inline constexpr size_t kSharedBytes = kSharedLimit + 64 * kSharedGap;

template <class T>
T value_of(uint64_t bits) {
  if constexpr (std::is_same_v<T, bool>)
    return (bits & 1) != 0;
  else if constexpr (std::is_same_v<T, float>)
    return std::bit_cast<float>(static_cast<uint32_t>(bits));
  else if constexpr (std::is_same_v<T, double>)
    return std::bit_cast<double>(bits);
  else
    return static_cast<T>(bits);
}

template <class T>
uint64_t bits_of(T value) {
  if constexpr (std::is_same_v<T, float>)
    return std::bit_cast<uint32_t>(value);
  else if constexpr (std::is_same_v<T, double>)
    return std::bit_cast<uint64_t>(value);
  else
    return static_cast<uint64_t>(value);
}

/// f(lane) for each lane of the set.
template <class F>
void for_lanes(uint32_t lanes, F&& f) {
  if (lanes == kEveryLane) {
    for (unsigned lane = 0; lane < kLanes; ++lane) f(lane);
    return;
  }
  for (; lanes != 0; lanes &= lanes - 1) f(static_cast<unsigned>(std::countr_zero(lanes)));
}

class Warp;
struct Instruction;
using Execute = void (*)(Warp& warp, const Instruction& instruction, uint32_t lanes);

/// The results' bits in every lane, of operands that are slots.
using Apply = void (*)(uint64_t* results, const uint64_t* const* operands);

/// What comes after an instruction.
enum class Flow : uint8_t { next, branch, end, block_barrier, warp_function };
enum class Space : uint8_t { generic, global, shared, parameter };

/// What an opcode does.
struct Operation {
  Execute execute = nullptr;  // warp functions: once all lanes of their mask, the last operand, have come
  uint8_t num_operands = 0;   // slots; the parts of a vector count one each
  Flow flow = Flow::next;
  Apply apply = nullptr;  // what looks at its own lane only and never fails is this, which compute() executes
  // of a memory access
  Space space = Space::generic;
  uint8_t bytes = 0, num_values = 1;
  bool is_signed = false;
};

inline constexpr size_t kMostOperands = 8;

struct Instruction {
  const Operation* operation = nullptr;
  std::array<uint32_t, kMostOperands> slots{};  // results first
  int64_t offset = 0;                           // added to an address
  uint32_t target = 0;                          // of a branch: an instruction
  uint32_t guard = kNoSlot;                     // @%p1: only the lanes where this predicate is set, or is not
  bool guard_negated = false;
  std::string_view opcode;
  int line = 0;         // in the PTX
  int source_file = 0;  // where it comes from in CUDA C++: a number that the module knows, 0 where it does not
  int source_line = 0;
};

enum class Special : uint8_t { thread, block_size, block, grid_size, lane };

struct Kernel {
  struct Constant {
    uint32_t slot;
    uint64_t bits;
  };
  struct SpecialSlot {
    uint32_t slot;
    Special what;
    int axis;  // 0 x, 1 y, 2 z
  };
  struct Range {
    std::string name;
    size_t begin, bytes;
  };
  std::string name, file;                                  // mangled; "softmax.ptx"
  /// "softmax_rows", without what C++ puts around it.
  std::string plain_name() const;
  const std::vector<std::string>* source_files = nullptr;  // the module's
  std::vector<Range> parameters, shared_arrays;
  size_t parameter_bytes = 0, shared_bytes = 0;
  size_t dynamic_begin = 0;  // where the launch's shared memory stands, after the arrays and a gap
  bool uses_dynamic_shared = false;
  uint32_t num_slots = 0;
  std::vector<Constant> constants;
  std::vector<SpecialSlot> specials;
  std::vector<Instruction> code;
};

}  // namespace moescope::cuda::ptx
