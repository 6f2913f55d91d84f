// The check finds each kind of damage and nothing in a sound store.
#include "sessions/check.h"

#include <gmock/gmock.h>

#include "sessions/store_fixture.h"

namespace moescope {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CheckTest : public StoreTest {
 protected:
  CheckTest() {
    const SessionStore store = open_writer();
    RunWriter writer(store);
    RoutingTaken routing{.image = "test 1", .map = {}};
    routing.map.router = RouterKind::soft;
    routing.map.num_tokens = routing.map.num_experts = routing.map.slots_per_expert = 2;
    routing.map.dispatch = routing.map.combine = std::vector<float>(8);
    const std::vector<Event> events = {a_start(), a_step(1, 2), a_checkpoint(1, 50'000, false), a_checkpoint(1, 50'000),
                                       routing};
    writer.write(events);
  }
  void damage(const std::string& sql) const {
    const Database database(path_, Database::Mode::write);
    database.execute("PRAGMA foreign_keys = OFF");
    database.execute(sql);
  }
};

TEST_F(CheckTest, FindsNothingInASoundStoreAndSaysWhatItLooksAt) {
  std::vector<std::string> heard;
  EXPECT_THAT(check_store(path_, [&](const std::string& what) { heard.push_back(what); }), IsEmpty());
  EXPECT_THAT(heard, Contains("checkpoint 2 of 2"));
}

TEST_F(CheckTest, FindsNothingWhileAnotherWrites) {
  const SessionStore store = open_writer();
  RunWriter writer(store);
  writer.begin_run(a_start());
  EXPECT_THAT(check_store(path_), IsEmpty());
}

TEST_F(CheckTest, NamesAnAlteredCheckpoint) {
  damage("UPDATE checkpoint_parts SET bytes = zeroblob(50000) WHERE checkpoint_id = 2");
  EXPECT_THAT(check_store(path_),
              ElementsAre(AllOf(HasSubstr("checkpoint 2 (run 1, step "), HasSubstr("is damaged in part 0"))));
}

TEST_F(CheckTest, NamesRowsWithoutTheirRun) {
  damage("UPDATE metrics_data SET run_id = 5");
  EXPECT_THAT(check_store(path_), Contains(AllOf(HasSubstr("metrics_data"), HasSubstr("belongs to no row of runs"))));
}

TEST_F(CheckTest, NamesAMapThatDisagreesWithItsLabels) {
  damage("UPDATE routing_maps SET combine = x'00'");
  EXPECT_THAT(check_store(path_), ElementsAre(AllOf(HasSubstr("routing map 1"), HasSubstr("combine has 1 bytes"))));
}

TEST_F(CheckTest, NamesSettingsThatAreLostOrNotUnderstood) {
  damage(
      "UPDATE params_data SET value = 'many' WHERE key_id = (SELECT key_id FROM param_keys_data WHERE key = "
      "'router.k')");
  EXPECT_THAT(check_store(path_), ElementsAre(HasSubstr("router.k = 'many'")));
  damage("DELETE FROM params_data");
  EXPECT_THAT(check_store(path_), ElementsAre("run 1 has no settings"));
}

TEST_F(CheckTest, OverwrittenPagesAreFindingsAndNotACrash) {
  // Every page but the first in turn, so that each table and index is hit once.
  const auto size = static_cast<int64_t>(std::filesystem::file_size(path_));
  const std::filesystem::path sound = folder_ / "sound.db";
  std::filesystem::copy_file(path_, sound);
  int noticed = 0;
  for (int64_t offset = 4096; offset < size; offset += 4096) {
    std::filesystem::copy_file(sound, path_, std::filesystem::copy_options::overwrite_existing);
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(offset);
    file << std::string(4096, '\x5a');
    file.close();
    if (!check_store(path_).empty()) ++noticed;
  }
  EXPECT_EQ(noticed, size / 4096 - 1);
}

TEST_F(CheckTest, AForeignFileIsAnErrorAndATruncatedOneAFinding) {
  std::filesystem::resize_file(path_, 8192);
  EXPECT_THAT(check_store(path_), ElementsAre(HasSubstr("damaged")));
  std::ofstream(path_, std::ios::trunc) << std::string(5000, 'x');
  EXPECT_EQ(store_error([&] { check_store(path_); }).problem, StoreProblem::not_a_store);
}

}  // namespace
}  // namespace moescope
