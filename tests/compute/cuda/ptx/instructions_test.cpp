// Single instructions against what the PTX manual says of them, at the edges of their types.
#include <gtest/gtest.h>

#include <cfenv>
#include <cmath>
#include <limits>

#include "compute/core/rng.h"
#include "run_ptx.h"

namespace moescope::cuda::ptx {
namespace {

constexpr uint64_t kOnes = ~uint64_t{0};

struct Case {
  const char* body;  // %rd5 from %rd4, whose halves are %r2 (low) and %r3
  uint64_t x, want;
};

uint64_t halves(uint32_t low, uint32_t high) { return uint64_t{high} << 32 | low; }
uint32_t bits(float x) { return std::bit_cast<uint32_t>(x); }
uint64_t bits(double x) { return std::bit_cast<uint64_t>(x); }

void expect_cases(const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(run_ptx(c.body, {c.x})[0], c.want) << c.body << " of " << std::hex << c.x;
}

TEST(PtxInstructions, IntegersWrapAndWiden) {
  expect_cases({
      {"add.s64 %rd5, %rd4, 1;", 0x7FFFFFFFFFFFFFFF, 0x8000000000000000},
      {"add.s32 %r4, %r2, 1; cvt.u64.u32 %rd5, %r4;", 0xFFFFFFFF, 0},
      {"mul.lo.s32 %r4, %r2, %r3; cvt.s64.s32 %rd5, %r4;", halves(0x10001, 0x10001), 0x20001},
      {"mul.hi.u32 %r4, %r2, %r3; cvt.u64.u32 %rd5, %r4;", kOnes, 0xFFFFFFFE},
      {"mul.hi.s64 %rd5, %rd4, %rd4;", kOnes, 0},
      {"mul.wide.u32 %rd5, %r2, %r3;", kOnes, 0xFFFFFFFE00000001},
      {"mul.wide.s32 %rd5, %r2, %r3;", kOnes, 1},
      {"mad.lo.s32 %r4, %r2, %r3, -7; cvt.s64.s32 %rd5, %r4;", halves(2, 3), kOnes},
      {"div.s64 %rd5, %rd4, -1;", 0x8000000000000000, 0x8000000000000000},
      {"div.s64 %rd5, %rd4, 2;", kOnes - 6, kOnes - 2},  // -7 / 2 is -3
      {"rem.s64 %rd5, %rd4, 3;", kOnes - 6, kOnes},      // and -7 % 3 is -1
      {"div.u32 %r4, %r2, %r3; cvt.u64.u32 %rd5, %r4;", halves(0xFFFFFFFF, 16), 0x0FFFFFFF},
      {"min.s64 %rd5, %rd4, 0;", kOnes, kOnes},
      {"min.u64 %rd5, %rd4, 0;", kOnes, 0},
      {"neg.s64 %rd5, %rd4;", 5, kOnes - 4},
      {"abs.s64 %rd5, %rd4;", kOnes - 4, 5},
  });
}

TEST(PtxInstructions, ShiftsByMoreThanTheWidthLeaveNothingOrTheSign) {
  expect_cases({
      {"shl.b64 %rd5, %rd4, 63;", 3, 0x8000000000000000},
      {"shl.b64 %rd5, %rd4, 64;", kOnes, 0},
      {"shr.u64 %rd5, %rd4, 64;", kOnes, 0},
      {"shr.s64 %rd5, %rd4, 70;", 0x8000000000000000, kOnes},
      {"shr.u32 %r4, %r2, 32; cvt.u64.u32 %rd5, %r4;", kOnes, 0},
      {"shr.s32 %r4, %r2, 31; cvt.u64.u32 %rd5, %r4;", 0x80000000, 0xFFFFFFFF},
  });
}

TEST(PtxInstructions, BitsAreFoundAndPlaced) {
  expect_cases({
      {"bfi.b64 %rd5, %rd4, 0, 32, 32;", 0x123456789, 0x2345678900000000},
      {"bfi.b64 %rd5, 5, %rd4, 8, 4;", 0xFFFF, 0xF5FF},
      {"bfi.b64 %rd5, 5, %rd4, 60, 64;", 0, 0x5000000000000000},
      {"bfe.u32 %r4, %r2, 4, 8; cvt.u64.u32 %rd5, %r4;", 0xABCD, 0xBC},
      {"brev.b32 %r4, %r2; cvt.u64.u32 %rd5, %r4;", 1, 0x80000000},
      {"bfind.u32 %r4, %r2; cvt.u64.u32 %rd5, %r4;", 0x100, 8},
      {"bfind.shiftamt.u32 %r4, %r2; cvt.u64.u32 %rd5, %r4;", 0x100, 23},
      {"bfind.u32 %r4, %r2; cvt.u64.u32 %rd5, %r4;", 0, 0xFFFFFFFF},
      {"popc.b32 %r4, %r2; cvt.u64.u32 %rd5, %r4;", 0xF0F, 8},
      {"clz.b32 %r4, %r2; cvt.u64.u32 %rd5, %r4;", 0x100, 23},
      {"prmt.b32 %r4, %r2, %r3, 0x7610; cvt.u64.u32 %rd5, %r4;", 0xAABBCCDD11223344, 0xAABB3344},
      {"prmt.b32 %r4, %r2, %r3, 0x888B; cvt.u64.u32 %rd5, %r4;", 0x80000001, 0x000000FF},
      {"mov.b64 %rd5, {%r3, %r2};", halves(1, 2), halves(2, 1)},
      {"xor.b64 %rd6, %rd4, -1; not.b64 %rd5, %rd6;", 77, 77},
  });
}

TEST(PtxInstructions, ConversionsClampAndRound) {
  expect_cases({
      {"cvt.s64.s32 %rd5, %r2;", 0xFFFFFFFE, kOnes - 1},
      {"cvt.u64.u32 %rd5, %r2;", kOnes, 0xFFFFFFFF},
      {"cvt.u32.u64 %r4, %rd4; cvt.u64.u32 %rd5, %r4;", 0x1234567890, 0x34567890},
      {"mov.b32 %f1, %r2; cvt.rzi.s32.f32 %r4, %f1; cvt.s64.s32 %rd5, %r4;", bits(-2.9f), kOnes - 1},
      {"mov.b32 %f1, %r2; cvt.rzi.s32.f32 %r4, %f1; cvt.s64.s32 %rd5, %r4;", bits(3e9f), 0x7FFFFFFF},
      {"mov.b32 %f1, %r2; cvt.rzi.u32.f32 %r4, %f1; cvt.u64.u32 %rd5, %r4;", bits(-1.0f), 0},
      {"mov.b32 %f1, %r2; cvt.rzi.s32.f32 %r4, %f1; cvt.s64.s32 %rd5, %r4;", 0x7FC00000, 0},
      {"mov.b32 %f1, %r2; cvt.rni.f32.f32 %f2, %f1; cvt.rzi.s64.f32 %rd5, %f2;", bits(2.5f), 2},
      {"mov.b32 %f1, %r2; cvt.rpi.s64.f32 %rd5, %f1;", bits(2.1f), 3},
      {"mov.b32 %f1, %r2; cvt.sat.f32.f32 %f2, %f1; mov.b32 %r4, %f2; cvt.u64.u32 %rd5, %r4;", bits(1.5f), bits(1.0f)},
      {"mov.b32 %f1, %r2; cvt.sat.f32.f32 %f2, %f1; mov.b32 %r4, %f2; cvt.u64.u32 %rd5, %r4;", 0x7FC00000, 0},
      {"cvt.rn.f32.u64 %f1, %rd4; mov.b32 %r4, %f1; cvt.u64.u32 %rd5, %r4;", (1 << 24) + 1, bits(16777216.0f)},
      {"mov.b64 %fd1, %rd4; cvt.rn.f32.f64 %f1, %fd1; cvt.f64.f32 %fd2, %f1; mov.b64 %rd5, %fd2;", bits(1.0 / 3),
       bits(static_cast<double>(static_cast<float>(1.0 / 3)))},
  });
}

TEST(PtxInstructions, ANanIsNeitherLessNorEqual) {
  const uint64_t nan_and_1 = halves(0x7FC00000, bits(1.0f)), two_and_1 = halves(bits(2.0f), bits(1.0f));
  const auto compare = [](const std::string& how, uint64_t x) {
    return run_ptx("mov.b32 %f1, %r2; mov.b32 %f2, %r3; setp." + how + ".f32 %p1, %f1, %f2; selp.u64 %rd5, 1, 0, %p1;",
                   {x})[0];
  };
  for (const char* how : {"eq", "ne", "lt", "le", "gt", "ge", "num"}) EXPECT_EQ(compare(how, nan_and_1), 0u) << how;
  for (const char* how : {"equ", "neu", "ltu", "leu", "gtu", "geu", "nan"})
    EXPECT_EQ(compare(how, nan_and_1), 1u) << how;
  for (const char* how : {"ne", "gt", "ge", "num", "neu", "gtu", "geu"}) EXPECT_EQ(compare(how, two_and_1), 1u) << how;
  for (const char* how : {"eq", "lt", "le", "equ", "ltu", "leu", "nan"}) EXPECT_EQ(compare(how, two_and_1), 0u) << how;
  const std::string numbers = "mov.b32 %f1, %r2; mov.b32 %f2, %r3; ", out = " mov.b32 %r4, %f3; cvt.u64.u32 %rd5, %r4;";
  EXPECT_EQ(run_ptx(numbers + "max.f32 %f3, %f1, %f2;" + out, {nan_and_1})[0], bits(1.0f));
  EXPECT_EQ(run_ptx(numbers + "copysign.f32 %f3, %f1, %f2;" + out, {halves(bits(-2.0f), bits(1.0f))})[0], bits(-1.0f));
}

/// The result of fma, add or mul with the processor set to round so.
float rounded_by_processor(int direction, const std::string& what, float a, float b, float c) {
  std::fesetround(direction);
  const volatile float x = a, y = b, z = c;
  volatile float result = 0;
  if (what == "fma") result = std::fma(x, y, z);
  if (what == "add") result = x + y;
  if (what == "mul") result = x * y;
  std::fesetround(FE_TONEAREST);
  return result;
}

TEST(PtxInstructions, RoundInTheDirectionTheyName) {
  struct Direction {
    const char* name;
    int processor;
  };
  Rng rng(5, RngPurpose::test);
  std::vector<uint64_t> pairs;
  for (int i = 0; i < 256; ++i) {
    const auto a = static_cast<float>(rng.uniform() - 0.5), b = static_cast<float>(rng.uniform() - 0.5);
    pairs.push_back(halves(bits(a), bits(i % 3 == 0 ? a * (1 + b * 1e-6f) : b)));  // some nearly equal
  }
  const float added[] = {-0.25f, 1e-30f, 12582913.0f};
  for (const Direction d :
       {Direction{".rz", FE_TOWARDZERO}, {".rm", FE_DOWNWARD}, {".rp", FE_UPWARD}, {".rn", FE_TONEAREST}})
    for (const std::string what : {"fma", "add", "mul"})
      for (const float c : added) {
        const std::string third = what == "fma" ? ", %f3" : "";
        const auto got = run_ptx("mov.b32 %f1, %r2; mov.b32 %f2, %r3; mov.b32 %r5, " + std::to_string(bits(c)) +
                                     "; mov.b32 %f3, %r5; " + what + d.name + ".f32 %f4, %f1, %f2" + third +
                                     "; mov.b32 %r4, %f4; cvt.u64.u32 %rd5, %r4;",
                                 pairs);
        for (size_t i = 0; i < pairs.size(); ++i) {
          const auto a = std::bit_cast<float>(static_cast<uint32_t>(pairs[i])),
                     b = std::bit_cast<float>(static_cast<uint32_t>(pairs[i] >> 32));
          ASSERT_EQ(got[i], bits(rounded_by_processor(d.processor, what, a, b, c)))
              << what << d.name << " of " << a << ", " << b << ", " << c;
        }
      }
}

TEST(PtxInstructions, ApproximateFunctionsAreExactAndFlush) {
  const auto of = [](const std::string& opcode, float x) {
    const uint64_t got =
        run_ptx("mov.b32 %f1, %r2; " + opcode + " %f2, %f1; mov.b32 %r4, %f2; cvt.u64.u32 %rd5, %r4;", {bits(x)})[0];
    return std::bit_cast<float>(static_cast<uint32_t>(got));
  };
  EXPECT_EQ(of("ex2.approx.ftz.f32", 0.5f), std::sqrt(2.0f));
  EXPECT_EQ(of("ex2.approx.ftz.f32", -127), 0) << "subnormal";
  EXPECT_EQ(of("ex2.approx.f32", -127), std::ldexp(1.0f, -127));
  EXPECT_EQ(of("rcp.approx.ftz.f32", 3), 1.0f / 3);
  EXPECT_EQ(of("rcp.approx.ftz.f32", 1e-40f), std::numeric_limits<float>::infinity());
  EXPECT_EQ(of("rsqrt.approx.f32", 4), 0.5f);
  EXPECT_EQ(of("lg2.approx.f32", 8), 3);
  EXPECT_EQ(of("tanh.approx.f32", 0.5f), std::tanh(0.5f));
}

}  // namespace
}  // namespace moescope::cuda::ptx
