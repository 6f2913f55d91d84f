// Files that a person names: what stood there is never lost, and what cannot be is one sentence and exit status 2.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "compute/data/image_file.h"
#include "sessions/check.h"
#include "sessions/run_params.h"
#include "sessions/run_reader.h"
#include "support/run_program.h"
#include "support/temp_folder.h"
#include "support/tiny_training.h"

namespace {

using namespace moescope;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
namespace fs = std::filesystem;
using Words = std::vector<std::string>;

class CliFiles : public testing::Test {
 protected:
  Outcome train(const Words& more) {
    Words arguments = tiny_training("train", store_);
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
  }
  static std::string text_in(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return (std::ostringstream() << file.rdbuf()).str();
  }
  void expect_refused(const Outcome& outcome, const std::string& words) const {
    EXPECT_EQ(outcome.status, 2) << outcome.out << outcome.err;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr(words), Not(HasSubstr("internal error"))));
  }
  /// Four classes of `each` grey images of side 28, one of them cut off.
  std::string image_folder(int each) const {
    const std::string folder = temp_ / "images";
    for (const char* name : {"a", "b", "c", "d"}) {
      fs::create_directories(folder + "/" + name);
      for (int i = 0; i < each; ++i)
        write_png(folder + "/" + name + "/" + std::to_string(i) + ".png",
                  {28, 28, 1, std::vector<uint8_t>(784, static_cast<uint8_t>(20 * (name[0] - 'a') + i))});
    }
    fs::resize_file(folder + "/b/1.png", 40);
    return folder;
  }

  const TempFolder temp_;
  const std::string store_ = temp_ / "runs.db";
};

TEST_F(CliFiles, NoCommandOverwritesTheStoreOrAFileOfAnotherKind) {
  ASSERT_EQ(train({"--stop", "steps=1"}).status, 0);
  const std::string picture = temp_ / "cat.png";
  write_png(picture, {2, 2, 1, {1, 2, 3, 4}});
  const std::string before = text_in(picture);
  for (const std::string& place : {store_, picture}) {
    SCOPED_TRACE(place);
    const std::string words = place == store_ ? "is a session store" : "holds a PNG picture";
    const auto runs = [&](Words more) {
      more.insert(more.end(), {"--store", store_, "--to", place});
      return run_program(more);
    };
    for (const char* format : {"json", "safetensors"})
      expect_refused(runs({"runs", "export", "1", "--format", format}), words);
    for (const char* format : {"csv", "tensorboard"})
      expect_refused(runs({"runs", "export", "1", "--format", format}), "cannot be made");
    expect_refused(runs({"eval", "1"}), words);
    EXPECT_EQ(runs({"runs", "compare", "1", "1"}).status, 2) << "neither ends in .md";
  }
  const std::string report = temp_ / "runs.md";
  fs::copy_file(store_, report);
  expect_refused(run_program({"runs", "compare", "1", "1", "--store", store_, "--to", report}), "is a session store");
  const std::string figure = temp_ / "runs.svg";
  fs::copy_file(store_, figure);
  expect_refused(run_program({"figure", "make", "curves", "1", "--store", store_, "--to", figure}),
                 "is a session store");
  EXPECT_THAT(check_store(store_), IsEmpty());
  EXPECT_EQ(text_in(picture), before);
  EXPECT_EQ(run_program({"runs", "list", "--store", store_}).status, 0);
}

TEST_F(CliFiles, WhatWasWrittenBeforeIsReplacedAndAFailureLeavesIt) {
  ASSERT_EQ(train({"--stop", "steps=1"}).status, 0);
  const std::string to = temp_ / "run.json", events = temp_ / "board";
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(run_program({"runs", "export", "1", "--store", store_, "--format", "json", "--to", to}).status, 0);
    const Outcome board =
        run_program({"runs", "export", "1", "--store", store_, "--format", "tensorboard", "--to", events});
    EXPECT_EQ(board.status, 0) << board.err;
  }
  const std::string before = text_in(to);
  expect_refused(run_program({"runs", "export", "7", "--store", store_, "--format", "json", "--to", to}), "7");
  EXPECT_EQ(text_in(to), before) << "a run that is not there must not cost the file";
}

TEST_F(CliFiles, FoldersThatCannotBeAreOneSentence) {
  const std::string file = temp_ / "file";
  std::ofstream(file) << "x";
  for (const std::string& store : Words{"/proc/no/such.db", file + "/deeper/runs.db", temp_ / std::string(300, 'x')}) {
    SCOPED_TRACE(store);
    Words arguments = tiny_training("train", store);
    expect_refused(run_program(arguments), "");
    arguments = tiny_training("twins", store);
    arguments.insert(arguments.begin() + 1, {"default", "dense-s"});
    expect_refused(run_program(arguments), "");
    expect_refused(run_program({"rl", "train", "breakout", "--store", store, "--stop", "steps=1"}), "");
    expect_refused(run_program({"recipe", "run", "norm-function", "--store", store}), "");
    expect_refused(run_program({"runs", "list", "--store", store}), "");
  }
  expect_refused(train({"--config", temp_.path()}), "is a folder; give an existing JSON file");
  expect_refused(run_program({"recipe", "run", "norm-function", "--store", store_, "--weights", file + "/deeper"}),
                 "--weights");
  EXPECT_FALSE(fs::exists(store_)) << "told before anything is computed";
}

TEST_F(CliFiles, DoctorTellsTheRestBesideAStoreThatIsNone) {
  std::ofstream(store_) << "some text that is long enough to be looked at as a database";
  const Outcome doctor = run_program({"doctor", "--store", store_});
  EXPECT_EQ(doctor.status, 1);
  EXPECT_THAT(doctor.out, AllOf(HasSubstr("not a moescope store"), HasSubstr("atari"), HasSubstr("presets")));
}

TEST_F(CliFiles, ImagesThatWereLeftOutAreToldAndRecorded) {
  const std::string data = image_folder(8);
  const Words on_them = {"--set", "data.dataset=folder", "--set", "data.path=" + data, "--set", "data.image_size=28"};
  Words arguments = on_them;
  arguments.insert(arguments.end(), {"--stop", "steps=1"});
  const Outcome trained = train(arguments);
  ASSERT_EQ(trained.status, 0) << trained.err;
  EXPECT_THAT(trained.err, AllOf(HasSubstr("note: left out: "), HasSubstr("b/1.png")));
  const SessionStore store(store_, SessionStore::Access::read);
  const auto facts = read_environment(store.database(), 1);
  const auto told =
      std::find_if(facts.begin(), facts.end(), [](const auto& f) { return f.first == "dataset_warnings"; });
  ASSERT_NE(told, facts.end());
  EXPECT_THAT(told->second, HasSubstr("b/1.png"));
  EXPECT_THAT(run_program({"eval", "1", "--store", store_}).err, HasSubstr("note: left out: "));

  // The remedy that is named, to remove it, changes nothing; without another image the run goes on when it is told to.
  fs::remove(data + "/a/3.png");
  const Words resumed = {"train", "--store", store_, "--resume", "1", "--stop", "steps=2"};
  expect_refused(run_program(resumed), "--set data.path=DIR");
  Words by_hand = resumed;
  by_hand.insert(by_hand.end(), {"--set", "data.path=" + data});
  const Outcome went_on = run_program(by_hand);
  EXPECT_EQ(went_on.status, 0) << went_on.err;
  EXPECT_THAT(went_on.out, HasSubstr("2 steps"));
  EXPECT_THAT(went_on.err, HasSubstr("note: the data set differs from the one that the run saw"));
}

}  // namespace
