// Links where a command takes a run, and the view that is kept beside a store.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "app/doors/saved_view.h"
#include "support/run_program.h"
#include "support/temp_folder.h"
#include "support/tiny_training.h"

namespace {

using namespace moescope;
using testing::HasSubstr;

TEST(Links, SayForACommandWhatFlagsWouldSay) {
  const TempFolder temp;
  const std::string store = temp / "runs.db";
  std::vector<std::string> train = tiny_training("train", store);
  train.insert(train.end(), {"--stop", "steps=4"});
  ASSERT_EQ(run_program(train).status, 0);
  const Outcome flags =
      run_program({"inspect", "1", "image", "--image", "5", "--patch", "3", "--step", "0", "--store", store});
  ASSERT_EQ(flags.status, 0) << flags.err;
  const std::string link = "moescope://run/1?step=0&image=test:5&layer=1&patch=3&page=explore";
  EXPECT_EQ(run_program({"inspect", link, "image", "--store", store}).out, flags.out);
  EXPECT_NE(run_program({"inspect", link, "image", "--image", "6", "--store", store}).out, flags.out);  // a flag wins
  const Outcome between =
      run_program({"inspect", "moescope://run/1?step=3&image=test:5&patch=3", "image", "--store", store});
  EXPECT_EQ(between.out, flags.out);
  EXPECT_THAT(between.err, HasSubstr("step 3 is not stored; this is the checkpoint of step 0"));
  EXPECT_EQ(run_program({"runs", "show", "moescope://run/latest", "--store", store}).status, 0);
  const Outcome broken = run_program({"inspect", "moescope://run/1?pach=3", "image", "--store", store});
  EXPECT_EQ(broken.status, 2);
  EXPECT_THAT(broken.err, HasSubstr("did you mean 'patch'?"));
  EXPECT_EQ(run_program({"moescope://run/99", "--store", store}).status, 2);
}

TEST(SavedView, IsKeptBesideTheStoreAndReplacedAsAWhole) {
  const TempFolder temp;
  const std::filesystem::path store = temp / "runs.db";
  EXPECT_EQ(load_view(store), "");
  EXPECT_TRUE(save_view(store, "a long first view\n"));
  EXPECT_TRUE(save_view(store, "second\n"));
  EXPECT_EQ(load_view(store), "second\n");
  EXPECT_FALSE(std::filesystem::exists(view_file(store).string() + ".part"));
  EXPECT_FALSE(save_view(temp / "nowhere/runs.db", "x"));
}

TEST(SavedView, OfTwoWindowsEachKeepsWhatItChanged) {
  const std::string opened = "moescope view 1\nlink a\ndark 1\nexplore.right 480\n";
  const std::string saved = "moescope view 1\nlink b\ndark 0\nexplore.right 480\n";  // by the window that closed first
  const std::string mine = "moescope view 1\nlink c\ndark 1\nexplore.right 500\nnew 3\n";
  EXPECT_EQ(merged_view(opened, saved, mine), "moescope view 1\nlink c\ndark 0\nexplore.right 500\nnew 3\n");
  EXPECT_EQ(merged_view(opened, opened, mine), mine);
  EXPECT_EQ(merged_view("", "", mine), mine);
}

TEST(SavedView, OfTwoWindowsAllKeptFiltersStay) {
  const std::string opened = "moescope view 1\nfilter a > 1\nfilter b\n";
  const std::string saved = opened + "filter c\n";  // by the window that closed first, which kept another one
  EXPECT_EQ(merged_view(opened, saved, opened), saved);
  EXPECT_EQ(merged_view(opened, saved, opened + "filter d\n"), opened + "filter d\nfilter c\n");
  const std::string forgotten = "moescope view 1\nfilter a > 1\n";  // by whichever
  EXPECT_EQ(merged_view(opened, saved, forgotten), forgotten + "filter c\n");
  EXPECT_EQ(merged_view(opened, forgotten, opened), forgotten);
}

}  // namespace
