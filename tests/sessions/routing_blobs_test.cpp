// Routing maps through the store, and as somebody with numpy would read them.
#include "sessions/routing_blobs.h"

#include <gmock/gmock.h>

#include <cstring>

#include "sessions/store_fixture.h"

namespace moescope {
namespace {

using testing::HasSubstr;

/// S = 3 tokens, E = 2 experts, K = 2 choices.
RoutingTaken a_sparse_map() {
  RoutingTaken taken{.image = "test 17", .map = {}};
  RoutingMap& m = taken.map;
  m.router = RouterKind::tokens_choice;
  m.layer = 3;
  m.step = 40;
  m.token_set = "test 17, its 3 tokens";
  m.grid_height = 1;
  m.grid_width = 2;
  m.has_class_token = true;
  m.num_tokens = 3;
  m.num_experts = 2;
  m.temperature = 0.5;
  m.k = 2;
  m.capacity = 2;
  m.actual_capacity_factor = 4.0 / 3;
  m.gates = {0.75F, 0.25F, 0.5F, 0.5F, 0.1F, 0.9F};
  m.expert = {0, 1, 0, 1, 1, 0};
  m.weight = {0.75F, 0.25F, 0.5F, 0.5F, 0.9F, 0.1F};
  m.place = {0, 0, 1, 1, 2, 2};
  m.drop = {DropReason::none,       DropReason::none,        DropReason::none,
            DropReason::expert_off, DropReason::expert_full, DropReason::expert_full};
  m.expert_off = {0, 1};
  return taken;
}

/// S = 2, E = 2, two slots an expert: Q = 4.
RoutingTaken a_soft_map() {
  RoutingTaken taken{.image = "shoe.png", .map = {}};
  RoutingMap& m = taken.map;
  m.router = RouterKind::soft;
  m.num_tokens = 2;
  m.num_experts = 2;
  m.slots_per_expert = 2;
  m.scale = 1.25F;
  m.dispatch = {0.5F, 0.25F, 1, 0, 0.5F, 0.75F, 0, 1};
  m.combine = {0.25F, 0.25F, 0.25F, 0.25F, 1, 0, 0, 0};
  return taken;
}

class RoutingBlobsTest : public StoreTest {
 protected:
  RoutingBlobsTest() : store_(open_writer()), writer_(store_), run_(writer_.begin_run(a_start())) {
    const std::vector<Event> events = {a_sparse_map(), a_soft_map()};
    writer_.write(events);
  }
  SessionStore store_;
  RunWriter writer_;
  int64_t run_;
};

TEST_F(RoutingBlobsTest, ASparseMapComesBack) {
  const RoutingTaken expected = a_sparse_map(), stored = load_routing(store_.database(), 1);
  EXPECT_EQ(stored.image, "test 17");
  const RoutingMap &a = expected.map, &b = stored.map;
  EXPECT_EQ(b.router, a.router);
  EXPECT_EQ(b.layer, a.layer);
  EXPECT_EQ(b.step, a.step);
  EXPECT_EQ(b.token_set, a.token_set);
  EXPECT_EQ(b.grid_height, a.grid_height);
  EXPECT_EQ(b.grid_width, a.grid_width);
  EXPECT_EQ(b.has_class_token, a.has_class_token);
  EXPECT_EQ(b.num_tokens, a.num_tokens);
  EXPECT_EQ(b.num_experts, a.num_experts);
  EXPECT_EQ(b.temperature, a.temperature);
  EXPECT_EQ(b.k, a.k);
  EXPECT_EQ(b.capacity, a.capacity);
  EXPECT_EQ(b.actual_capacity_factor, a.actual_capacity_factor);
  EXPECT_EQ(b.gates, a.gates);
  EXPECT_EQ(b.expert, a.expert);
  EXPECT_EQ(b.weight, a.weight);
  EXPECT_EQ(b.place, a.place);
  EXPECT_EQ(b.drop, a.drop);
  EXPECT_EQ(b.expert_off, a.expert_off);
  EXPECT_TRUE(b.dispatch.empty());
}

TEST_F(RoutingBlobsTest, ASoftMapComesBack) {
  const RoutingMap expected = a_soft_map().map, stored = load_routing(store_.database(), 2).map;
  EXPECT_EQ(stored.router, RouterKind::soft);
  EXPECT_EQ(stored.slots_per_expert, 2);
  EXPECT_EQ(stored.scale, 1.25F);
  EXPECT_EQ(stored.dispatch, expected.dispatch);
  EXPECT_EQ(stored.combine, expected.combine);
  EXPECT_TRUE(stored.gates.empty());
}

TEST_F(RoutingBlobsTest, TheLayoutIsPlainLittleEndianNumbers) {
  Statement row(store_.database(), "SELECT combine FROM routing_maps WHERE image = 'shoe.png'");
  ASSERT_TRUE(row.step());
  const auto blob = row.blob(0);
  ASSERT_EQ(blob.size(), 8 * 4u);
  // combine[token 1, slot 0] is number 1 * Q + 0 = 4, at byte 16: 1.0F is 00 00 80 3f
  const std::byte one[] = {std::byte{0}, std::byte{0}, std::byte{0x80}, std::byte{0x3f}};
  EXPECT_EQ(std::memcmp(blob.data() + 16, one, 4), 0);
}

TEST_F(RoutingBlobsTest, AreListedWithoutTheirArrays) {
  const auto maps = list_routing(store_.database(), run_);
  ASSERT_EQ(maps.size(), 2u);
  EXPECT_EQ(maps[0].image, "shoe.png");  // step 0
  EXPECT_EQ(maps[1].step, 40);
  EXPECT_EQ(maps[1].layer, 3);
}

TEST_F(RoutingBlobsTest, ArraysThatDisagreeWithTheirLabelsAreDamage) {
  const Database& database = store_.database();
  const auto after = [&](const std::string& change) {
    database.execute("UPDATE routing_maps SET " + change + " WHERE map_id = 1");
    const StoreError error = store_error([&] { load_routing(database, 1); });
    EXPECT_EQ(error.problem, StoreProblem::damaged);
    return std::string(error.what());
  };
  EXPECT_THAT(after("gates = x'00112233'"), HasSubstr("gates has 4 bytes where its labels ask for 24"));
  EXPECT_THAT(after("gates = x'', drop_reason = x'000102030405'"), HasSubstr("drop_reason 3"));
  EXPECT_THAT(after("num_tokens = -1"), HasSubstr("-1"));
  EXPECT_THAT(after("num_tokens = 9223372036854775807"), HasSubstr("9223372036854775807"));
  EXPECT_THAT(after("num_tokens = 3, router = 'roulette'"), HasSubstr("roulette"));
  EXPECT_EQ(store_error([&] { load_routing(database, 99); }).problem, StoreProblem::missing);
}

}  // namespace
}  // namespace moescope
