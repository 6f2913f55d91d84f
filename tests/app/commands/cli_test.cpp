// The program as a person meets it: commands in, text and exit status out, on a model that trains in a blink.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "compute/backends/implementations.h"
#include "compute/data/small_files.h"
#include "sessions/run_reader.h"
#include "sessions/run_writer.h"
#include "support/run_program.h"
#include "support/temp_folder.h"
#include "support/tiny_training.h"

namespace {

using namespace moescope;
using testing::AllOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

class Cli : public testing::Test {
 protected:
  Outcome run(const std::vector<std::string>& arguments) { return run_program(arguments); }

  /// A Soft MoE of width 16 on 64 images, into `store`.
  Outcome train(const std::string& store, std::vector<std::string> more) {
    std::vector<std::string> arguments = tiny_training("train", store);
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(std::move(arguments));
  }

  std::vector<double> losses(const std::string& store_path, int64_t run_id) {
    const SessionStore store(store_path, SessionStore::Access::read);
    return RunReader(store).load_metrics(run_id, "train/loss").values;
  }

  const TempFolder temp_;
  fs::path folder_ = temp_.path();
  std::string store_ = (folder_ / "runs.db").string();
};

TEST_F(Cli, HelpAndMistakes) {
  EXPECT_EQ(run({"--help"}).status, 0);
  EXPECT_THAT(run({"--help"}).out, AllOf(HasSubstr("train"), HasSubstr("eval"), HasSubstr("doctor")));
  const Outcome unknown = run({"trian"});
  EXPECT_EQ(unknown.status, 2);  // and not a new store named "trian"
  EXPECT_THAT(unknown.err, HasSubstr("there is no command 'trian'; did you mean 'train'?"));
  EXPECT_THAT(run({"train", "--nonsense"}).err, HasSubstr("moescope: "));
  EXPECT_EQ(run({"train", "--nonsense"}).status, 2);
  const Outcome before = run({"--store", store_, "runs", "list"});  // not the list of another store
  EXPECT_EQ(before.status, 2);
  EXPECT_THAT(before.err, HasSubstr("--store stands before 'runs'"));
}

TEST_F(Cli, OneSentenceForWhatCannotBe) {
  const Outcome key = train(store_, {"--set", "router.num_expert=3"});
  EXPECT_EQ(key.status, 2);
  EXPECT_THAT(key.err, HasSubstr("did you mean 'router.num_experts'?"));
  const Outcome rule = train(store_, {"--stop", "epoch=1"});
  EXPECT_EQ(rule.status, 2);
  const Outcome heads = train(store_, {"--set", "model.heads=3"});
  EXPECT_EQ(heads.status, 2);
  EXPECT_THAT(heads.err, AllOf(HasSubstr("model.heads 3"), HasSubstr("model.width 16")));
  const Outcome data = train(store_, {"--set", "data.path=/no/such/folder"});
  EXPECT_EQ(data.status, 2);
  EXPECT_THAT(data.err, HasSubstr("/no/such/folder"));
  EXPECT_EQ(run({"conform", "/no/such/folder"}).status, 2);
  EXPECT_EQ(run({"runs", "list", "--store", (folder_ / "none.db").string()}).status, 2);
}

TEST_F(Cli, TrainsRecordsAndEvaluates) {
  const Outcome trained = train(store_, {"--stop", "epochs=1", "--set", "name=tiny"});
  ASSERT_EQ(trained.status, 0) << trained.err;
  EXPECT_THAT(trained.out, AllOf(HasSubstr("run 1 tiny: 4 steps"), HasSubstr("test accuracy")));

  EXPECT_THAT(run({"runs", "list", "--store", store_, "--format", "csv"}).out, HasSubstr("1,tiny,finished,soft,"));
  EXPECT_THAT(run({"runs", "show", "tiny", "--store", store_}).out, HasSubstr("model.width = 16"));
  const Outcome check = run({"runs", "check", "--store", store_});
  EXPECT_EQ(check.status, 0) << check.out;
  EXPECT_EQ(run({"runs", "compact", "--store", store_}).status, 0);
  const std::string exported = (folder_ / "tiny.json").string();
  EXPECT_EQ(run({"runs", "export", "1", "--store", store_, "--format", "json", "--to", exported}).status, 0);
  std::ifstream file(exported);
  EXPECT_EQ(nlohmann::json::parse(file)["params"]["model.width"], "16");

  const Outcome evaluated = run({"eval", "tiny", "--store", store_, "--format", "csv"});
  ASSERT_EQ(evaluated.status, 0) << evaluated.err;
  EXPECT_THAT(evaluated.out, HasSubstr("accuracy,loss,GFLOPs/image,images/s,images\n"));
  const Outcome swept = run({"eval", "1", "--store", store_, "--format", "csv", "--sweep", "router.temperature=0.5,2"});
  ASSERT_EQ(swept.status, 0) << swept.err;
  EXPECT_THAT(swept.out, AllOf(HasSubstr("router.temperature,accuracy"), HasSubstr("\n0.5,"), HasSubstr("\n2,")));
  EXPECT_EQ(run({"eval", "1", "--store", store_, "--disable-expert", "1:0"}).status, 0);
  EXPECT_EQ(run({"eval", "1", "--store", store_, "--disable-expert", "0:0"}).status, 2);  // a dense block
  EXPECT_EQ(run({"eval", "1", "--store", store_, "--set", "model.width=32"}).status, 2);
}

TEST_F(Cli, EvaluationsAreKeptWithTheRunAndSayWhatDiffered) {
  ASSERT_EQ(train(store_, {"--stop", "epochs=1"}).status, 0);
  const auto stored = [&] {
    const SessionStore store(store_, SessionStore::Access::read);
    return RunReader(store).load_run(1).evaluations;
  };
  const size_t own = stored().size();
  ASSERT_EQ(run({"eval", "1", "--store", store_, "--disable-expert", "1:0", "--set", "data.test_limit=16"}).status, 0);
  ASSERT_EQ(run({"eval", "1", "--store", store_, "--sweep", "experts-kept=1,4", "--experts-by", "load"}).status, 0);
  const auto all = stored();
  ASSERT_EQ(all.size(), own + 3);
  EXPECT_EQ(all[own].setting, "data.test_limit=16, expert 1:0 off");
  EXPECT_EQ(all[own].num_images, 16);
  EXPECT_EQ(all[own].step, 4);
  EXPECT_EQ(all[own + 1].setting, "1 expert kept by load");
  EXPECT_EQ(all[own + 2].loss, all[own - 1].loss) << "four of four is the run's own evaluation";

  const SessionStore busy(store_, SessionStore::Access::write);  // as a run in training holds it
  const Outcome beside = run({"eval", "1", "--store", store_});
  EXPECT_EQ(beside.status, 0);
  EXPECT_EQ(beside.err, "");
  EXPECT_THAT(beside.out, HasSubstr("accuracy"));
  EXPECT_EQ(stored().size(), own + 4);
}

TEST_F(Cli, WhereAnEvaluationIsComputedNeitherHidesOtherDataNorMakesItAnotherOne) {
  const TempFolder data;
  write_small_fashion(data, 64, 32, 28);
  ASSERT_EQ(train(store_, {"--stop", "steps=1", "--set", "data.path=" + data.path().string()}).status, 0);
  ASSERT_EQ(run({"eval", "1", "--store", store_, "--backend", "cpu", "--set", "data.workers=1"}).status, 0);
  {
    const SessionStore store(store_, SessionStore::Access::read);
    EXPECT_EQ(RunReader(store).load_run(1).evaluations.back().setting, "") << "a plain one";
  }
  write_gz(data / "train-images-idx3-ubyte.gz", idx_bytes({64, 28, 28}, FileBytes(64 * 28 * 28, 7)));
  for (const char* setting : {"compute.device=cpu", "data.workers=1", "router.temperature=2"}) {
    const Outcome refused = run({"eval", "1", "--store", store_, "--set", setting});
    EXPECT_EQ(refused.status, 2) << setting;
    EXPECT_THAT(refused.err, HasSubstr("was trained on other data"));
  }
  EXPECT_EQ(run({"eval", "1", "--store", store_, "--set", "data.path=" + data.path().string()}).status, 0);
}

TEST_F(Cli, InspectAnswersEveryQuestionInTextAndJson) {
  ASSERT_EQ(train(store_, {"--stop", "epochs=1"}).status, 0);
  const auto ask = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"inspect", "1"});
    more.insert(more.end(), {"--store", store_});
    return run(std::move(more));
  };
  for (const char* question : {"image", "affinity", "top-patches", "coactivation", "mistakes", "embedding", "kept"}) {
    SCOPED_TRACE(question);
    const Outcome text = ask({question}), json = ask({question, "--json"});
    EXPECT_EQ(text.status, 0) << text.err;
    EXPECT_THAT(text.out, HasSubstr("run 1, step 4"));
    ASSERT_EQ(json.status, 0) << json.err;
    EXPECT_EQ(nlohmann::json::parse(json.out)["model"]["step"], 4);
  }
  const Outcome kept = ask({"kept", "--json"});
  const Outcome evaluated = run({"eval", "1", "--store", store_, "--format", "csv", "--experts-kept", "2"});
  const auto point = nlohmann::json::parse(kept.out)["answer"]["points"][1];
  char line[64];
  std::snprintf(line, sizeof line, "%.4f,%.4f,%.5f,", point["accuracy"].get<double>(), point["loss"].get<double>(),
                point["gflops_per_image"].get<double>());
  EXPECT_THAT(evaluated.out, HasSubstr(line)) << "the curve's value is the command's";

  const Outcome image =
      ask({"image", "--image", "3", "--disable-expert", "1:0", "--patch", "5", "--attention", "0", "--json"});
  ASSERT_EQ(image.status, 0) << image.err;
  const auto look = nlohmann::json::parse(image.out);
  EXPECT_EQ(look["what_if"], "expert 1:0 off");
  EXPECT_EQ(look["images"][0]["changed"]["routing"][0]["expert_off"][0], 1);
  EXPECT_EQ(look["images"][0]["as_is"]["routing"][0]["combine"].size(), 49u * 4 * 3);
  EXPECT_EQ(look["images"][0]["path"]["as_is"].size(), 1u);
  EXPECT_EQ(look["attention"]["probabilities"].size(), 2u * 49 * 49);
}

