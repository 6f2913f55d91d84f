// Weights out of a run and into another store, and everything that a file from elsewhere can have wrong.
#include "app/models/weights_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "app/models/demo_models.h"
#include "assets/assets.h"
#include "compute/core/safetensors.h"
#include "compute/train/checkpoint.h"
#include "sessions/checkpoints.h"
#include "sessions/run_reader.h"
#include "support/run_program.h"
#include "support/temp_folder.h"
#include "support/tiny_training.h"

namespace {

using namespace moescope;
using testing::HasSubstr;

class WeightsFile : public testing::Test {
 protected:
  void SetUp() override {
    std::vector<std::string> arguments = tiny_training("train", store_);
    arguments.insert(arguments.end(), {"--stop", "steps=2", "--set", "name=tiny"});
    ASSERT_EQ(run_program(arguments).status, 0);
    ASSERT_EQ(
        run_program({"runs", "export", "tiny", "--store", store_, "--format", "safetensors", "--to", file_}).status, 0);
  }
  /// The exported file with its tensors and texts changed, and what importing it says.
  std::string import_changed(
      const std::function<void(std::map<std::string, Tensor>&, std::map<std::string, std::string>&)>& change) {
    const Safetensors sound = Safetensors::read(file_);
    std::map<std::string, Tensor> tensors;
    for (const NamedTensor& tensor : sound.tensors()) tensors[tensor.name] = tensor.tensor;
    std::map<std::string, std::string> texts = sound.metadata();
    change(tensors, texts);
    SafetensorsWriter writer;
    for (const auto& [key, value] : texts) writer.set_text(key, value);
    for (const auto& [name, tensor] : tensors) writer.add(name, tensor);
    writer.write(temp_ / "changed.safetensors");
    const Outcome outcome =
        run_program({"runs", "import", temp_ / "changed.safetensors", "--store", temp_ / "other.db"});
    EXPECT_EQ(outcome.status, 2);
    return outcome.err;
  }

  const TempFolder temp_;
  std::string store_ = temp_ / "runs.db", file_ = temp_ / "tiny.safetensors";
};

TEST_F(WeightsFile, AnImportedModelAnswersAsTheOneExported) {
  const Outcome imported =
      run_program({"runs", "import", file_, "--store", temp_ / "other.db", "--name", "from elsewhere"});
  ASSERT_EQ(imported.status, 0) << imported.err;
  const auto accuracy = [&](const std::string& store) {
    const std::string text = run_program({"eval", "1", "--store", store, "--format", "csv"}).out;
    const size_t begin = text.find('\n') + 1;
    return text.substr(begin, text.find(',', text.find(',', begin) + 1) - begin);  // accuracy and loss
  };
  EXPECT_EQ(accuracy(temp_ / "other.db"), accuracy(store_));
  EXPECT_THAT(run_program({"runs", "show", "1", "--store", temp_ / "other.db"}).out, HasSubstr("from elsewhere"));
}

TEST_F(WeightsFile, AnImportedModelIsABeginnerToAdam) {
  ASSERT_EQ(run_program({"runs", "import", file_, "--store", temp_ / "other.db"}).status, 0);
  const SessionStore store(temp_ / "other.db", SessionStore::Access::read);
  const std::vector<CheckpointInfo> stored = list_checkpoints(store.database(), 1);
  ASSERT_EQ(stored.size(), 1u);
  const std::vector<std::byte> bytes = load_checkpoint(store.database(), stored[0].checkpoint_id);
  for (const Checkpoint::Entry& entry : read_checkpoint(bytes, "the import").entries) EXPECT_EQ(entry.first_step, 2);
}

TEST_F(WeightsFile, WhatDoesNotFitIsRefusedByName) {
  using Tensors = std::map<std::string, Tensor>;
  using Texts = std::map<std::string, std::string>;
  const std::string some = Safetensors::read(file_).tensors().front().name;
  EXPECT_THAT(import_changed([&](Tensors& tensors, Texts&) { tensors.erase(some); }), HasSubstr(some));
  EXPECT_THAT(import_changed([&](Tensors& tensors, Texts&) { tensors["extra"] = tensors[some]; }),
              HasSubstr("has no 'extra'"));
  EXPECT_THAT(import_changed([&](Tensors& tensors, Texts&) { tensors[some].f32()[0] = std::nanf(""); }),
              HasSubstr("'" + some + "' holds a NaN"));
  EXPECT_THAT(import_changed([](Tensors&, Texts& texts) { texts["config.model.width"] = "32"; }),
              HasSubstr("expected F32"));
  EXPECT_THAT(import_changed([](Tensors&, Texts& texts) { texts["config.model.wdth"] = "16"; }),
              HasSubstr("did you mean 'model.width'?"));
  EXPECT_THAT(import_changed([](Tensors&, Texts& texts) { texts["image.height"] = "tall"; }),
              HasSubstr("is no number"));
  EXPECT_THAT(import_changed([](Tensors&, Texts& texts) { texts.erase("format"); }),
              HasSubstr("which model its weights are of"));
}

TEST_F(WeightsFile, ThatLieBesideTheProgramAreTheDemosOfANewStore) {
  const std::filesystem::path assets = temp_.path() / "assets", presets = asset_path("presets");
  std::filesystem::create_directories(assets / "demos");
  std::filesystem::create_directory_symlink(presets, assets / "presets");
  std::filesystem::copy_file(file_, assets / "demos/tiny.safetensors");
  setenv("MOESCOPE_ASSETS", assets.c_str(), 1);
  const std::string first = bring_demos(temp_ / "fresh/runs.db");
  unsetenv("MOESCOPE_ASSETS");
  EXPECT_EQ(first, "1@2");
  const Outcome list = run_program({"runs", "list", "--store", temp_ / "fresh/runs.db"});
  EXPECT_THAT(list.out, HasSubstr("demo tiny"));
  // It goes on from there as a run of its own.
  const Outcome branch =
      run_program({"train", "--store", temp_ / "fresh/runs.db", "--branch", first, "--stop", "steps=4"});
  EXPECT_EQ(branch.status, 0) << branch.err;
}

TEST_F(WeightsFile, OfOtherDataAreRefusedUnlessTheDataAreNamed) {
  SafetensorsWriter writer;
  const Safetensors sound = Safetensors::read(file_);
  for (const auto& [key, value] : sound.metadata())
    writer.set_text(key, key == "dataset_hash" ? "0123456789abcdef" : value);
  for (const NamedTensor& tensor : sound.tensors()) writer.add(tensor.name, tensor.tensor);
  writer.write(temp_ / "other.safetensors");
  const std::string other = temp_ / "other.db";
  ASSERT_EQ(run_program({"runs", "import", temp_ / "other.safetensors", "--store", other}).status, 0);
  const Outcome refused = run_program({"eval", "1", "--store", other});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, testing::AllOf(HasSubstr("0123456789abcdef"), HasSubstr("data.path")));
  EXPECT_EQ(run_program({"eval", "1", "--store", other, "--set", "data.test_limit=16"}).status, 0);
}

}  // namespace
