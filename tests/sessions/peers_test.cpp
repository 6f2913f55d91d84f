// Our files as other people's programs read them, and theirs as we do: TensorBoard, pandas and the sqlite3 shell.
#include <gmock/gmock.h>

#include <cmath>

#include "sessions/export.h"
#include "sessions/import.h"
#include "sessions/store_fixture.h"
#include "sessions/tensorboard.h"
#include "support/peer_python.h"

namespace moescope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();

class PeersTest : public StoreTest {
 protected:
  PeersTest() : store_(open_writer()), reader_(store_) {
    RunStarted start = a_start("a \"run\", with commas");
    start.config.router.k = 2;
    RunWriter(store_).write(std::vector<Event>{
        start,
        MetricsTaken{{a_metric("train/loss", 1, 0.1), a_metric("train/loss", 2, kNan),
                      a_metric("train/loss", 3, kInfinity), a_metric("train/loss", 4, -kInfinity),
                      a_metric("train/loss", 5, 1e-310), a_metric("a,b", 1, 1.0 / 3)}},
        Evaluated{
            .step = 5, .wall_secs = 3, .split = "test", .num_images = 10, .accuracy = 0.7, .loss = kNan, .setting = ""},
        StateChanged{.step = 5, .wall_secs = 3, .state = RunState::finished, .message = ""}});
  }
  /// The folder's files under the names that the scripts use.
  std::string script(const std::string& text) const { return "folder = r'" + folder_.string() + "'\n" + text; }

  SessionStore store_;
  RunReader reader_;
};

#define MOESCOPE_NEED_PYTHON(package)                       \
  const std::string python = python_with(package);          \
  if (python.empty())                                       \
  GTEST_SKIP() << "no Python here has the package " package \
                  "; ./test installs it when PyPI can "     \
                  "be reached"

TEST_F(PeersTest, TensorboardReadsTheSameScalars) {
  MOESCOPE_NEED_PYTHON("tensorboard");
  export_tensorboard(reader_, 1, folder_ / "logs");
  const Printed printed = run_python(python, folder_ / "read.py", script(R"(
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(folder + '/logs')
events.Reload()
print(sorted(events.Tags()['scalars']))
print([(s.step, float.hex(s.value)) for s in events.Scalars('train/loss')])
times = [s.wall_time for s in events.Scalars('train/loss')]
print(times[4] - times[0])
)"));
  EXPECT_EQ(printed.status, 0);
  // 32 bits a value is TensorBoard's own; half a second a step.
  EXPECT_THAT(printed.text,
              HasSubstr("['a,b', 'train/loss']\n"
                        "[(1, '0x1.99999a0000000p-4'), (2, 'nan'), (3, 'inf'), (4, '-inf'), (5, '0x0.0p+0')]\n2.0\n"));
}

TEST_F(PeersTest, WhatTensorboardWritesIsRead) {
  MOESCOPE_NEED_PYTHON("tensorboard");
  const Printed printed = run_python(python, folder_ / "write.py", script(R"(
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter
writer = EventFileWriter(folder + '/theirs')
for step, value in enumerate([0.25, float('nan'), float('-inf'), -3.5]):
    writer.add_event(Event(wall_time=1000 + step, step=step, summary=Summary(
        value=[Summary.Value(tag='their/loss', simple_value=value), Summary.Value(tag='image', image={})])))
writer.close()
)"));
  ASSERT_EQ(printed.status, 0) << printed.text;
  const TensorboardImport done = import_tensorboard(store_, folder_ / "theirs", "theirs");
  EXPECT_EQ(done.num_values, 4);
  EXPECT_EQ(done.num_left_out, 4);
  const MetricSeries series = reader_.load_metrics(done.run_id, "their/loss");
  EXPECT_THAT(series.steps, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(series.values, ElementsAre(0.25, testing::NanSensitiveDoubleEq(kNan), -kInfinity, -3.5));
}

TEST_F(PeersTest, PandasReadsTheViews) {
  MOESCOPE_NEED_PYTHON("pandas");
  const Printed printed = run_python(python, folder_ / "views.py", script(R"(
import sqlite3, pandas
store = sqlite3.connect('file:' + folder + '/runs.db?mode=ro', uri=True)
loss = pandas.read_sql("SELECT step, value FROM metrics WHERE run_id = 1 AND key = 'train/loss' ORDER BY step", store)
print(loss.dtypes['step'], loss.dtypes['value'], [float.hex(v) for v in loss['value']])
wide = pandas.read_sql('SELECT step, key, value FROM metrics', store).pivot(index='step', columns='key', values='value')
print(list(wide.columns), wide.shape, int(wide['a,b'].isna().sum()))
settings = pandas.read_sql('SELECT key, value FROM params WHERE run_id = 1', store).set_index('key')['value']
print(settings['router.k'], settings['router.kind'])
runs = pandas.read_sql('SELECT name, state, router, test_accuracy, test_step, test_loss FROM run_summaries', store)
print(runs.to_dict('records'))
)"));
  EXPECT_EQ(printed.status, 0);
  EXPECT_EQ(printed.text,
            "int64 float64 ['0x1.999999999999ap-4', 'nan', 'inf', '-inf', '0x0.012688b70e62bp-1022']\n"
            "['a,b', 'train/loss'] (5, 2) 4\n"
            "2 soft\n"
            "[{'name': 'a \"run\", with commas', 'state': 'finished', 'router': 'soft', 'test_accuracy': 0.7, "
            "'test_step': 5, 'test_loss': None}]\n");
}

TEST_F(PeersTest, PandasReadsTheTables) {
  MOESCOPE_NEED_PYTHON("pandas");
  export_csv(reader_, 1, folder_ / "tables");
  const Printed printed = run_python(python, folder_ / "tables.py", script(R"(
import pandas
metrics = pandas.read_csv(folder + '/tables/metrics.csv')
loss = metrics[metrics['key'] == 'train/loss']
print(list(loss['step']), [float.hex(v) for v in loss['value']])
print(pandas.read_csv(folder + '/tables/run.csv')['name'][0])
)"));
  EXPECT_EQ(printed.status, 0);
  EXPECT_EQ(printed.text,
            "[1, 2, 3, 4, 5] ['0x1.999999999999ap-4', 'nan', 'inf', '-inf', '0x0.012688b70e62bp-1022']\n"
            "a \"run\", with commas\n");
}

TEST_F(PeersTest, TheSqliteShellAnswersWhatTheReadmeShows) {
  const Printed printed =
      printed_by("sqlite3 -readonly '" + path_.string() +
                 "' \"SELECT step, value FROM metrics WHERE run_id = 1 AND key = 'train/loss' AND step < 4\"");
  EXPECT_EQ(printed.status, 0);
  EXPECT_EQ(printed.text, "1|0.1\n2|\n3|Inf\n");
}

}  // namespace
}  // namespace moescope
