// Stores that older versions wrote: each opens, keeps all that it held, and goes on.
#include <gmock/gmock.h>

#include <cmath>
#include <sstream>

#include "sessions/check.h"
#include "sessions/checkpoints.h"
#include "sessions/migrations.h"
#include "sessions/routing_blobs.h"
#include "sessions/store_fixture.h"

namespace moescope {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::filesystem::path saved(int schema) {
  return std::filesystem::path(MOESCOPE_TEST_DATA) / "stores" / ("schema_" + std::to_string(schema) + ".sql");
}

class OldStores : public StoreTest, public testing::WithParamInterface<int> {
 protected:
  /// The saved text as the file that it came from, in the journal mode of a store.
  void restore(int schema) const {
    std::ifstream file(saved(schema));
    ASSERT_TRUE(file.good()) << saved(schema);
    const Database database(path_, Database::Mode::create);
    database.execute((std::ostringstream() << file.rdbuf()).str());
    database.execute("PRAGMA journal_mode = WAL");
    ASSERT_EQ(schema_version(database), schema);
  }
  static void expect_all_there(const SessionStore& store) {
    const RunReader reader(store);
    const StoredRun run = reader.load_run(1);
    EXPECT_EQ(run.summary.name, "an old run");
    EXPECT_EQ(run.summary.state, RunState::finished);
    EXPECT_EQ(run.summary.router, "tokens_choice");
    EXPECT_EQ(*run.summary.test_accuracy, 0.875);
    EXPECT_EQ(run.summary.num_checkpoints, 1);
    EXPECT_FALSE(run.summary.trashed);
    EXPECT_THAT(run.config_doubts, IsEmpty());
    EXPECT_EQ(run.config.router.k, 1);
    EXPECT_EQ(run.config.train.seed, 17);
    ASSERT_EQ(run.commands.size(), 1u);
    EXPECT_EQ(run.commands[0].new_value, "0.5");
    ASSERT_EQ(run.notes.size(), 1u);
    EXPECT_EQ(run.notes[0].text, "kept since then");

    const MetricSeries losses = reader.load_metrics(1, "train/loss");
    ASSERT_EQ(losses.values.size(), 100u);
    EXPECT_EQ(losses.values[2], 1.0 / 3);
    EXPECT_TRUE(std::isnan(losses.values[49]));
    EXPECT_EQ(losses.values[59], std::numeric_limits<double>::infinity());
    const MetricEnvelope coarse = reader.load_envelope(1, "train/loss", 2);
    int64_t count = 0, nan = 0;
    for (const EnvelopePoint& point : coarse.points) count += point.count, nan += point.num_nan;
    EXPECT_LT(coarse.points.size(), 100u);
    EXPECT_EQ(count, 100);
    EXPECT_EQ(nan, 1);

    const std::vector<std::byte> bytes = load_checkpoint(store.database(), run.checkpoints.at(0).checkpoint_id);
    ASSERT_EQ(bytes.size(), 1000u);
    EXPECT_EQ(bytes[999], static_cast<std::byte>(999 * 7 % 256));
    const auto maps = list_routing(store.database(), 1);
    ASSERT_EQ(maps.size(), 1u);
    const RoutingMap map = load_routing(store.database(), maps[0].map_id).map;
    EXPECT_THAT(map.expert, ElementsAre(0, 1, 1, 0));
    EXPECT_EQ(map.drop[2], DropReason::expert_full);
    EXPECT_EQ(map.gates[5], 0.875f);
  }
};

TEST_P(OldStores, IsUpgradedWhenItIsOpenedAndNothingIsLost) {
  restore(GetParam());
  const auto present = static_cast<int64_t>(schema_steps().size());
  {
    const SessionStore store = open_reader();
    EXPECT_EQ(schema_version(store.database()), present);
    EXPECT_EQ(store.backup().empty(), GetParam() == present);
    expect_all_there(store);
    if (!store.backup().empty()) {
      const Database copy(store.backup(), Database::Mode::read);
      EXPECT_EQ(schema_version(copy), GetParam());
      EXPECT_EQ(copy.integer("SELECT count(*) FROM metrics"), 100);
    }
  }
  EXPECT_THAT(check_store(path_), IsEmpty());
  {  // The old run goes on, and a new one begins beside it.
    const SessionStore store = open_writer();
    RunWriter writer(store);
    writer.resume_run(1, 100);
    writer.write(std::vector<Event>{a_step(101, 0.25), a_checkpoint(101, 500)});
    RunWriter(store).begin_run(a_start("a new one"));
    EXPECT_EQ(RunReader(store).load_metrics(1, "train/loss").values.back(), 0.25);
    EXPECT_EQ(RunReader(store).count_runs(), 2);
  }
  EXPECT_THAT(check_store(path_), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Schema, OldStores, testing::Values(2, 3, 4, 5, 6), testing::PrintToStringParamName());

TEST_F(StoreTest, EverySchemaBeforeThePresentOneHasASavedStore) {
  const auto present = static_cast<int>(schema_steps().size());
  for (int schema = 2; schema < present; ++schema) {
    EXPECT_TRUE(std::filesystem::exists(saved(schema)))
        << schema << ": tests/reference/stores/README.md says how to save it";
  }
}

}  // namespace
}  // namespace moescope
