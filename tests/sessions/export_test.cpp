// Exports: what is written can be read back to the same bits, NaN and infinities included.
#include "sessions/export.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sessions/run_notes.h"
#include "sessions/store_fixture.h"

namespace moescope {
namespace {

using testing::HasSubstr;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();
const std::vector<double> kValues = {0.1, kNan, kInf, -kInf, 1.0 / 3, 5e-324, -1.7976931348623157e308, 1e22, 3};

bool same_bits(double a, double b) { return (std::isnan(a) && std::isnan(b)) || a == b; }

class ExportTest : public StoreTest {
 protected:
  ExportTest() : store_(open_writer()), reader_(store_) {
    RunWriter writer(store_);
    RunStarted start = a_start("a name, with \"quotes\"\nand a line");
    RoutingTaken routing{.image = "test 1", .map = {}};
    routing.map.router = RouterKind::soft;
    routing.map.num_tokens = routing.map.num_experts = 1;
    routing.map.slots_per_expert = 2;
    routing.map.dispatch = {1, 0.5F};
    routing.map.combine = {0.25F, 0.75F};
    std::vector<Event> events = {start, routing, a_checkpoint(1, 10)};
    for (size_t i = 0; i < kValues.size(); ++i) {
      events.emplace_back(MetricsTaken{{a_metric("train/loss", static_cast<int64_t>(i), kValues[i])}});
    }
    events.emplace_back(Evaluated{
        .step = 9, .wall_secs = 1, .split = "train", .num_images = 5, .accuracy = 0.5, .loss = kNan, .setting = "x=1"});
    writer.write(events);
    add_note(store_.database(), 1, -1, "about all");
  }
  std::vector<std::string> lines(const std::filesystem::path& path) const {
    std::ifstream file(path, std::ios::binary);
    std::vector<std::string> found;
    for (std::string line; std::getline(file, line);) {
      EXPECT_EQ(line.empty() ? '?' : line.back(), '\r') << "RFC 4180 ends lines with CR LF";
      line.pop_back();
      found.push_back(line);
    }
    return found;
  }

  SessionStore store_;
  RunReader reader_;
};

TEST_F(ExportTest, CsvNumbersReadBackAsTheSameBits) {
  const auto paths = export_csv(reader_, 1, folder_ / "csv");
  EXPECT_EQ(paths.size(), 10u);
  const auto metrics = lines(folder_ / "csv" / "metrics.csv");
  ASSERT_EQ(metrics.size(), kValues.size() + 1);
  EXPECT_EQ(metrics[0], "run_id,key,step,wall_secs,value");
  EXPECT_EQ(metrics[1], "1,train/loss,0,0,0.1");
  EXPECT_EQ(metrics[2], "1,train/loss,1,0.5,nan");
  EXPECT_EQ(metrics[3], "1,train/loss,2,1,inf");
  for (size_t i = 0; i < kValues.size(); ++i) {
    const std::string text = metrics[i + 1].substr(metrics[i + 1].rfind(',') + 1);
    EXPECT_TRUE(same_bits(std::strtod(text.c_str(), nullptr), kValues[i])) << text;  // reads nan and inf, too
  }
  EXPECT_EQ(lines(folder_ / "csv" / "evaluations.csv").at(1), "1,1,9,1,train,5,0.5,nan,x=1");
  EXPECT_EQ(lines(folder_ / "csv" / "notes.csv").at(1).substr(0, 5), "1,1,,");  // no step is nothing, not NaN
  EXPECT_THAT(lines(folder_ / "csv" / "routing_maps.csv").at(1), HasSubstr(",8 bytes,8 bytes,"));
}

TEST_F(ExportTest, CsvQuotesWhatWouldBreakItsCells) {
  export_csv(reader_, 1, folder_ / "csv");
  std::ifstream file(folder_ / "csv" / "run.csv", std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_THAT(text, HasSubstr("\"a name, with \"\"quotes\"\"\nand a line\""));
}

TEST_F(ExportTest, JsonCarriesTheWholeRun) {
  std::ostringstream out;
  export_json(reader_, 1, out);
  const auto run = nlohmann::json::parse(out.str());
  EXPECT_EQ(run["format"], "moescope-run");
  EXPECT_EQ(run["version"], 1);
  EXPECT_EQ(run["run"]["name"], "a name, with \"quotes\"\nand a line");
  EXPECT_EQ(run["run"]["run_id"], 1);
  EXPECT_TRUE(run["run"]["test_accuracy"].is_null());
  EXPECT_EQ(run["params"]["router.kind"], "soft");
  EXPECT_EQ(run["environment"][0]["value"], "Test CPU");
  const auto& series = run["metrics"]["train/loss"];
  ASSERT_EQ(series["value"].size(), kValues.size());
  for (size_t i = 0; i < kValues.size(); ++i) {
    const auto& value = series["value"][i];
    const double read = !value.is_string()    ? value.get<double>()
                        : value == "NaN"      ? kNan
                        : value == "Infinity" ? kInf
                                              : -kInf;
    EXPECT_TRUE(same_bits(read, kValues[i])) << value;
  }
  EXPECT_EQ(series["step"][3], 3);
  EXPECT_EQ(run["evaluations"][0]["loss"], "NaN");
  EXPECT_EQ(run["checkpoints"][0]["num_bytes"], 10);
  EXPECT_EQ(run["notes"][0]["text"], "about all");
  EXPECT_EQ(run["routing_maps"][0]["dispatch"], (std::vector<double>{1, 0.5}));
  EXPECT_EQ(run["routing_maps"][0]["gates"].size(), 0u);
  EXPECT_EQ(run["run"]["loss"], 3);
}

TEST_F(ExportTest, JsonReplacesBytesThatAreNoText) {
  store_.database().execute("UPDATE runs SET name = CAST(x'61ff62' AS TEXT)");
  std::ostringstream out;
  export_json(reader_, 1, out);
  EXPECT_EQ(nlohmann::json::parse(out.str())["run"]["name"],
            "a\xEF\xBF\xBD"
            "b");
}

TEST_F(ExportTest, AMissingRunLeavesNoFilesAndAForbiddenFolderIsNamed) {
  EXPECT_EQ(store_error([&] { export_csv(reader_, 5, folder_ / "csv"); }).problem, StoreProblem::missing);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "csv"));
  std::ofstream(folder_ / "file") << "in the way";
  try {
    export_csv(reader_, 1, folder_ / "file" / "csv");
    FAIL() << "no error";
  } catch (const UserError& error) { EXPECT_THAT(error.what(), HasSubstr((folder_ / "file" / "csv").string())); }
}

}  // namespace
}  // namespace moescope
