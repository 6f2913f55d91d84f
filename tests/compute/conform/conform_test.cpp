// Every golden file on every kernel of this machine, and what the runner says when something is wrong.
#include "compute/conform/conform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>

#include "compute/backends/implementations.h"
#include "compute/conform/golden_case.h"
#include "compute/conform/tolerances.h"
#include "compute/core/error.h"
#include "compute/records/config_fields.h"
#include "support/temp_folder.h"

namespace moescope {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using Verdict = ConformLine::Verdict;

const std::string kGolden = std::string(MOESCOPE_TEST_DATA) + "/golden";

class GoldenFiles : public testing::TestWithParam<InstructionSet> {};

TEST_P(GoldenFiles, AgreeForwardAndBackward) {
  std::map<std::string, int> passed;
  const ConformSummary summary = run_conform(kGolden, {GetParam()}, [&](const ConformLine& line) {
    EXPECT_NE(line.verdict, Verdict::failed) << describe(line);
    if (line.verdict == Verdict::passed) ++passed[line.kind];
  });
  EXPECT_TRUE(summary.ok());
  const std::map<std::string, int> all{{"aux", 3}, {"moe", 25}, {"optim", 2}, {"soft_rms", 3}, {"ties", 2},
                                       {"vit", 4}, {"rl", 11},  {"rl_td", 2}, {"rainbow", 1}};
  for (const auto& [kind, files] : all) EXPECT_EQ(passed[kind], files) << kind;
}

INSTANTIATE_TEST_SUITE_P(Conform, GoldenFiles, testing::ValuesIn(runnable_instruction_sets()),
                         [](const auto& set) { return std::string(choice_name(set.param)); });

/// A folder of its own with copies of golden files, gone at the end.
class Folder {
 public:
  std::string path() const { return folder_.path(); }
  void copy(const std::string& name) const { fs::copy(kGolden + "/" + name, folder_ / name); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }

 private:
  TempFolder folder_;
};

constexpr const char* kTable = "| file | kind | holds | out tol | grad tol |\n| --- | --- | --- | --- | --- |\n";

std::vector<ConformLine> lines_of(const Folder& folder, ConformSummary* summary = nullptr) {
  std::vector<ConformLine> lines;
  const ConformSummary result =
      run_conform(folder.path(), {InstructionSet::reference}, [&](const ConformLine& l) { lines.push_back(l); });
  if (summary) *summary = result;
  return lines;
}

TEST(Conform, ADeviationBeyondToleranceFailsAndNamesItsTensor) {
  const Folder folder;
  folder.copy("soft_basic.safetensors");
  folder.write("INDEX.md", std::string(kTable) + "| soft_basic | moe | x | 1e-12 | 1e-5 |\n");
  ConformSummary summary;
  const std::vector<ConformLine> lines = lines_of(folder, &summary);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].verdict, Verdict::failed);
  EXPECT_THAT(lines[0].tensor, testing::StartsWith("out."));
  EXPECT_THAT(describe(lines[0]), HasSubstr("FAILED"));
  EXPECT_FALSE(summary.ok());
}

TEST(Conform, AnUnlistedFileFailsAndAnUnknownKindIsSkippedAloud) {
  const Folder folder;
  folder.copy("soft_basic.safetensors");
  SafetensorsWriter unknown;
  unknown.set_text("kind", "crystal_ball");
  unknown.set_text("config", "{}");
  unknown.write(folder.path() + "/future.safetensors");
  folder.write("INDEX.md", std::string(kTable) + "| future | crystal_ball | x | 1e-5 | 1e-5 |\n");
  ConformSummary summary;
  const std::vector<ConformLine> lines = lines_of(folder, &summary);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].verdict, Verdict::skipped);
  EXPECT_THAT(describe(lines[0]), HasSubstr("no runner for kind crystal_ball"));
  EXPECT_EQ(lines[1].verdict, Verdict::failed);
  EXPECT_THAT(describe(lines[1]), HasSubstr("INDEX.md does not list it"));
  EXPECT_EQ(describe(summary), "0 passed, 1 failed, 1 skipped (no runner for their kind)");
}