TEST_F(Cli, InspectRefusesInOneSentence) {
  ASSERT_EQ(train(store_, {"--stop", "steps=1"}).status, 0);
  const auto refusal = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"inspect", "1", "--store", store_});
    const Outcome outcome = run(std::move(more));
    EXPECT_EQ(outcome.status, 2);
    return outcome.err;
  };
  EXPECT_THAT(refusal({"afinity"}), HasSubstr("nothing is called 'afinity'; did you mean 'affinity'?"));
  EXPECT_THAT(refusal({"image", "--image", "99"}), HasSubstr("test image 99 does not exist"));
  EXPECT_THAT(refusal({"image", "--image", "no.png"}), HasSubstr("no.png"));
  EXPECT_THAT(refusal({"image", "--patch", "49"}), HasSubstr("--patch 49 does not exist"));
  EXPECT_THAT(refusal({"image", "--attention", "2"}), HasSubstr("block 2 does not exist"));
  EXPECT_THAT(refusal({"image", "--disable-expert", "1"}), HasSubstr("--disable-expert 1 is not LAYER:EXPERT"));
  EXPECT_THAT(refusal({"capacity"}), HasSubstr("only sparse routers have one"));
  EXPECT_THAT(refusal({"purity"}), HasSubstr("data.dataset=fashion_scenes"));
  EXPECT_THAT(refusal({"affinity", "--step", "7"}), HasSubstr("it has those of steps 0, 1"));
}

