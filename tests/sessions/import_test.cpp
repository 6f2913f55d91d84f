// Runs that leave as text and come back: every number to the last bit, also those that are none.
#include "sessions/import.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdio>
#include <sstream>

#include "sessions/check.h"
#include "sessions/export.h"
#include "sessions/run_notes.h"
#include "sessions/store_fixture.h"
#include "sessions/tensorboard.h"

namespace moescope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();

class ImportTest : public StoreTest {
 protected:
  ImportTest() : store_(open_writer()), reader_(store_) {
    RunStarted start = a_start("a \"run\", with commas\nand lines");
    start.config.router.k = 2;
    const std::vector<Event> events = {
        start,
        MetricsTaken{{a_metric("train/loss", 1, 0.1), a_metric("train/loss", 2, kNan),
                      a_metric("train/loss", 3, kInfinity), a_metric("train/loss", 4, -kInfinity),
                      a_metric("train/loss", 5, 1e-310), a_metric("a,b", 1, 1.0 / 3)}},
        CommandApplied{.step = 2, .wall_secs = 1.5, .key = "router.noise_std", .old_value = "1", .new_value = "0"},
        Evaluated{
            .step = 5, .wall_secs = 3, .split = "test", .num_images = 10, .accuracy = 0.7, .loss = kNan, .setting = ""},
        StateChanged{.step = 5, .wall_secs = 3, .state = RunState::diverged, .message = "loss is NaN"}};
    RunWriter writer(store_);
    writer.write(events);
    add_note(store_.database(), 1, 3, "what, \"now\"?");
  }
  std::string json_of(int64_t run) const {
    std::ostringstream out;
    export_json(reader_, run, out);
    return out.str();
  }
  void expect_same(int64_t copy) const {
    const StoredRun a = reader_.load_run(1), b = reader_.load_run(copy);
    EXPECT_EQ(b.summary.name, a.summary.name);
    EXPECT_EQ(b.config.router.k, 2);
    EXPECT_EQ(b.summary.num_parameters, a.summary.num_parameters);
    EXPECT_EQ(b.summary.state, RunState::diverged);
    EXPECT_EQ(b.summary.step, 5);
    ASSERT_EQ(b.commands.size(), 1u);
    EXPECT_EQ(b.commands[0].new_value, "0");
    ASSERT_EQ(b.evaluations.size(), 1u);
    EXPECT_EQ(b.evaluations[0].accuracy, 0.7);
    EXPECT_TRUE(std::isnan(b.evaluations[0].loss));
    ASSERT_EQ(b.notes.size(), 1u);
    EXPECT_EQ(b.notes[0].text, "what, \"now\"?");
    EXPECT_EQ(b.notes[0].step, 3);
    EXPECT_EQ(reader_.metric_keys(copy), reader_.metric_keys(1));
    const std::vector<double> values = reader_.load_metrics(copy, "train/loss").values;
    ASSERT_EQ(values.size(), 5u);
    EXPECT_EQ(values[0], 0.1);
    EXPECT_TRUE(std::isnan(values[1]));
    EXPECT_EQ(values[2], kInfinity);
    EXPECT_EQ(values[3], -kInfinity);
    EXPECT_EQ(values[4], 1e-310);
    EXPECT_EQ(reader_.load_metrics(copy, "a,b").values[0], 1.0 / 3);
    EXPECT_EQ(reader_.load_metrics(copy, "train/loss").wall_secs, reader_.load_metrics(1, "train/loss").wall_secs);
  }
  static void write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }
  static std::string read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return (std::ostringstream() << file.rdbuf()).str();
  }

  SessionStore store_;
  RunReader reader_;
};

TEST_F(ImportTest, JsonComesBackTheSame) {
  write(folder_ / "run.json", json_of(1));
  expect_same(import_json(store_, folder_ / "run.json"));
}

TEST_F(ImportTest, CsvComesBackTheSame) {
  export_csv(reader_, 1, folder_ / "tables");
  expect_same(import_csv(store_, folder_ / "tables"));
}

