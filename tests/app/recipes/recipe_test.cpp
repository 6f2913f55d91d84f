// Recipes end to end: run, stopped, gone on with, and told again from the store alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "app/doors/experiment_plan.h"
#include "app/recipes/recipe_report.h"
#include "app/recipes/recipe_runner.h"
#include "compute/core/version.h"
#include "compute/records/rl_config_fields.h"
#include "compute/records/rl_presets.h"
#include "compute/studies/agent_config.h"
#include "support/run_program.h"
#include "support/temp_folder.h"

namespace {

using namespace moescope;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class RecipeRun : public testing::Test {
 protected:
  int64_t num_runs() const {
    const SessionStore store(store_, SessionStore::Access::read);
    return RunReader(store).count_runs();
  }
  /// A V-MoE on 64 images that is asked for its accuracy under two capacities.
  std::string tiny_training() {
    const std::string file = temp_ / "tiny.json";
    std::ofstream(file) << R"({"id": "T", "title": "Tiny", "claim": "c", "source": "s", "criterion": "w",
      "preset": "vmoe-s", "measures": ["capacity", "random-router", "balance", "k", "dropped-patches"],
      "analysis": "bpr",
      "settings": ["model.width=16", "model.depth=2", "model.heads=2", "model.mlp=16", "model.moe_blocks=1",
        "router.num_experts=4", "data.train_limit=64", "data.test_limit=32", "train.batch_size=16",
        "train.micro_batch=16", "train.warmup_steps=1", "train.schedule_steps=8", "compute.threads=1"],
      "numbers": {"capacities": [1, 0.5], "ks": [1, 2], "router_draws": [1]},
      "arms": [{"name": "k=1", "settings": ["router.k=1"]}],
      "budgets": {"quick": {"seeds": 1, "stop": "steps=2"},
                  "full": {"seeds": 3, "stop": "steps=2", "unsettled": "two steps teach nothing"}}})";
    return file;
  }
  const TempFolder temp_;
  std::string store_ = temp_ / "runs.db";
};

TEST_F(RecipeRun, EveryRecipeOfTheProgramCanBeReadAndDescribed) {
  const Outcome list = run_program({"recipe", "list", "--store", store_});
  ASSERT_EQ(list.status, 0) << list.err;
  EXPECT_THAT(list.out, AllOf(HasSubstr("norm-function"), HasSubstr("R10")));
  for (const Recipe& recipe : load_recipes()) {
    SCOPED_TRACE(recipe.name);
    for (const RecipeBudget& budget : recipe.budgets)
      EXPECT_EQ(recipe_cells(recipe, budget, 2).size(), 2 * recipe.arms.size());
    const Outcome described = run_program({"recipe", "describe", recipe.id, "--store", store_});
    EXPECT_THAT(described.out, HasSubstr(recipe.claim));
    EXPECT_EQ(described.out.find(" steps, ") != std::string::npos, recipe.trains());  // what the trainings cost
  }
  EXPECT_THAT(run_program({"recipe", "run", "norm-functoin"}).err, HasSubstr("did you mean 'norm-function'?"));
  EXPECT_EQ(run_program({"recipe", "report", "--store", store_}).status, 2);
}

TEST_F(RecipeRun, AStudyIsStoredJudgedAndToldAgainFromTheStore) {
  const Outcome first = run_program({"recipe", "run", "proof-inputs", "--store", store_});
  ASSERT_EQ(first.status, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("Verdict: reproduced."));
  EXPECT_EQ(num_runs(), 9);
  const Outcome again = run_program({"recipe", "run", "R1b", "--store", store_});
  EXPECT_EQ(again.out, first.out);
  EXPECT_EQ(num_runs(), 9);
  const Outcome report = run_program({"recipe", "report", "proof-inputs", "--store", store_, "--to", temp_ / "out"});
  ASSERT_EQ(report.status, 0) << report.err;
  std::ifstream file(temp_ / "out/proof-inputs.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(text, AllOf(HasSubstr("Verdict: reproduced"), HasSubstr("](proof-inputs.svg)"), HasSubstr("holds")));
  EXPECT_TRUE(std::filesystem::exists(temp_ / "out/proof-inputs.svg"));
  EXPECT_TRUE(std::filesystem::exists(temp_ / "out/proof-inputs.csv"));
}