TEST_F(Cli, DivergenceIsAnExitStatusOfItsOwn) {
  const Outcome diverged = train(store_, {"--stop", "steps=20", "--set", "train.learning_rate=100", "--set",
                                          "train.clip_norm=0", "--set", "train.optimizer=sgd"});
  EXPECT_EQ(diverged.status, 1) << diverged.err << diverged.out;
  EXPECT_THAT(diverged.err, HasSubstr("Diverged: "));
  EXPECT_THAT(diverged.out, HasSubstr("--resume 1 --set train.learning_rate"));
}

TEST_F(Cli, StoppedAndResumedIsTheSameRun) {
  const std::string whole = (folder_ / "whole.db").string();
  ASSERT_EQ(train(whole, {"--stop", "steps=7"}).status, 0);
  ASSERT_EQ(train(store_, {"--stop", "steps=3"}).status, 0);
  const Outcome resumed = run({"train", "--store", store_, "--resume", "latest", "--stop", "steps=7"});
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_EQ(losses(store_, 1), losses(whole, 1));
  EXPECT_EQ(losses(store_, 1).size(), 7u);
  EXPECT_EQ(run({"train", "--store", store_, "--resume", "1", "--set", "model.width=32"}).status, 2);
}

TEST_F(Cli, ARunThatAnotherProgramRecordsCannotBeResumed) {
  ASSERT_EQ(train(store_, {"--stop", "steps=4"}).status, 0);
  const SessionStore other(store_, SessionStore::Access::write);
  RunWriter writer(other);
  writer.resume_run(1, 4);
  const Outcome refused = run({"train", "--store", store_, "--resume", "1", "--stop", "steps=8"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("run 1 is being recorded by moescope (process"), HasSubstr("--branch 1@")));
}