TEST_F(ImportTest, ARunCanBeGivenAnotherName) {
  write(folder_ / "run.json", json_of(1));
  export_csv(reader_, 1, folder_ / "tables");
  for (const int64_t copy :
       {import_json(store_, folder_ / "run.json", "other"), import_csv(store_, folder_ / "tables", "other")}) {
    EXPECT_EQ(reader_.load_summary(copy).name, "other");
    EXPECT_EQ(reader_.load_run(copy).config.router.k, 2);
  }
}

TEST_F(ImportTest, DamagedTextsAreRefusedAndChangeNothing) {
  const std::string json = json_of(1);
  for (const std::string& text : {std::string("{}"), std::string("nonsense"), json.substr(0, json.size() / 2),
                                  std::string("{\"format\": \"moescope-run\", \"version\": 2}")}) {
    write(folder_ / "run.json", text);
    EXPECT_THROW(import_json(store_, folder_ / "run.json"), UserError) << text.substr(0, 40);
  }
  export_csv(reader_, 1, folder_ / "tables");
  const std::string metrics = read(folder_ / "tables/metrics.csv");
  write(folder_ / "tables/metrics.csv", metrics.substr(0, metrics.size() - 7));
  EXPECT_THROW(import_csv(store_, folder_ / "tables"), UserError);
  write(folder_ / "tables/metrics.csv", metrics + "1,train/loss,6,1\r\n");
  EXPECT_THROW(import_csv(store_, folder_ / "tables"), UserError);
  EXPECT_THROW(import_csv(store_, folder_ / "nowhere"), UserError);
  EXPECT_EQ(reader_.count_runs(), 1);
}

TEST_F(ImportTest, TensorboardScalarsComeBackAs32BitNumbers) {
  // The check value of CRC-32C.
  const std::string text = "123456789";
  EXPECT_EQ(crc32c(std::as_bytes(std::span(text))), 0xe3069283u);
  const std::filesystem::path file = export_tensorboard(reader_, 1, folder_ / "logs");
  EXPECT_THAT(file.filename().string(), HasSubstr("events.out.tfevents."));
  const TensorboardImport done = import_tensorboard(store_, folder_ / "logs", "back");
  EXPECT_EQ(done.num_values, 6);
  EXPECT_EQ(done.num_left_out, 0);
  const MetricSeries series = reader_.load_metrics(done.run_id, "train/loss");
  EXPECT_THAT(series.steps, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(series.values[0], static_cast<double>(0.1f));
  EXPECT_TRUE(std::isnan(series.values[1]));
  EXPECT_EQ(series.values[2], kInfinity);
  EXPECT_EQ(series.wall_secs[4] - series.wall_secs[0], 2);  // half a second a step
  EXPECT_EQ(reader_.load_summary(done.run_id).name, "back");
  EXPECT_EQ(reader_.load_summary(done.run_id).router, "") << "no setting is known, and none is made up";
  EXPECT_THAT(check_store(path_), IsEmpty());  // which is no damage
}

TEST_F(ImportTest, EveryFlippedByteOfAnEventFileIsNoticed) {
  const std::filesystem::path file = export_tensorboard(reader_, 1, folder_ / "logs");
  const std::string sound = read(file);
  int64_t left_out = 0;
  EXPECT_EQ(read_tensorboard(std::as_bytes(std::span(sound)), "it", left_out).size(), 6u);
  for (size_t i = 0; i < sound.size(); ++i) {
    std::string damaged = sound;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_THROW(read_tensorboard(std::as_bytes(std::span(damaged)), "it", left_out), UserError) << i;
  }
  for (size_t size = 1; size < sound.size(); ++size) {  // cut short anywhere but between two records
    try {
      read_tensorboard(std::as_bytes(std::span(sound.data(), size)), "it", left_out);
    } catch (const UserError& error) { EXPECT_THAT(error.what(), HasSubstr("cut short")); }
  }
  EXPECT_THROW(import_tensorboard(store_, folder_ / "nowhere", "x"), UserError);
}

}  // namespace
}  // namespace moescope
