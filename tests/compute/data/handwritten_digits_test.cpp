// The table of digits becomes images on a canvas, and damage is named by line.
#include "compute/data/handwritten_digits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "small_files.h"

namespace moescope {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string line(int grey, int label) {
  std::string text;
  for (int i = 0; i < 64; ++i) text += std::to_string(grey) + ",";
  return text + std::to_string(label) + "\n";
}

std::string digits(int64_t count) {
  std::string text;
  for (int64_t i = 0; i < count; ++i) text += line(static_cast<int>(i % 17), static_cast<int>(i % 10));
  return text;
}

DataConfig written(const TempFolder& folder, const std::string& text) {
  write_gz(folder / "digits.csv.gz", FileBytes(text.begin(), text.end()));
  DataConfig config;
  config.dataset = DatasetKind::handwritten_digits;
  config.path = folder.path();
  return config;
}

TEST(HandwrittenDigits, AreDrawnInTheMiddleOfACanvas) {
  const TempFolder folder;
  const auto data = open_dataset(written(folder, digits(1310)));
  EXPECT_EQ(data->info().num_train, 1300);
  EXPECT_EQ(data->info().num_test, 10);
  EXPECT_EQ(data->label(Split::test, 3), 3);
  const ImagePixels image = data->image(Split::train, 16);  // 16 of 16: white
  ASSERT_EQ(image.values.size(), 28u * 28u);
  EXPECT_EQ(image.values[3 * 28 + 14], 0);     // the margin has 4 rows
  EXPECT_EQ(image.values[4 * 28 + 4], 255);    // its first corner
  EXPECT_EQ(image.values[23 * 28 + 23], 255);  // and its last
  EXPECT_EQ(image.values[24 * 28 + 14], 0);
}

TEST(HandwrittenDigits, SaysWhatIsWrongAndWhere) {
  const TempFolder folder;
  const auto told = [&](const std::string& text) {
    return message_of<DataError>([&] { open_dataset(written(folder, text)); });
  };
  EXPECT_THAT(told(line(3, 1) + line(17, 1)), AllOf(HasSubstr("line 2"), HasSubstr("python3-sklearn")));
  EXPECT_THAT(told(line(3, 10)), HasSubstr("line 1"));
  EXPECT_THAT(told("1,2,3\n"), HasSubstr("line 1"));
  EXPECT_THAT(told(digits(20)), HasSubstr("20 images, too few"));
  DataConfig nowhere;
  nowhere.dataset = DatasetKind::handwritten_digits;
  nowhere.path = folder / "none";
  EXPECT_THAT(message_of<DataError>([&] { open_dataset(nowhere); }), HasSubstr("digits.csv.gz"));
}

}  // namespace
}  // namespace moescope
