// Fashion-MNIST from IDX files: what is read, and what each kind of damage is called.
#include "compute/data/fashion_mnist.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compute/data/idx_file.h"
#include "small_files.h"

namespace moescope {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

DataConfig config_for(const TempFolder& folder) {
  DataConfig config;
  config.path = folder.path();
  return config;
}

TEST(FashionMnist, ReadsImagesAndLabels) {
  TempFolder folder;
  write_small_fashion(folder, 12, 4, 3);
  const auto dataset = open_dataset(config_for(folder));
  const DatasetInfo& info = dataset->info();
  EXPECT_EQ(info.num_train, 12);
  EXPECT_EQ(info.num_test, 4);
  EXPECT_EQ(info.height, 3);
  EXPECT_EQ(info.num_classes(), 10);
  EXPECT_EQ(dataset->label(Split::train, 11), 1);  // 11 mod 10
  const ImagePixels image = dataset->image(Split::train, 11);
  EXPECT_EQ(image.values, FileBytes(9, 31));  // 20 + 11
  EXPECT_EQ(dataset->image_name(Split::test, 2), "test 2");
  EXPECT_TRUE(dataset->patch_labels(Split::test, 0, 1).empty());
}

TEST(FashionMnist, ReadsUncompressedFilesToo) {
  TempFolder folder;
  write_small_fashion(folder, 2, 2, 3);
  std::filesystem::remove(folder / "train-labels-idx1-ubyte.gz");
  write_file(folder / "train-labels-idx1-ubyte", idx_bytes({2}, {7, 9}));
  const auto dataset = open_dataset(config_for(folder));
  EXPECT_EQ(dataset->label(Split::train, 1), 9);
}

TEST(FashionMnist, LimitsKeepTheFirstImagesAndChangeTheHash) {
  TempFolder folder;
  write_small_fashion(folder, 12, 4, 3);
  DataConfig config = config_for(folder);
  const std::string whole = open_dataset(config)->info().content_hash;
  EXPECT_EQ(open_dataset(config)->info().content_hash, whole);
  config.train_limit = 5;
  config.test_limit = 100;
  const auto dataset = open_dataset(config);
  EXPECT_EQ(dataset->info().num_train, 5);
  EXPECT_EQ(dataset->info().num_test, 4);
  EXPECT_NE(dataset->info().content_hash, whole);
}

TEST(FashionMnist, OneChangedPixelChangesTheHash) {
  TempFolder folder;
  write_small_fashion(folder, 2, 2, 3);
  const std::string before = open_dataset(config_for(folder))->info().content_hash;
  FileBytes pixels(18, 20);
  write_gz(folder / "t10k-images-idx3-ubyte.gz", idx_bytes({2, 3, 3}, pixels));
  const std::string changed = open_dataset(config_for(folder))->info().content_hash;
  pixels[17] = 21;
  write_gz(folder / "t10k-images-idx3-ubyte.gz", idx_bytes({2, 3, 3}, pixels));
  EXPECT_NE(changed, before);
  EXPECT_NE(open_dataset(config_for(folder))->info().content_hash, changed);
}

TEST(FashionMnist, SaysWhereItLookedAndHowToInstall) {
  TempFolder folder;
  const std::string said = message_of<DataError>([&] { open_dataset(config_for(folder)); });
  EXPECT_THAT(said, AllOf(HasSubstr(folder.path()), HasSubstr("apt-get install dataset-fashion-mnist"),
                          HasSubstr("data.path")));
}

TEST(FashionMnist, RefusesAnotherImageSize) {
  TempFolder folder;
  write_small_fashion(folder, 2, 2, 3);
  DataConfig config = config_for(folder);
  config.image_size = 5;
  EXPECT_THAT(message_of<ConfigError>([&] { open_dataset(config); }), HasSubstr("data.image_size = 5"));
}

/// Each test damages one file of a good folder.
class DamagedFashionMnist : public testing::Test {
 protected:
  DamagedFashionMnist() { write_small_fashion(folder_, 12, 4, 3); }
  std::string images() const { return folder_ / "train-images-idx3-ubyte.gz"; }
  std::string labels() const { return folder_ / "train-labels-idx1-ubyte.gz"; }
  std::string said() const {
    return message_of<DataError>([&] { open_dataset(config_for(folder_)); });
  }
  TempFolder folder_;
};

TEST_F(DamagedFashionMnist, GzipCutOff) {
  FileBytes bytes = read_file(images());
  bytes.erase(bytes.end() - 12, bytes.end());
  write_file(images(), bytes);
  EXPECT_THAT(said(), AllOf(HasSubstr(images()), HasSubstr("reinstall")));
}

TEST_F(DamagedFashionMnist, GzipChecksumWrong) {
  FileBytes bytes = read_file(images());
  bytes[bytes.size() - 6] ^= 0xFF;  // the checksum stands 8 to 5 bytes before the end
  write_file(images(), bytes);
  EXPECT_THAT(said(), AllOf(HasSubstr(images()), HasSubstr("damaged")));
}

TEST_F(DamagedFashionMnist, FewerImagesThanPromised) {
  write_gz(images(), idx_bytes({12, 3, 3}, FileBytes(100, 1)));  // 108 announced
  EXPECT_THAT(said(), AllOf(HasSubstr(images()), HasSubstr("8 bytes early")));
}

TEST_F(DamagedFashionMnist, MoreDataThanPromised) {
  write_gz(images(), idx_bytes({12, 3, 3}, FileBytes(109, 1)));
  EXPECT_THAT(said(), AllOf(HasSubstr(images()), HasSubstr("more data")));
}

TEST_F(DamagedFashionMnist, LabelsWhereImagesShouldBe) {
  write_gz(images(), idx_bytes({12}, FileBytes(12, 1)));
  EXPECT_THAT(said(), AllOf(HasSubstr(images()), HasSubstr("magic number")));
}

TEST_F(DamagedFashionMnist, HeaderPromisesWhatCannotBe) {
  write_gz(images(), idx_bytes({0x7FFFFFFF, 3, 3}, FileBytes(9, 1)));
  EXPECT_THAT(said(), AllOf(HasSubstr(images()), HasSubstr("which cannot be")));
  write_gz(images(), idx_bytes({200'000, 28, 28}, FileBytes(9, 1)));  // 157 MB from a file of some 40 bytes
  EXPECT_THAT(said(), AllOf(HasSubstr(images()), HasSubstr("which cannot be")));
  write_gz(images(), idx_bytes({1, 70'000, 3}, FileBytes(9, 1)));
  EXPECT_THAT(said(), AllOf(HasSubstr(images()), HasSubstr("70000x3")));
  write_gz(images(), idx_bytes({0, 3, 3}, {}));
  EXPECT_THAT(said(), AllOf(HasSubstr(images()), HasSubstr("0 bytes")));
}

TEST_F(DamagedFashionMnist, HeaderCutOff) {
  write_file(images(), {0, 0, 8});
  EXPECT_THAT(said(), AllOf(HasSubstr(images()), HasSubstr("the header")));
}

TEST_F(DamagedFashionMnist, CountsDisagree) {
  write_gz(labels(), idx_bytes({11}, FileBytes(11, 1)));
  EXPECT_THAT(said(), AllOf(HasSubstr(labels()), HasSubstr("12 images"), HasSubstr("11 labels")));
}

TEST_F(DamagedFashionMnist, LabelOutOfRange) {
  FileBytes values(12, 1);
  values[4] = 10;
  write_gz(labels(), idx_bytes({12}, values));
  EXPECT_THAT(said(), AllOf(HasSubstr(labels()), HasSubstr("label 4 is 10")));
}

TEST_F(DamagedFashionMnist, TestImagesOfAnotherSize) {
  write_gz(folder_ / "t10k-images-idx3-ubyte.gz", idx_bytes({4, 5, 5}, FileBytes(100, 1)));
  EXPECT_THAT(said(), AllOf(HasSubstr("3x3"), HasSubstr("5x5")));
}

TEST(FashionMnist, DebiansPackageHolds70000Images) {
  if (!std::filesystem::exists(kFashionMnistFolder)) GTEST_SKIP() << "Debian's dataset-fashion-mnist is not installed";
  const auto dataset = open_dataset({});
  EXPECT_EQ(dataset->info().num_train, 60'000);
  EXPECT_EQ(dataset->info().num_test, 10'000);
  EXPECT_EQ(dataset->label(Split::train, 0), 9);  // the first training image is an ankle boot
  std::vector<int64_t> per_class(10);
  for (int64_t i = 0; i < 10'000; ++i) ++per_class[static_cast<size_t>(dataset->label(Split::test, i))];
  EXPECT_THAT(per_class, testing::Each(1000));
}

}  // namespace
}  // namespace moescope
