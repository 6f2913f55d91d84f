// Routing over training as a movie: from the maps that a real run stored, and through its checkpoints.
#include "app/figures/movie.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/run_program.h"
#include "support/temp_folder.h"
#include "support/tiny_training.h"

namespace {

using namespace moescope;
using testing::AllOf;
using testing::HasSubstr;

/// One run of four steps that is evaluated after each second and checkpointed at its ends.
class Movie : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    temp_ = std::make_unique<TempFolder>();
    std::vector<std::string> train = tiny_training("train", store());
    for (const char* more : {"--set", "train.eval_every=2", "--stop", "steps=4"}) train.emplace_back(more);
    const Outcome trained = run_program(train);
    ASSERT_EQ(trained.status, 0) << trained.err;
  }
  static void TearDownTestSuite() { temp_.reset(); }
  static std::string store() { return *temp_ / "runs.db"; }
  static Outcome movie(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"figure", "movie", "latest", "--store", store()});
    return run_program(arguments);
  }
  static std::vector<MovieFrame> frames(const MovieRequest& request) {
    const SessionStore opened(store(), SessionStore::Access::read);
    return movie_frames(RunReader(opened), request);
  }
  static const figure::ImageGrid& grid(const MovieFrame& frame) {
    return std::get<figure::ImageGrid>(frame.scene.panels.at(0).marks.at(0));
  }
  static std::unique_ptr<TempFolder> temp_;
};
std::unique_ptr<TempFolder> Movie::temp_;

TEST_F(Movie, TheStoredMapsAreThePicturesOfTheMovie) {
  MovieRequest request;
  request.run = "latest";
  const std::vector<MovieFrame> all = frames(request);
  ASSERT_GE(all.size(), 2u);
  EXPECT_EQ(all.back().step, 4);
  EXPECT_THAT(all.back().scene.caption, HasSubstr("Step 4, test accuracy 0."));
  ASSERT_EQ(grid(all.back()).images.size(), 2u);
  EXPECT_EQ(grid(all.back()).images[1].expert.size(), 49u);
  // The same weights, looked through: the end's checkpoint gives the map that the last evaluation stored.
  request.checkpoints = true;
  request.image = 0;
  const std::vector<MovieFrame> looked = frames(request);
  ASSERT_GE(looked.size(), 2u);
  EXPECT_EQ(looked.front().step, 0);
  EXPECT_THAT(looked.front().scene.caption, HasSubstr("Step 0, before the first evaluation"));
  EXPECT_EQ(looked.back().step, 4);
  EXPECT_EQ(grid(looked.back()).images[1].expert, grid(all.back()).images[1].expert);
  request.first_step = 4;
  EXPECT_EQ(frames(request).size(), 1u);
}

TEST_F(Movie, IsAGifOrAFolder) {
  const std::string gif = *temp_ / "a.gif", folder = *temp_ / "pictures";
  const Outcome made = movie({"-o", gif, "--seconds", "0.5"});
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_THAT(made.out, AllOf(HasSubstr(gif), HasSubstr("to 4\n")));
  std::ifstream file(gif, std::ios::binary);
  EXPECT_EQ((std::ostringstream() << file.rdbuf()).str().substr(0, 6), "GIF89a");
  ASSERT_EQ(movie({"--to", folder, "--from", "4", "--image", "5", "--checkpoints"}).status, 0);
  EXPECT_TRUE(std::filesystem::exists(folder + "/step-00000004.png"));
  EXPECT_FALSE(std::filesystem::exists(folder + "/step-00000000.png"));
}

TEST_F(Movie, MistakesAreSentences) {
  const auto error = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-o", *temp_ / "never.gif"});
    const Outcome outcome = movie(std::move(arguments));
    EXPECT_EQ(outcome.status, 2) << outcome.out;
    return outcome.err;
  };
  EXPECT_THAT(error({"--image", "31"}), AllOf(HasSubstr("no routing of test 31"), HasSubstr("--checkpoints")));
  EXPECT_THAT(error({"--layer", "0"}), HasSubstr("in block 0"));
  EXPECT_THAT(error({"--from", "9"}), HasSubstr("in this span"));
  EXPECT_THAT(error({"--checkpoints", "--from", "9"}), HasSubstr("no checkpoint in this span"));
  EXPECT_THAT(error({"--checkpoints", "--image", "32"}), HasSubstr("test image 32 does not exist"));
  EXPECT_THAT(error({"--checkpoints", "--layer", "0"}), HasSubstr("block 0 has no experts; block 1 has"));
  EXPECT_EQ(movie({"-o", *temp_ / "a.mp4"}).status, 2);
  EXPECT_FALSE(std::filesystem::exists(*temp_ / "never.gif"));
}

}  // namespace
