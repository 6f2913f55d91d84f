// Planned memory: what a round takes is found once, then nothing is asked of the memory again.
#include "compute/core/arena.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "compute/core/error.h"

namespace moescope {
namespace {

TEST(Arena, TensorsAreAlignedAndApart) {
  Arena arena;
  const Tensor a = arena.make({3}), b = arena.make({5, 7});
  EXPECT_EQ(reinterpret_cast<uintptr_t>(a.data()) % 64, 0u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(b.data()) % 64, 0u);
  EXPECT_GE(b.f32(), a.f32() + 3);
}

TEST(Arena, ScopesGiveTheirMemoryBack) {
  Arena arena;
  arena.make({10});
  float* inner = nullptr;
  {
    const ArenaScope scope(arena);
    inner = arena.make({10}).f32();
  }
  EXPECT_EQ(arena.make({10}).f32(), inner);
}

TEST(Arena, ASteadyRoundAllocatesNothing) {
  Arena arena;
  const auto round = [&] {
    for (int i = 0; i < 8; ++i) {
      arena.make({1 << 18});  // 1 MiB each: more than the first block
      const ArenaScope scope(arena);
      arena.make({1 << 19});
    }
    arena.reset();
  };
  round();
  round();  // now one block holds it all
  const int growths = arena.growths();
  const int64_t held = arena.capacity_bytes();
  for (int i = 0; i < 5; ++i) round();
  EXPECT_EQ(arena.growths(), growths);
  EXPECT_EQ(arena.capacity_bytes(), held);
  EXPECT_GE(held, 8 * (int64_t{1} << 20) + (int64_t{1} << 21));
}

TEST(Arena, RewindingAcrossBlocksReturnsToTheFirst) {
  Arena arena;
  const Arena::Mark start = arena.mark();
  float* first = arena.make({100}).f32();
  arena.make({1 << 20});
  arena.rewind(start);
  EXPECT_EQ(arena.make({100}).f32(), first);
}

TEST(Buffer, StartsAtZeroAndMoves) {
  Buffer a({4});
  EXPECT_EQ(a.f32()[3], 0.0f);
  a.f32()[0] = 5;
  Buffer b = std::move(a);
  EXPECT_EQ(b.f32()[0], 5.0f);
}

TEST(Tensor, ViewsRowsAndShapes) {
  Buffer buffer({2, 3, 4});
  const Tensor& t = buffer.tensor();
  EXPECT_EQ(t.row(1).f32(), t.f32() + 12);
  EXPECT_EQ(t.rows(1, 2).shape(), (Shape{1, 3, 4}));
  EXPECT_EQ(t.dim(-1), 4);
  EXPECT_EQ(t.reshaped({6, 4}).dim(0), 6);
  EXPECT_EQ(describe("t", t), "t (2,3,4)");
  EXPECT_THROW(t.reshaped({5, 5}), ShapeError);
  EXPECT_THROW(t.rows(1, 3), ShapeError);
}

TEST(Shape, AScalarHasOneElement) { EXPECT_EQ(Shape{}.size(), 1); }

}  // namespace
}  // namespace moescope
