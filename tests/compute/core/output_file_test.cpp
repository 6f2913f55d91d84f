// A file that a person named: whole or not at all, and never in the place of a store or of another kind of file.
#include "compute/records/output_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "compute/records/error.h"
#include "support/temp_folder.h"

namespace moescope {
namespace {

using namespace std::string_literals;
using testing::AllOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

std::string text_in(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return (std::ostringstream() << file.rdbuf()).str();
}

std::string refusal(const std::string& path, const std::string& bytes) {
  try {
    write_file(path, bytes);
  } catch (const UserError& error) { return error.what(); }
  return "written";
}

size_t num_files(const TempFolder& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder.path()), {}));
}

TEST(OutputFile, TakesItsPlaceOnlyWhenItIsWhole) {
  const TempFolder folder;
  const std::string path = folder / "a.csv";
  std::ofstream(path) << "the old one";
  {
    OutputFile file(path, FileKind::text);
    file.stream() << "half of the n";
    file.stream().flush();
    EXPECT_EQ(text_in(path), "the old one");
  }  // an exception, say
  EXPECT_EQ(text_in(path), "the old one");
  EXPECT_EQ(num_files(folder), 1u) << "nothing is left beside it";
  write_file(path, "the new one");
  EXPECT_EQ(text_in(path), "the new one");
  EXPECT_EQ(num_files(folder), 1u);
}

TEST(OutputFile, KeepsTheNeighbourThatIsAnothers) {
  const TempFolder folder;
  std::ofstream(folder / "a.csv.part") << "mine";
  write_file(folder / "a.csv", "new");
  EXPECT_EQ(text_in(folder / "a.csv.part"), "mine");
  EXPECT_EQ(text_in(folder / "a.csv"), "new");
}

TEST(OutputFile, NeverTakesThePlaceOfAStoreOrOfAnotherKind) {
  const TempFolder folder;
  const std::string store = "SQLite format 3\0 and pages"s, png = "\x89PNG\r\n\x1a\n"s,
                    weights = "\x30\0\0\0\0\0\0\0{}"s;
  std::ofstream(folder / "runs.db") << store;
  std::ofstream(folder / "a.png") << png;
  fs::create_symlink(folder / "runs.db", folder / "link.csv");
  EXPECT_THAT(refusal(folder / "runs.db", "a,b\n"), HasSubstr("runs.db is a session store"));
  EXPECT_THAT(refusal(folder / "link.csv", "a,b\n"), HasSubstr("is a session store")) << "by another name";
  EXPECT_THAT(refusal(folder / "runs.db", store), HasSubstr("is a session store")) << "whatever it would become";
  EXPECT_THAT(refusal(folder / "a.png", "a,b\n"), HasSubstr("holds a PNG picture and would be replaced by text"));
  EXPECT_THAT(refusal(folder / "a.png", weights), HasSubstr("would be replaced by weights as safetensors"));
  EXPECT_EQ(text_in(folder / "runs.db"), store);
  EXPECT_EQ(text_in(folder / "a.png"), png);
  EXPECT_EQ(refusal(folder / "a.png", png + "more"), "written");
  std::ofstream(folder / "empty");
  EXPECT_EQ(refusal(folder / "empty", weights), "written");
}

TEST(OutputFile, ALinkIsFollowedAndPermissionsStay) {
  const TempFolder folder;
  std::ofstream(folder / "real.csv") << "old";
  fs::permissions(folder / "real.csv", fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("real.csv", folder / "link.csv");
  write_file(folder / "link.csv", "new");
  EXPECT_TRUE(fs::is_symlink(folder / "link.csv"));
  EXPECT_EQ(text_in(folder / "real.csv"), "new");
  EXPECT_EQ(fs::status(folder / "real.csv").permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST(OutputFile, ADeviceIsWrittenDirectly) {
  write_file("/dev/null", "nobody reads it");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST(OutputFile, WhatCannotBeIsOneSentence) {
  const TempFolder folder;
  EXPECT_THAT(refusal(folder.path(), "x"), HasSubstr("is a folder; name a file in it"));
  EXPECT_THAT(refusal(folder / "no/such/a.csv", "x"),
              AllOf(HasSubstr("cannot be written (No such file"), HasSubstr("--to")));
  EXPECT_THAT(refusal("", "x"), HasSubstr("empty"));
  EXPECT_THAT(refusal("/dev/full", std::string(100000, 'x')),
              HasSubstr("/dev/full cannot be written (is the disk full"));
  std::ofstream(folder / "file") << "x";
  try {
    make_folder(folder / "file/deeper", "name another");
    FAIL() << "a file was taken for a folder";
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("file/deeper cannot be made ("), HasSubstr("; name another")));
  }
  make_folder("");
  make_folder(folder / "a/b");
  EXPECT_TRUE(fs::is_directory(folder / "a/b"));
}

}  // namespace
}  // namespace moescope
