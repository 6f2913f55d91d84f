// The promise to people with sqlite3 or pandas: these names, these columns, this meaning. Plain SQL on a plain
// connection.
#include <gmock/gmock.h>

#include "sessions/store_fixture.h"

namespace moescope {
namespace {

using testing::ElementsAre;

class ViewsTest : public StoreTest {
 protected:
  ViewsTest() {
    const SessionStore store = open_writer();
    RunWriter writer(store);
    const std::vector<Event> events = {
        a_start("first"),
        StateChanged{.step = 0, .wall_secs = 0, .state = RunState::running, .message = "go"},
        a_step(1, 3),
        MetricsTaken{{a_metric("train/loss", 2, std::numeric_limits<double>::quiet_NaN()),
                      a_metric("train/loss", 3, std::numeric_limits<double>::infinity())}},
        CommandApplied{.step = 1, .wall_secs = 0.5, .key = "router.k", .old_value = "1", .new_value = "2"},
        Evaluated{
            .step = 3, .wall_secs = 2, .split = "test", .num_images = 10, .accuracy = 0.5, .loss = 1.5, .setting = ""},
        a_checkpoint(3, 10)};
    writer.write(events);
  }
  /// Rows as text, columns joined by '|', as the sqlite3 program prints them.
  std::vector<std::string> ask(const std::string& sql) const {
    const Database database(path_, Database::Mode::read);
    Statement rows(database, sql);
    std::vector<std::string> lines;
    while (rows.step()) {
      std::string line;
      for (int i = 0; i < rows.num_columns(); ++i) line += (i > 0 ? "|" : "") + rows.text(i);
      lines.push_back(line);
    }
    return lines;
  }
  std::string columns(const std::string& table) const {
    return ask("SELECT group_concat(name, ' ') FROM pragma_table_info('" + table + "')").at(0);
  }
};

TEST_F(ViewsTest, MetricsAreOneRowAPoint) {
  EXPECT_THAT(ask("SELECT run_id, key, step, wall_secs, value FROM metrics WHERE key = 'train/loss' ORDER BY step"),
              ElementsAre("1|train/loss|1|0.5|3.0", "1|train/loss|2|1.0|", "1|train/loss|3|1.5|Inf"));
  EXPECT_THAT(ask("SELECT step FROM metrics WHERE key = 'train/loss' AND value IS NULL"), ElementsAre("2"));
}

TEST_F(ViewsTest, QuestionsOfOneLine) {
  EXPECT_THAT(ask("SELECT value FROM params WHERE run_id = 1 AND key = 'train.batch_size'"), ElementsAre("128"));
  EXPECT_THAT(
      ask("SELECT r.name, p.value, e.accuracy FROM runs r JOIN params p USING (run_id) "
          "JOIN evaluations e USING (run_id) WHERE p.key = 'router.kind' AND e.split = 'test' AND e.setting = ''"),
      ElementsAre("first|soft|0.5"));
  EXPECT_THAT(ask("SELECT step, key, old_value, new_value FROM commands"), ElementsAre("1|router.k|1|2"));
  EXPECT_THAT(ask("SELECT value FROM environment WHERE key = 'cpu'"), ElementsAre("Test CPU"));
  EXPECT_THAT(ask("SELECT state, message FROM events"), ElementsAre("running|go"));
  EXPECT_THAT(ask("SELECT step, rolling, reason, num_bytes, length(bytes) FROM checkpoints JOIN checkpoint_parts USING "
                  "(checkpoint_id)"),
              ElementsAre("3|1|rolling|10|10"));
  EXPECT_THAT(ask("SELECT name, router, dataset, step, test_accuracy, num_checkpoints FROM run_summaries"),
              ElementsAre("first|soft|fashion_mnist|3|0.5|1"));
}

TEST_F(ViewsTest, ColumnsKeepTheirNamesAndTheirPlaces) {
  // Other people's scripts stand on these lines: columns may be added at an end, and that is all.
  EXPECT_EQ(columns("metrics"), "run_id key step wall_secs value");
  EXPECT_EQ(columns("metric_pyramids"), "run_id key level first_step num_steps count num_nan num_inf min max mean");
  EXPECT_EQ(columns("params"), "run_id key value");
  EXPECT_EQ(columns("environment"), "run_id since_step key value");
  EXPECT_EQ(columns("commands"), "command_id run_id step wall_secs key old_value new_value");
  EXPECT_EQ(columns("evaluations"), "evaluation_id run_id step wall_secs split num_images accuracy loss setting");
  EXPECT_EQ(columns("events"), "event_id run_id step wall_secs state message at");
  EXPECT_EQ(columns("notes"), "note_id run_id step written_at text");
  EXPECT_EQ(columns("checkpoints"), "checkpoint_id run_id step wall_secs rolling reason saved_at num_bytes");
  EXPECT_EQ(columns("checkpoint_parts"), "checkpoint_id part crc32 bytes");
  EXPECT_EQ(
      columns("routing_maps"),
      "map_id run_id step layer image token_set router grid_height grid_width has_class_token num_tokens num_experts "
      "temperature k capacity actual_capacity_factor slots_per_expert scale gates expert weight place drop_reason "
      "dispatch combine expert_off");
  EXPECT_EQ(
      columns("runs"),
      "run_id name started_at updated_at state message num_parameters gflops_per_image step wall_secs loss_step loss "
      "accuracy_step accuracy test_step test_accuracy test_loss starred archived trashed_at");
  EXPECT_EQ(columns("tags"), "run_id tag");
  EXPECT_EQ(columns("figures"), "figure_id made_at title spec scene_hash program");
  EXPECT_EQ(
      columns("run_summaries"),
      "run_id name state message started_at updated_at router dataset step wall_secs loss_step loss accuracy_step "
      "accuracy test_step test_accuracy test_loss num_parameters gflops_per_image num_checkpoints starred archived "
      "trashed_at tags num_notes checkpoint_bytes");
}

TEST_F(ViewsTest, PyramidsSummariseTheirSteps) {
  EXPECT_THAT(ask("SELECT first_step, num_steps, count, num_nan, num_inf, min, max, mean FROM metric_pyramids "
                  "WHERE key = 'train/loss' ORDER BY level"),
              ElementsAre("0|64|3|1|1|3.0|3.0|3.0", "0|4096|3|1|1|3.0|3.0|3.0", "0|262144|3|1|1|3.0|3.0|3.0"));
}

TEST_F(ViewsTest, OneCurveIsFoundWithoutReadingTheOthers) {
  const auto plan = ask("EXPLAIN QUERY PLAN SELECT step, value FROM metrics WHERE run_id = 1 AND key = 'train/loss'");
  for (const std::string& line : plan) EXPECT_EQ(line.find("SCAN"), std::string::npos) << line;
}

}  // namespace
}  // namespace moescope