TEST(Conform, ATensorThatTheRunnerDoesNotComputeFails) {
  const Folder folder;
  const Safetensors ties = Safetensors::read(kGolden + "/ties_small.safetensors");
  SafetensorsWriter writer;
  for (const auto& [key, text] : ties.metadata()) writer.set_text(key, text);
  for (const NamedTensor& one : ties.tensors()) writer.add(one.name, one.tensor);
  writer.add("out.unheard_of", ties.at("in.gates"));
  writer.write(folder.path() + "/ties_small.safetensors");
  folder.write("INDEX.md", std::string(kTable) + "| ties_small | ties | x | exact | – |\n");
  const ConformLine line = lines_of(folder)[0];
  EXPECT_EQ(line.verdict, Verdict::failed);
  EXPECT_EQ(line.tensor, "out.unheard_of");
  EXPECT_EQ(line.message, "not computed");
}

TEST(Conform, ADamagedFileFailsAndTheOthersStillRun) {
  const Folder folder;
  folder.copy("soft_basic.safetensors");
  folder.write("aaa.safetensors", "\x05 no");
  folder.write("INDEX.md", std::string(kTable) + "| soft_basic | moe | x | 1e-5 | 1e-5 |\n");
  ConformSummary summary;
  const std::vector<ConformLine> lines = lines_of(folder, &summary);
  EXPECT_THAT(lines[0].message, HasSubstr("too short"));
  EXPECT_EQ(summary.passed, 1);
  EXPECT_EQ(summary.failed, 1);
}

TEST(Conform, FoldersWithoutWhatIsNeededAreRefused) {
  const Folder folder;
  EXPECT_THROW(lines_of(folder), FormatError);  // no files
  folder.copy("soft_basic.safetensors");
  EXPECT_THROW(lines_of(folder), FormatError);  // no INDEX.md
  folder.write("INDEX.md", "nothing to see");
  EXPECT_THAT(lines_of(folder)[0].message, HasSubstr("INDEX.md does not list it"));
  folder.write("INDEX.md", std::string(kTable) + "| soft_basic | moe | x | small | 1e-5 |\n");
  EXPECT_THROW(lines_of(folder), FormatError);  // no number
  EXPECT_THROW(run_conform("/nowhere", {InstructionSet::reference}, [](const ConformLine&) {}), FormatError);
}

const std::string kMinAtar = std::string(MOESCOPE_TEST_DATA) + "/minatar";

TEST(MinAtarTraces, ArePlayedAgainToTheBit) {
  const ConformSummary summary = run_conform(kMinAtar, {InstructionSet::reference}, [](const ConformLine& line) {
    EXPECT_EQ(line.verdict, Verdict::passed) << describe(line);
    EXPECT_EQ(line.tolerance, 0);
  });
  EXPECT_EQ(summary.passed, 15);
}

TEST(MinAtarTraces, OneOtherCellFails) {
  const Folder folder;
  const Safetensors trace = Safetensors::read(kMinAtar + "/minatar_freeway_b.safetensors");
  SafetensorsWriter writer;
  for (const auto& [key, text] : trace.metadata()) writer.set_text(key, text);
  for (const NamedTensor& one : trace.tensors()) writer.add(one.name, one.tensor);
  trace.at("out.frames_packed").u8()[5000] ^= 1;
  writer.write(folder.path() + "/minatar_freeway_b.safetensors");
  folder.write("INDEX.md", "exact");
  const ConformLine line = lines_of(folder)[0];
  EXPECT_EQ(line.verdict, Verdict::failed);
  EXPECT_EQ(line.tensor, "out.frames_packed");
}

TEST(Deviation, IsRelativeToTheLargestNumberAndNeverHidesANaN) {
  Buffer got(Shape{2}), want(Shape{2});
  got.f32()[0] = 1.5f, want.f32()[0] = 1;
  want.f32()[1] = got.f32()[1] = 10;
  EXPECT_DOUBLE_EQ(deviation(got, want), 0.05);  // 0.5 over max(1, 10)
  got.f32()[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(deviation(got, want)));
  EXPECT_TRUE(std::isinf(deviation(got, Buffer(Shape{3}))));
  const Buffer a(Shape{1}, DType::i32), b(Shape{1}, DType::i32);
  EXPECT_EQ(deviation(a, b), 0);
  b.i32()[0] = 1;
  EXPECT_TRUE(std::isinf(deviation(a, b)));
}

TEST(Tolerances, AreReadFromTheIndex) {
  const auto tolerances = read_tolerances(kGolden);
  EXPECT_EQ(tolerances.size(), 53u);
  EXPECT_DOUBLE_EQ(tolerances.at("aux_peaked").gradient, 2e-5);
  EXPECT_DOUBLE_EQ(tolerances.at("soft_bf16").output, 5e-3);
  EXPECT_DOUBLE_EQ(tolerances.at("ties_small").output, 0);
}

}  // namespace
}  // namespace moescope
