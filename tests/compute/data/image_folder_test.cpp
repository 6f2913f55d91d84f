// Folders of images: classes, splits, and what is left out.
#include "compute/data/image_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "compute/data/image_file.h"
#include "compute/data/loader.h"
#include "support/encode_images.h"
#include "small_files.h"

namespace moescope {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// `count` flat grey images, number i of brightness `first` + i.
void write_class(const TempFolder& folder, const std::string& name, int count, int first, int64_t channels = 1) {
  const std::string path = folder.make_folder(name);
  for (int i = 0; i < count; ++i) {
    write_png(
        path + "/" + std::to_string(i) + ".png",
        {6, 9, channels, std::vector<uint8_t>(static_cast<size_t>(54 * channels), static_cast<uint8_t>(first + i))});
  }
}

DataConfig config_for(const TempFolder& folder, int64_t side = 4) {
  DataConfig config;
  config.dataset = DatasetKind::folder;
  config.path = folder.path();
  config.image_size = side;
  return config;
}

std::string said(const TempFolder& folder) {
  return message_of<DataError>([&] { open_dataset(config_for(folder)); });
}

std::set<std::string> names(const Dataset& dataset, Split split) {
  std::set<std::string> out;
  for (int64_t i = 0; i < dataset.size(split); ++i) out.insert(dataset.image_name(split, i));
  return out;
}

TEST(ImageFolder, SubFoldersAreClassesInOrderOfTheirNames) {
  TempFolder folder;
  write_class(folder, "train/dog", 3, 100);
  write_class(folder, "train/cat", 2, 10);
  write_class(folder, "test/dog", 1, 200);
  const auto dataset = open_dataset(config_for(folder));
  EXPECT_THAT(dataset->info().class_names, ElementsAre("cat", "dog"));
  EXPECT_EQ(dataset->info().num_train, 5);
  EXPECT_EQ(dataset->info().num_test, 1);
  EXPECT_EQ(dataset->label(Split::test, 0), 1);
  EXPECT_EQ(dataset->image_name(Split::test, 0), "dog/0.png");
  EXPECT_EQ(dataset->image(Split::test, 0).values, FileBytes(16, 200));
  for (int64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(dataset->label(Split::train, i), dataset->image(Split::train, i).values[0] >= 100 ? 1 : 0);
  }
}

TEST(ImageFolder, WithoutSplitsATenthOfEachClassIsForTesting) {
  TempFolder folder;
  write_class(folder, "a", 30, 10);
  write_class(folder, "b", 3, 100);
  write_class(folder, "c", 1, 200);
  const auto dataset = open_dataset(config_for(folder));
  std::map<int32_t, int> tested;
  for (int64_t i = 0; i < dataset->info().num_test; ++i) ++tested[dataset->label(Split::test, i)];
  EXPECT_THAT(tested, ElementsAre(testing::Pair(0, 3), testing::Pair(1, 1)));
  EXPECT_EQ(dataset->info().num_train, 30);
  const std::set<std::string> before = names(*dataset, Split::test);
  EXPECT_EQ(names(*open_dataset(config_for(folder)), Split::test), before);  // each time the same
  for (const std::string& name : before) EXPECT_FALSE(names(*dataset, Split::train).contains(name));
}

TEST(ImageFolder, GreyWhenAllAreGreyColourOtherwise) {
  TempFolder folder;
  write_class(folder, "a", 3, 10);
  write_class(folder, "b", 3, 100);
  EXPECT_EQ(open_dataset(config_for(folder))->info().channels, 1);
  write_class(folder, "b", 1, 100, 3);
  const auto dataset = open_dataset(config_for(folder));
  EXPECT_EQ(dataset->info().channels, 3);
  EXPECT_EQ(dataset->info().mean.size(), 3u);
  EXPECT_EQ(dataset->image(Split::train, 0).values.size(), 48u);
}

TEST(ImageFolder, ADamagedFileIsLeftOutAndNamed) {
  TempFolder folder;
  write_class(folder, "a", 4, 10);
  write_class(folder, "b", 4, 100);
  FileBytes bytes = read_file(folder / "a/2.png");
  bytes.resize(bytes.size() / 2);
  write_file(folder / "a/2.png", bytes);
  write_file(folder / "b/notes.txt", {'h', 'i'});  // other files are nobody's business
  write_file(folder / "b/.hidden.png", {'h', 'i'});
  const auto dataset = open_dataset(config_for(folder));
  EXPECT_EQ(dataset->info().num_train + dataset->info().num_test, 7);
  ASSERT_EQ(dataset->info().warnings.size(), 1u);
  EXPECT_THAT(dataset->info().warnings[0], AllOf(StartsWith("left out: "), HasSubstr("a/2.png"), HasSubstr("damaged")));
}

TEST(ImageFolder, DamageInsideAFileStopsTheLoaderWithItsName) {
  TempFolder folder;
  write_class(folder, "train/a", 2, 10);
  write_class(folder, "train/b", 2, 100);
  write_class(folder, "test/b", 1, 100);
  const auto dataset = open_dataset(config_for(folder));
  FileBytes bytes = read_file(folder / "train/b/1.png");
  bytes[45] ^= 0xFF;  // in the compressed pixels
  write_file(folder / "train/b/1.png", bytes);
  BatchLoader loader(dataset, {.batch_size = 4});
  EXPECT_THAT(message_of<DataError>([&] { loader.next(); }), HasSubstr("train/b/1.png"));
}

TEST(ImageFolder, JpegAndPngMixAndAreFitted) {
  TempFolder folder;
  write_class(folder, "a", 3, 10);
  write_class(folder, "b", 2, 100);
  encode_jpeg(folder / "b/photo.JPG", 40, 100, 3, FileBytes(40 * 100 * 3, 180));
  const auto dataset = open_dataset(config_for(folder, 0));
  EXPECT_EQ(dataset->info().height, kFolderSide);
  EXPECT_EQ(dataset->info().channels, 3);
  bool found = false;
  for (Split split : {Split::train, Split::test}) {
    for (int64_t i = 0; i < dataset->size(split); ++i) {
      if (dataset->image_name(split, i) != "b/photo.JPG") continue;
      found = true;
      EXPECT_THAT(dataset->image(split, i).values, Each(testing::AllOf(testing::Ge(178), testing::Le(182))));  // JPEG
    }
  }
  EXPECT_TRUE(found);
}

TEST(ImageFolder, MeanAndDeviationAreMeasured) {
  TempFolder folder;
  write_class(folder, "train/a", 1, 51);   // 0.2
  write_class(folder, "train/b", 1, 153);  // 0.6: mean 0.4, deviation 0.2
  write_class(folder, "test/a", 1, 255);
  const auto dataset = open_dataset(config_for(folder));
  EXPECT_FLOAT_EQ(dataset->info().mean[0], 0.4f);
  EXPECT_FLOAT_EQ(dataset->info().std[0], 0.2f);
}

TEST(ImageFolder, LimitsKeepEveryClassInPlay) {
  TempFolder folder;
  write_class(folder, "a", 50, 10);
  write_class(folder, "b", 50, 100);
  DataConfig config = config_for(folder);
  config.train_limit = 20;
  const auto dataset = open_dataset(config);
  EXPECT_EQ(dataset->info().num_train, 20);
  std::set<int32_t> labels;
  for (int64_t i = 0; i < 20; ++i) labels.insert(dataset->label(Split::train, i));
  EXPECT_EQ(labels.size(), 2u);
}

TEST(ImageFolder, AChangedFileChangesTheHash) {
  TempFolder folder;
  write_class(folder, "a", 3, 10);
  write_class(folder, "b", 3, 100);
  const std::string before = open_dataset(config_for(folder))->info().content_hash;
  EXPECT_EQ(open_dataset(config_for(folder))->info().content_hash, before);
  EXPECT_NE(open_dataset(config_for(folder, 5))->info().content_hash, before);
  write_class(folder, "b", 3, 101);
  EXPECT_NE(open_dataset(config_for(folder))->info().content_hash, before);
}

TEST(ImageFolder, SaysWhatIsMissing) {
  TempFolder folder;
  DataConfig config = config_for(folder);
  config.path = "";
  EXPECT_THAT(message_of<DataError>([&] { open_dataset(config); }), HasSubstr("data.path is empty"));
  config.path = folder / "nowhere";
  EXPECT_THAT(message_of<DataError>([&] { open_dataset(config); }), HasSubstr("nowhere"));
  write_class(folder, "only", 3, 10);
  EXPECT_THAT(said(folder), AllOf(HasSubstr("1 sub-folders"), HasSubstr("at least two classes")));
  folder.make_folder("empty");
  EXPECT_THAT(said(folder), AllOf(HasSubstr("/empty"), HasSubstr("no readable")));
}

TEST(ImageFolder, ATestClassMustBeATrainingClass) {
  TempFolder folder;
  write_class(folder, "train/a", 1, 10);
  write_class(folder, "train/b", 1, 10);
  write_class(folder, "test/c", 1, 10);
  EXPECT_THAT(said(folder), AllOf(HasSubstr("test/c"), HasSubstr("without training images")));
}

}  // namespace
}  // namespace moescope