TEST_F(Cli, ANewRunThatIsToGoFurtherThanItsScheduleHasALongerOne) {
  ASSERT_EQ(train(store_, {"--set", "train.schedule_steps=0", "--set", "train.epochs=1", "--stop", "epochs=2"}).status,
            0);
  EXPECT_THAT(run({"runs", "show", "1", "--store", store_}).out, HasSubstr("train.epochs"));
  const SessionStore store(store_, SessionStore::Access::read);
  EXPECT_EQ(RunReader(store).load_run(1).config.train.epochs, 2);
}

TEST_F(Cli, ABranchGoesOnFromAStoredStepAsIfItHadNeverStopped) {
  ASSERT_EQ(train(store_, {"--stop", "steps=8"}).status, 0);  // epochs of 4 steps: checkpoints of 0, 4 and 8
  const Outcome branched =
      run({"train", "--store", store_, "--branch", "1@4", "--stop", "steps=8", "--set", "name=again"});
  ASSERT_EQ(branched.status, 0) << branched.err;
  EXPECT_THAT(branched.out, HasSubstr("run 2 again: 8 steps"));
  const std::vector<double> whole = losses(store_, 1), rest = losses(store_, 2);
  EXPECT_EQ(rest, std::vector<double>(whole.begin() + 4, whole.end()));
  EXPECT_THAT(run({"runs", "show", "2", "--store", store_}).out, HasSubstr("branched_from: 1@4"));
  ASSERT_EQ(run({"train", "--store", store_, "--branch", "1@0", "--stop", "steps=2", "--set", "train.learning_rate=0"})
                .status,
            0);
  EXPECT_EQ(losses(store_, 3)[0], whole[0]);
  EXPECT_THAT(run({"train", "--store", store_, "--branch", "1@3"}).err,
              HasSubstr("no checkpoint of step 3; it has those of steps 0, 4, 8"));
  EXPECT_EQ(run({"train", "--store", store_, "--branch", "1@x"}).status, 2);
  EXPECT_EQ(run({"train", "--store", store_, "--branch", "1@4", "--set", "model.width=32"}).status, 2);
  EXPECT_EQ(run({"train", "--store", store_, "--branch", "1@4", "--resume", "1"}).status, 2);
  EXPECT_EQ(run({"train", "--store", store_, "--resume", "1@4"}).status, 2);
}

TEST_F(Cli, BenchPrintsThePeersLine) {
  const Outcome bench = run({"bench",   "--router", "top2",  "--width",   "16",        "--depth",   "2",
                             "--heads", "2",        "--mlp", "16",        "--experts", "4",         "--moe-blocks",
                             "1",       "--batch",  "8",     "--threads", "1",         "--seconds", "0.01"});
  ASSERT_EQ(bench.status, 0) << bench.err;
  const auto line = nlohmann::json::parse(bench.out);
  EXPECT_GT(line["train_images_per_s"].get<double>(), 0);
  EXPECT_GT(line["infer_images_per_s"].get<double>(), 0);
  EXPECT_EQ(line["router"], "top2");
  EXPECT_EQ(line["config"]["moe_blocks"], 1);
  // patch 4*4*16+16, position 49*16, two blocks, final norm 2*16, head 16*10+10; a block: two norms 4*16 and attention
  // 4*(16*16+16), then an MLP 2*16*16+16+16, or a router 16*4 and four such experts
  const int64_t attention = 64 + 4 * 272, mlp = 544;
  EXPECT_EQ(line["params"], 272 + 784 + 2 * attention + mlp + 64 + 4 * mlp + 32 + 170);
}

TEST_F(Cli, BenchKernelsListsEveryImplementationAndEndsWithTheReference) {
  const Outcome bench = run({"bench", "kernels", "--only", "soft_weights", "--seconds", "0"});
  ASSERT_EQ(bench.status, 0) << bench.err;
  std::istringstream lines(bench.out);
  std::vector<std::string> rows;
  for (std::string op, name, line; std::getline(lines, line);) {
    std::istringstream(line) >> op >> name;
    rows.push_back(op + " " + name);
  }
  const size_t sets = runnable_instruction_sets().size();
  ASSERT_EQ(rows.size(), 1 + 2 * sets) << bench.out;
  EXPECT_EQ(rows[sets], "soft_weights reference");
  EXPECT_EQ(rows[2 * sets], "soft_weights_backward reference");
}

TEST_F(Cli, DoctorAnswers) {
  const Outcome doctor = run({"doctor", "--store", store_});
  EXPECT_EQ(doctor.status, 0);
  EXPECT_THAT(doctor.out, AllOf(HasSubstr("processor"), HasSubstr("oneDNN"), HasSubstr(store_)));
}

}  // namespace
