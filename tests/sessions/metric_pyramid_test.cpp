// Pyramids: the arithmetic of a bucket, and that they follow the points through rollback, replacement and resume.
#include "sessions/metric_pyramid.h"

#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "sessions/check.h"
#include "sessions/migrations.h"
#include "sessions/store_fixture.h"

namespace moescope {
namespace {

using testing::IsEmpty;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

class MetricPyramidTest : public StoreTest {
 protected:
  /// Steps first..last of "train/loss", value f(step), `in_batch` of them a transaction.
  template <class Value>
  static void write(RunWriter& writer, int64_t first, int64_t last, int64_t in_batch, Value&& f) {
    for (int64_t step = first; step <= last;) {
      std::vector<Event> batch;
      for (int64_t i = 0; i < in_batch && step <= last; ++i, ++step) {
        batch.emplace_back(MetricsTaken{{a_metric("train/loss", step, f(step))}});
      }
      writer.write(batch);
    }
  }
  static double identity(int64_t step) { return static_cast<double>(step); }
};

/// Each with its number for a value.
class TenThousandSteps : public MetricPyramidTest {
 protected:
  TenThousandSteps() { write(writer_, 1, 10'000, 777, identity); }

  const SessionStore store_ = open_writer();
  RunWriter writer_{store_};
  const int64_t run_ = writer_.begin_run(a_start());
  const RunReader reader_{store_};
};

TEST_F(MetricPyramidTest, ABucketCountsNanAndInfinitiesApart) {
  PyramidBucket bucket;
  for (const double value : {3.0, kNan, -1.0, kInf, -kInf, 4.0}) bucket.add(value);
  EXPECT_EQ(bucket.count, 6);
  EXPECT_EQ(bucket.num_nan, 1);
  EXPECT_EQ(bucket.num_inf, 2);
  EXPECT_EQ(bucket.num_finite(), 3);
  EXPECT_EQ(bucket.min, -1);
  EXPECT_EQ(bucket.max, 4);
  EXPECT_EQ(bucket.sum, 6);  // 3 - 1 + 4
}

TEST_F(TenThousandSteps, TheLevelFollowsThePicture) {
  const MetricEnvelope all = reader_.load_envelope(run_, "train/loss", 200);
  EXPECT_EQ(all.steps_per_point, 64);
  ASSERT_EQ(all.points.size(), 157u);  // steps 0..63, ..., 9984..10047
  EXPECT_EQ(all.points[0].count, 63);  // 1 .. 63
  EXPECT_EQ(all.points[0].mean, 32);
  EXPECT_EQ(all.points[1].first_step, 64);
  EXPECT_EQ(all.points[1].count, 64);
  EXPECT_EQ(all.points[1].min, 64);
  EXPECT_EQ(all.points[1].max, 127);
  EXPECT_EQ(all.points[1].mean, 95.5);
  int64_t count = 0;
  for (const EnvelopePoint& point : all.points) count += point.count;
  EXPECT_EQ(count, 10'000);  // nothing is left out

  EXPECT_EQ(reader_.load_envelope(run_, "train/loss", 100).steps_per_point, 4096);
  const MetricEnvelope zoomed = reader_.load_envelope(run_, "train/loss", 100, 500, 599);
  EXPECT_EQ(zoomed.steps_per_point, 1);
  ASSERT_EQ(zoomed.points.size(), 100u);
  EXPECT_EQ(zoomed.points[3].first_step, 503);
  EXPECT_EQ(zoomed.points[3].mean, 503);
  EXPECT_THAT(reader_.load_envelope(run_, "no/such", 100).points, IsEmpty());
}

TEST_F(TenThousandSteps, ARangeEndsWhereItEndsWhateverCameLater) {
  const auto expect_edges = [&](int64_t max_points, int64_t first, int64_t last, int64_t width) {
    const MetricEnvelope envelope = reader_.load_envelope(run_, "train/loss", max_points, first, last);
    EXPECT_EQ(envelope.steps_per_point, width);
    const EnvelopePoint &begin = envelope.points.front(), &end = envelope.points.back();
    EXPECT_EQ(begin.first_step, first);
    EXPECT_EQ(begin.last_step, (first / width + 1) * width - 1);
    EXPECT_EQ(begin.min, first);
    EXPECT_EQ(begin.mean, 0.5 * static_cast<double>(first + begin.last_step));
    EXPECT_EQ(end.first_step, last / width * width);
    EXPECT_EQ(end.last_step, last);
    EXPECT_EQ(end.max, last);
    EXPECT_EQ(end.count, last - end.first_step + 1);
    EXPECT_EQ(end.mean, 0.5 * static_cast<double>(end.first_step + last));
  };
  expect_edges(20, 100, 900, 64);
  expect_edges(3, 200, 9'000, 4096);  // the edges are put together from buckets of 64 and from single steps
}

TEST_F(MetricPyramidTest, ABucketWithoutAFiniteValueHasNoMean) {
  const SessionStore store = open_writer();
  RunWriter writer(store);
  const int64_t run = writer.begin_run(a_start());
  write(writer, 0, 127, 10, [](int64_t step) { return step < 64 ? kNan : step == 64 ? kInf : 2.0; });
  const MetricEnvelope envelope = RunReader(store).load_envelope(run, "train/loss", 10);
  ASSERT_EQ(envelope.points.size(), 2u);
  EXPECT_EQ(envelope.points[0].num_nan, 64);
  EXPECT_TRUE(std::isnan(envelope.points[0].mean));
  EXPECT_TRUE(std::isnan(envelope.points[0].min));
  EXPECT_EQ(envelope.points[1].num_inf, 1);
  EXPECT_EQ(envelope.points[1].mean, 2);
}

TEST_F(MetricPyramidTest, FollowsThePointsThroughEverythingThatChangesThem) {
  std::mt19937 random(7);
  const auto noise = [&](int64_t) { return random() % 50 == 0 ? kNan : static_cast<double>(random() % 1000) - 500; };
  {
    const SessionStore store = open_writer();
    RunWriter writer(store);
    writer.begin_run(a_start());
    write(writer, 1, 5000, 313, noise);
    EXPECT_THAT(check_store(path_), IsEmpty());
    write(writer, 100, 140, 50, noise);  // the same steps and clocks again: values are replaced
    EXPECT_THAT(check_store(path_), IsEmpty()) << "after replacing";
    store.database().execute("PRAGMA max_page_count = 1");
    const std::vector<Event> too_much = {a_step(5001, 1), a_checkpoint(5001, size_t{1} << 20)};
    EXPECT_EQ(store_error([&] { writer.write(too_much); }).problem, StoreProblem::full);
    store.database().execute("PRAGMA max_page_count = 1000000");
    write(writer, 5001, 5100, 10, noise);
    EXPECT_THAT(check_store(path_), IsEmpty()) << "after a batch that failed";
    const std::vector<Event> two_runs = {a_step(5101, 1), a_start("another"), a_step(1, 1)};
    writer.write(two_runs);
    EXPECT_THAT(check_store(path_), IsEmpty()) << "after a change of runs within a batch";
  }
  const SessionStore store = open_writer();
  RunWriter writer(store);
  for (const int64_t step : {4500, 4096, 4095, 64, 63, 10, 0}) {
    writer.resume_run(1, step);
    EXPECT_THAT(check_store(path_), IsEmpty()) << "after going back to step " << step;
    write(writer, step + 1, step + 7, 7, noise);
    EXPECT_THAT(check_store(path_), IsEmpty()) << "after going on from step " << step;
  }
}

TEST_F(MetricPyramidTest, AStoreFromBeforePyramidsGetsThem) {
  {
    const Database database(path_, Database::Mode::create);
    const auto steps = schema_steps();
    upgrade_schema(database, std::span(steps).first(2));
    database.execute(
        "INSERT INTO runs (name, started_at, updated_at, state, num_parameters) VALUES ('old', '', '', 'finished', 3);"
        "INSERT INTO param_keys_data VALUES (1, 'train.seed'); INSERT INTO params_data VALUES (1, 1, '5');"
        "INSERT INTO metric_keys_data VALUES (1, 'train/loss');"
        "INSERT INTO metrics_data WITH RECURSIVE s (step) AS (VALUES (0) UNION ALL SELECT step + 1 FROM s WHERE step < "
        "999) "
        "SELECT 1, 1, step, step, CASE step WHEN 5 THEN NULL WHEN 6 THEN 9e999 ELSE step END FROM s;");
  }
  EXPECT_THAT(check_store(path_), IsEmpty());
  const SessionStore store = open_reader();
  const MetricEnvelope envelope = RunReader(store).load_envelope(1, "train/loss", 100);
  ASSERT_EQ(envelope.points.size(), 16u);
  EXPECT_EQ(envelope.points[0].count, 64);
  EXPECT_EQ(envelope.points[0].num_nan, 1);
  EXPECT_EQ(envelope.points[0].num_inf, 1);
  EXPECT_EQ(envelope.points[0].max, 63);
}

TEST_F(MetricPyramidTest, TheCheckNoticesAWrongOne) {
  {
    const SessionStore store = open_writer();
    RunWriter writer(store);
    writer.begin_run(a_start());
    write(writer, 1, 100, 100, identity);
    store.database().execute("UPDATE metric_pyramids_data SET max = 7 WHERE level = 2");
  }
  EXPECT_THAT(check_store(path_), testing::ElementsAre(testing::HasSubstr("run 1: the overview of metric key 1")));
}

}  // namespace
}  // namespace moescope