TEST_F(RecipeRun, TheCostModelIsCountedOnceAndAgreesWithThePapers) {
  const Outcome counted = run_program({"recipe", "run", "R0", "--store", store_});
  ASSERT_EQ(counted.status, 0) << counted.err;
  EXPECT_EQ(num_runs(), 1);
  EXPECT_THAT(counted.out, AllOf(HasSubstr("Verdict: reproduced."), HasSubstr("vmoe-15b"), HasSubstr("933")));
}

TEST_F(RecipeRun, TwoRecipesJudgeTheSameRuns) {
  const Recipe first = find_recipe("algorithm-1"), second = find_recipe("R3b");
  EXPECT_EQ(second.arms.size(), first.arms.size());
  EXPECT_EQ(recipe_session(second, second.budget("full")), recipe_session(first, first.budget("full")));
  EXPECT_NE(second.analysis, first.analysis);
  EXPECT_EQ(recipe_tag(second), "recipe/algorithm-1");
  ExperimentAsk ask;
  ask.kind = ExperimentAsk::Kind::recipe, ask.name = "share-over-n", ask.budget = "quick";
  EXPECT_EQ(experiment_tag(ask), recipe_tag(first));
}

TEST_F(RecipeRun, TheAgentsOfP3AreThePresetsOfRlTrain) {
  const Recipe recipe = find_recipe("P3");
  for (const RecipeCell& cell : recipe_cells(recipe, recipe.budget("full"), 1)) {
    SCOPED_TRACE(cell.arm.name);
    const size_t last_word = cell.arm.name.rfind(' ');
    std::string game = cell.arm.name.substr(0, last_word);
    std::replace(game.begin(), game.end(), ' ', '_');
    RlConfig preset = load_rl_preset(cell.arm.name.substr(last_word + 1), game);
    const RlConfig agent = agent_config({cell.cell.config, cell.arm.numbers});
    preset.name = agent.name, preset.threads = agent.threads;  // neither changes what is learned
    const auto expected = list_fields(preset), found = list_fields(agent);
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(found[i].value, expected[i].value) << found[i].field.key;
  }
}

TEST_F(RecipeRun, WeightsOfTheFirstModelsGoToAFolderForOthers) {
  const Outcome run =
      run_program({"recipe", "run", tiny_training(), "--store", store_, "--weights", temp_ / "models", "--progress"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("k=1.safetensors"), HasSubstr("runs 1")));
  EXPECT_THAT(run.err, HasSubstr("cell 1 of 1: k=1 seed 0"));
  const Outcome imported = run_program(
      {"runs", "import", temp_ / "models/k=1.safetensors", "--store", temp_ / "other.db", "--name", "mine"});
  EXPECT_EQ(imported.status, 0) << imported.err;
}

TEST_F(RecipeRun, OneArmCanBeRunAndTheRestLater) {
  const std::vector<std::string> command{"recipe", "run", "proof-inputs", "--store", store_, "--arm"};
  const auto with = [&](const std::string& arm) {
    std::vector<std::string> words = command;
    words.push_back(arm);
    return run_program(words);
  };
  EXPECT_THAT(with("weight above 0").out, HasSubstr("only 3 of 9 runs are there"));
  EXPECT_EQ(num_runs(), 3);
  const Outcome unknown = with("weight above");
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.err, HasSubstr("has no arm 'weight above'; did you mean 'weight above 0'?"));
}

