// CIFAR's binary records: planes become pixels, and damage is named.
#include "compute/data/cifar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "small_files.h"

namespace moescope {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// A record whose red, green and blue planes begin with 1, 2, 3 and are 0 else.
FileBytes record(const FileBytes& labels) {
  FileBytes out = labels;
  out.resize(labels.size() + 3072);
  for (size_t c = 0; c < 3; ++c) out[labels.size() + 1024 * c] = static_cast<uint8_t>(c + 1);
  return out;
}

FileBytes operator+(FileBytes a, const FileBytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

void write_cifar10(const std::string& folder) {
  for (int i = 1; i <= 5; ++i) {
    write_file(folder + "/data_batch_" + std::to_string(i) + ".bin", record({static_cast<uint8_t>(i)}));
  }
  write_file(folder + "/test_batch.bin", record({9}) + record({8}));
}

DataConfig config_for(DatasetKind kind, const TempFolder& folder) {
  DataConfig config;
  config.dataset = kind;
  config.path = folder.path();
  return config;
}

TEST(Cifar10, PlanesBecomePixels) {
  TempFolder folder;
  write_cifar10(folder.path());
  const auto dataset = open_dataset(config_for(DatasetKind::cifar10, folder));
  EXPECT_EQ(dataset->info().num_train, 5);
  EXPECT_EQ(dataset->info().num_test, 2);
  EXPECT_EQ(dataset->label(Split::train, 2), 3);  // of data_batch_3.bin
  const ImagePixels image = dataset->image(Split::test, 1);
  EXPECT_EQ(image.channels, 3);
  EXPECT_THAT(FileBytes(image.values.begin(), image.values.begin() + 4), ElementsAre(1, 2, 3, 0));
  // One for each file, of which the real ones hold 10,000 images, and one for the missing list of names.
  ASSERT_EQ(dataset->info().warnings.size(), 7u);
  EXPECT_THAT(dataset->info().warnings[2],
              AllOf(HasSubstr("data_batch_3.bin holds 1 images where CIFAR-10 has 10000"), HasSubstr("unpack")));
}

TEST(Cifar10, IsFoundInTheFolderOfItsArchiveWithItsNames) {
  TempFolder folder;
  const std::string inner = folder.make_folder("cifar-10-batches-bin");
  write_cifar10(inner);
  std::ofstream(inner + "/batches.meta.txt") << "a\nb\nc\nd\ne\nf\ng\nh\ni\ntruck\n\n";
  const auto dataset = open_dataset(config_for(DatasetKind::cifar10, folder));
  EXPECT_EQ(dataset->info().class_names.back(), "truck");
  EXPECT_EQ(dataset->info().warnings.size(), 6u) << "of the short files alone";
}

TEST(Cifar100, TakesTheFineLabel) {
  TempFolder folder;
  write_file(folder / "train.bin", record({4, 77}));
  write_file(folder / "test.bin", record({5, 99}));
  const auto dataset = open_dataset(config_for(DatasetKind::cifar100, folder));
  EXPECT_EQ(dataset->info().num_classes(), 100);
  EXPECT_EQ(dataset->label(Split::train, 0), 77);
  EXPECT_EQ(dataset->image(Split::test, 0).values[2], 3);
}

TEST(Cifar10, CutOffFileIsNamed) {
  TempFolder folder;
  write_cifar10(folder.path());
  FileBytes bytes = record({4});
  bytes.pop_back();
  write_file(folder / "data_batch_4.bin", bytes);
  EXPECT_THAT(message_of<DataError>([&] { open_dataset(config_for(DatasetKind::cifar10, folder)); }),
              AllOf(HasSubstr("data_batch_4.bin"), HasSubstr("3072 bytes"), HasSubstr("3073")));
}

TEST(Cifar10, MissingBatchAndWrongLabelAreNamed) {
  TempFolder folder;
  write_cifar10(folder.path());
  write_file(folder / "data_batch_2.bin", record({10}));
  EXPECT_THAT(message_of<DataError>([&] { open_dataset(config_for(DatasetKind::cifar10, folder)); }),
              AllOf(HasSubstr("data_batch_2.bin"), HasSubstr("label 10")));
  std::filesystem::remove(folder / "data_batch_2.bin");
  EXPECT_THAT(message_of<DataError>([&] { open_dataset(config_for(DatasetKind::cifar10, folder)); }),
              AllOf(HasSubstr("data_batch_2.bin"), HasSubstr("cannot open")));
}

TEST(Cifar10, AsksForAPath) {
  EXPECT_THAT(message_of<DataError>([] {
                DataConfig config;
                config.dataset = DatasetKind::cifar10;
                open_dataset(config);
              }),
              HasSubstr("data.path"));
}

}  // namespace
}  // namespace moescope