TEST_F(RecipeRun, FewSeedsSettleNothing) {
  const Outcome two = run_program({"recipe", "run", "proof-inputs", "--store", store_, "--seeds", "2"});
  ASSERT_EQ(two.status, 0) << two.err;
  EXPECT_THAT(two.out,
              AllOf(HasSubstr("Verdict: not settled"), Not(HasSubstr("reproduced.")),
                    HasSubstr("6 of 6 parts of the criterion are not settled"), Not(HasSubstr("different programs"))));
  {
    const SessionStore store(store_, SessionStore::Access::write);
    store.database().execute("UPDATE environment SET value = 'moescope 0.0.1' WHERE key = 'program' AND run_id = 2");
  }
  EXPECT_THAT(
      run_program({"recipe", "run", "proof-inputs", "--store", store_, "--seeds", "2"}).out,
      HasSubstr("Runs of different programs stand side by side: moescope " + program_version() + ", moescope 0.0.1."));
}

TEST_F(RecipeRun, ATrainingIsMeasuredAndResumedAndSaysWhyItSettlesNothing) {
  const Recipe recipe = find_recipe(tiny_training());
  testing::internal::CaptureStderr();
  const RecipeProgress one = run_recipe(recipe, recipe.budget("quick"), 1, store_);
  EXPECT_EQ(one.num_done, 1u);
  const RecipeProgress more = run_recipe(recipe, recipe.budget("full"), 3, store_);
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(more.num_done, 3u);
  EXPECT_EQ(num_runs(), 4);
  const SessionStore store(store_, SessionStore::Access::read);
  const RecipeReport report = report_recipe(RunReader(store), recipe, "", 0, "x.svg");
  EXPECT_EQ(report.budget, "full");
  EXPECT_EQ(report.verdict, Verdict::not_settled);
  EXPECT_EQ(report.why, "two steps teach nothing");
  const std::string csv = report.values.csv();
  for (const char* name : {"minutes", "capacity/0.5/bpr", "random/1", "max_load/1", "k/2", "accuracy", "parameters",
                           "ink/bpr/1", "dropped/vanilla/1"})
    EXPECT_THAT(csv, HasSubstr(name));
}

TEST_F(RecipeRun, AMeasureThatARecipeGainsIsTakenOnTheRunsThatAreThere) {
  Recipe recipe = find_recipe(tiny_training());
  recipe.measures = {"capacity"};
  const auto run = [&] {
    testing::internal::CaptureStderr();
    run_recipe(recipe, recipe.budget("quick"), 1, store_);
    return testing::internal::GetCapturedStderr();
  };
  const auto report = [&] {
    const SessionStore store(store_, SessionStore::Access::read);
    return report_recipe(RunReader(store), recipe, "quick", 1, "x.svg").values.csv();
  };
  run();
  const std::string before = report();
  EXPECT_THAT(before, Not(HasSubstr("k/2")));
  recipe.measures.emplace_back("k");
  EXPECT_THROW(report(), UserError);  // not one run has all of them
  EXPECT_THAT(run(), AllOf(HasSubstr("measuring k"), Not(HasSubstr("measuring capacity"))));
  EXPECT_EQ(num_runs(), 1);
  EXPECT_THAT(report(), AllOf(HasSubstr("k/2"), HasSubstr("capacity/0.5/bpr")));
}

TEST_F(RecipeRun, AStoppedStudyLeavesWholeRunsAndGoesOn) {
  const Recipe recipe = find_recipe("norm-function");
  RecipeBudget budget = recipe.budget("quick");
  budget.settings.insert(budget.settings.end(), {"train.schedule_steps=20", "train.batch_size=16"});
  testing::internal::CaptureStderr();
  const RecipeProgress done = run_recipe(recipe, budget, 1, store_);
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(done.num_done, 8u);
  // A run that was only begun when the program died has no "measured" mark and is done again.
  {
    const SessionStore store(store_, SessionStore::Access::write);
    store.database().execute(
        "DELETE FROM metrics_data WHERE run_id = 3 AND key_id = (SELECT key_id FROM "
        "metric_keys_data WHERE key = 'finding/measured')");
  }
  testing::internal::CaptureStderr();
  const RecipeProgress again = run_recipe(recipe, budget, 1, store_);
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(again.num_done, 8u);
  EXPECT_EQ(num_runs(), 9);
}

}  // namespace
