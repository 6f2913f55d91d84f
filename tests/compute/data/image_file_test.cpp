// Image files: every kind of PNG and JPEG becomes 8-bit grey or RGB, and no damage gets through or brings us down.
#include "compute/data/image_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compute/core/error.h"
#include "support/encode_images.h"
#include "small_files.h"

namespace moescope {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

/// A colour image without a pattern that a mistake in rows or columns would keep.
ImagePixels sample(int64_t height, int64_t width, int64_t channels) {
  ImagePixels image{height, width, channels, {}};
  for (int64_t i = 0; i < height * width * channels; ++i)
    image.values.push_back(static_cast<uint8_t>(i * 7 + i * i % 13));
  return image;
}

TEST(PngFile, WrittenAndReadIsTheSame) {
  TempFolder folder;
  for (int64_t channels : {1, 3}) {
    const ImagePixels image = sample(5, 7, channels);
    write_png(folder / "a.png", image);
    const ImagePixels back = read_image_file(folder / "a.png");
    EXPECT_EQ(back.height, 5);
    EXPECT_EQ(back.width, 7);
    EXPECT_EQ(back.channels, channels);
    EXPECT_EQ(back.values, image.values);
    const ImageHeader header = read_image_header(folder / "a.png");
    EXPECT_EQ(header.width, 7);
    EXPECT_EQ(header.channels, channels);
  }
}

TEST(PngFile, SixteenBitsAreRoundedToEight) {
  TempFolder folder;
  encode_png(folder / "a.png", 1, 2, {0x80, 0xFF, 0x12, 0x34}, {.color_type = PNG_COLOR_TYPE_GRAY, .bits = 16});
  EXPECT_THAT(read_image_file(folder / "a.png").values, ElementsAre(0x80, 0x12));  // 0x80FF / 257 = 128.5 -> 128
}

TEST(PngFile, FewBitsAreSpreadOverTheWholeRange) {
  TempFolder folder;
  encode_png(folder / "a.png", 1, 4, {0b00'01'10'11}, {.color_type = PNG_COLOR_TYPE_GRAY, .bits = 2});
  EXPECT_THAT(read_image_file(folder / "a.png").values, ElementsAre(0, 85, 170, 255));
}

TEST(PngFile, PalettesBecomeColours) {
  TempFolder folder;
  const PngKind kind{.color_type = PNG_COLOR_TYPE_PALETTE, .palette = {{1, 2, 3}, {10, 20, 30}}};
  encode_png(folder / "a.png", 1, 2, {1, 0}, kind);
  EXPECT_THAT(read_image_file(folder / "a.png").values, ElementsAre(10, 20, 30, 1, 2, 3));
}

TEST(PngFile, WhatIsTransparentShowsWhite) {
  TempFolder folder;
  // alpha 255: as it is; 0: white; 102 = 0.4: 0.4*100 + 0.6*255 = 193
  encode_png(folder / "a.png", 1, 3, {100, 255, 100, 0, 100, 102}, {.color_type = PNG_COLOR_TYPE_GRAY_ALPHA});
  EXPECT_THAT(read_image_file(folder / "a.png").values, ElementsAre(100, 255, 193));
  encode_png(folder / "b.png", 1, 1, {0, 50, 100, 102}, {.color_type = PNG_COLOR_TYPE_RGB_ALPHA});
  EXPECT_THAT(read_image_file(folder / "b.png").values, ElementsAre(153, 173, 193));
  const PngKind kind{.color_type = PNG_COLOR_TYPE_PALETTE, .palette = {{1, 2, 3}}, .palette_alpha = {0}};
  encode_png(folder / "c.png", 1, 1, {0}, kind);
  EXPECT_THAT(read_image_file(folder / "c.png").values, ElementsAre(255, 255, 255));
}

TEST(PngFile, InterlacedIsReadLikeAnyOther) {
  TempFolder folder;
  const ImagePixels image = sample(9, 11, 3);
  encode_png(folder / "a.png", 9, 11, image.values, {.interlaced = true});
  EXPECT_EQ(read_image_file(folder / "a.png").values, image.values);
}

TEST(PngFile, CannotBeWrittenWhereThereIsNoFolder) {
  TempFolder folder;
  EXPECT_THAT(message_of<DataError>([&] { write_png(folder / "no/a.png", sample(2, 2, 1)); }),
              AllOf(HasSubstr("no/a.png"), HasSubstr("No such file")));
}

/// 16x16 blocks of one colour survive JPEG nearly unchanged: within 3 of 255 at quality 98.
ImagePixels blocks(int64_t rows, int64_t columns, int64_t channels) {
  ImagePixels image{16 * rows, 16 * columns, channels, {}};
  for (int64_t y = 0; y < image.height; ++y) {
    for (int64_t x = 0; x < image.width; ++x) {
      for (int64_t c = 0; c < channels; ++c) {
        image.values.push_back(static_cast<uint8_t>(40 + 60 * (y / 16) + 25 * (x / 16) + 20 * c));
      }
    }
  }
  return image;
}

void expect_close(const ImagePixels& a, const ImagePixels& b) {
  ASSERT_EQ(a.height, b.height);
  ASSERT_EQ(a.width, b.width);
  ASSERT_EQ(a.channels, b.channels);
  for (size_t i = 0; i < a.values.size(); ++i) ASSERT_NEAR(a.values[i], b.values[i], 3) << i;
}

TEST(JpegFile, GreyAndColour) {
  TempFolder folder;
  for (int channels : {1, 3}) {
    const ImagePixels image = blocks(2, 3, channels);
    encode_jpeg(folder / "a.jpg", 32, 48, channels, image.values);
    expect_close(read_image_file(folder / "a.jpg"), image);
    EXPECT_EQ(read_image_header(folder / "a.jpg").channels, channels);
    encode_jpeg(folder / "b.jpg", 32, 48, channels, image.values, {}, true);
    expect_close(read_image_file(folder / "b.jpg"), image);
  }
}

TEST(JpegFile, CmykBecomesRgb) {
  TempFolder folder;
  // The encoder writes an Adobe marker, so inks are upside down: 255 is no ink. Cyan ink only: red light is gone.
  std::vector<uint8_t> inks;
  for (int i = 0; i < 256; ++i) inks.insert(inks.end(), {0, 255, 255, 255});
  encode_jpeg(folder / "a.jpg", 16, 16, 4, inks);
  const ImagePixels image = read_image_file(folder / "a.jpg");
  ASSERT_EQ(image.channels, 3);
  EXPECT_NEAR(image.values[0], 0, 3);
  EXPECT_NEAR(image.values[1], 255, 3);
  EXPECT_NEAR(image.values[2], 255, 3);
}

TEST(JpegFile, IsDecodedSmallerWhenThatIsEnough) {
  TempFolder folder;
  const ImagePixels image = blocks(4, 6, 3);  // 64 x 96
  encode_jpeg(folder / "a.jpg", 64, 96, 3, image.values);
  EXPECT_EQ(read_image_file(folder / "a.jpg", 33).height, 64);
  const ImagePixels half = read_image_file(folder / "a.jpg", 32), eighth = read_image_file(folder / "a.jpg", 1);
  EXPECT_EQ(half.height, 32);
  EXPECT_EQ(half.width, 48);
  EXPECT_EQ(eighth.height, 8);
}

/// APP1 data with one tag: the orientation.
std::vector<uint8_t> exif(uint8_t orientation, bool big_endian) {
  std::vector<uint8_t> data = {'E', 'x', 'i', 'f', 0, 0};
  const std::vector<uint8_t> big = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0};
  const std::vector<uint8_t> little = {'I', 'I', 42, 0, 8, 0, 0, 0,           1, 0, 0x12,
                                       1,   3,   0,  1, 0, 0, 0, orientation, 0, 0, 0};
  data.insert(data.end(), big_endian ? big.begin() : little.begin(), big_endian ? big.end() : little.end());
  data.insert(data.end(), 4, 0);  // no further directory
  return data;
}

/// The grey of each 16x16 block, row by row, to the nearest 10.
std::vector<int> block_greys(const ImagePixels& image) {
  std::vector<int> greys;
  for (int64_t y = 8; y < image.height; y += 16) {
    for (int64_t x = 8; x < image.width; x += 16) {
      greys.push_back((image.values[static_cast<size_t>(y * image.width + x)] + 5) / 10);
    }
  }
  return greys;
}

TEST(JpegFile, IsTurnedAsTheCameraWasHeld) {
  TempFolder folder;
  ImagePixels image{32, 48, 1, {}};  // blocks: 1 2 3 / 4 5 6 (times 10)
  for (int64_t y = 0; y < 32; ++y) {
    for (int64_t x = 0; x < 48; ++x) image.values.push_back(static_cast<uint8_t>(10 * (1 + x / 16 + 3 * (y / 16))));
  }
  const std::vector<std::vector<int>> upright = {{1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4}, {6, 5, 4, 3, 2, 1},
                                                 {4, 5, 6, 1, 2, 3},   // 1: as is, 2, 3: half turn, 4
                                                 {1, 4, 2, 5, 3, 6},   // 5: transposed
                                                 {4, 1, 5, 2, 6, 3},   // 6: a quarter turn clockwise
                                                 {6, 3, 5, 2, 4, 1},   // 7: transposed the other way
                                                 {3, 6, 2, 5, 1, 4}};  // 8: a quarter turn back
  for (uint8_t orientation = 1; orientation <= 8; ++orientation) {
    encode_jpeg(folder / "a.jpg", 32, 48, 1, image.values, exif(orientation, orientation % 2 == 0));
    const ImagePixels turned = read_image_file(folder / "a.jpg");
    EXPECT_EQ(turned.height, orientation < 5 ? 32 : 48);
    EXPECT_EQ(block_greys(turned), upright[orientation - 1u]) << "orientation " << int{orientation};
    EXPECT_EQ(read_image_header(folder / "a.jpg").height, turned.height);
  }
}

TEST(JpegFile, DamagedExifMeansUpright) {
  TempFolder folder;
  const ImagePixels image = blocks(1, 2, 1);
  for (size_t length : {0u, 8u, 14u, 18u, 24u}) {
    std::vector<uint8_t> data = exif(6, true);
    data.resize(length + 1);  // the tag is cut off, or its value is
    encode_jpeg(folder / "a.jpg", 16, 32, 1, image.values, data);
    EXPECT_EQ(read_image_file(folder / "a.jpg").height, 16) << length;
  }
}

/// Both formats, for what must be refused.
class DamagedImage : public testing::TestWithParam<const char*> {
 protected:
  DamagedImage() : path_(folder_ / (std::string("a.") + GetParam())) {
    const ImagePixels image = blocks(4, 4, 3);
    if (std::string(GetParam()) == "png") {
      write_png(path_, sample(64, 64, 3));
    } else {
      encode_jpeg(path_, 64, 64, 3, image.values);
    }
    bytes_ = read_file(path_);
  }
  std::string said_reading() const {
    return message_of<DataError>([&] { read_image_file(path_); });
  }
  std::string said_looking() const {
    return message_of<DataError>([&] { read_image_header(path_); });
  }
  TempFolder folder_;
  std::string path_;
  FileBytes bytes_;
};

TEST_P(DamagedImage, CutOffAnywhereIsNoticed) {
  for (size_t length = 0; length + 2 < bytes_.size(); length += 1 + bytes_.size() / 150) {
    write_file(path_, FileBytes(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(length)));
    EXPECT_THAT(said_reading(), HasSubstr(path_)) << length << " of " << bytes_.size() << " bytes";
    EXPECT_THAT(said_looking(), HasSubstr(path_)) << length << " of " << bytes_.size() << " bytes";
  }
}

TEST_P(DamagedImage, AnyFlippedByteIsAnImageOrAnErrorNeverACrash) {
  const size_t stride = 1 + bytes_.size() / 400;
  for (size_t at = 0; at < bytes_.size(); at += stride) {
    for (int flip : {0x01, 0x80, 0xFF}) {
      FileBytes damaged = bytes_;
      damaged[at] = static_cast<uint8_t>(damaged[at] ^ flip);
      write_file(path_, damaged);
      try {
        const ImagePixels image = read_image_file(path_);
        EXPECT_EQ(image.values.size(), static_cast<size_t>(image.height * image.width * image.channels));
      } catch (const DataError& error) { EXPECT_THAT(error.what(), HasSubstr(path_)); }
      message_of<DataError>([&] { read_image_header(path_); });
    }
  }
}

TEST_P(DamagedImage, AppendedDataDoesNotHarm) {
  bytes_.insert(bytes_.end(), 10'000, 'x');
  write_file(path_, bytes_);
  EXPECT_EQ(said_looking(), "");
  EXPECT_EQ(said_reading(), "");
}

INSTANTIATE_TEST_SUITE_P(Formats, DamagedImage, testing::Values("png", "jpg"),
                         [](const auto& p) { return std::string(p.param); });

TEST(ImageFile, OtherFilesAreRefusedBySentence) {
  TempFolder folder;
  write_file(folder / "a.png", {'G', 'I', 'F', '8', '9', 'a', 0, 0, 0});
  EXPECT_THAT(message_of<DataError>([&] { read_image_file(folder / "a.png"); }), HasSubstr("is a GIF"));
  write_file(folder / "b.png", {});
  EXPECT_THAT(message_of<DataError>([&] { read_image_file(folder / "b.png"); }), HasSubstr("neither PNG nor JPEG"));
  EXPECT_THAT(message_of<DataError>([&] { read_image_file(folder / "none.png"); }),
              AllOf(HasSubstr("none.png"), HasSubstr("No such file")));
  EXPECT_THAT(message_of<DataError>([&] { read_image_file(folder.path()); }), HasSubstr("is a folder"));
}

TEST(ImageFile, TheFormatIsToldByContentNotByName) {
  TempFolder folder;
  write_png(folder / "a.jpg", sample(3, 4, 1));
  EXPECT_EQ(read_image_file(folder / "a.jpg").width, 4);
}

TEST(ImageFile, HugeImagesAreRefusedBeforeMemoryIsAskedFor) {
  TempFolder folder;
  write_png(folder / "a.png", sample(2, 2, 1));
  FileBytes bytes = read_file(folder / "a.png");
  // IHDR: width at 16, height at 20, checksum over type and data (17 bytes from 12) at 29.
  bytes[17] = 1;  // width 65538
  const uint32_t crc = static_cast<uint32_t>(crc32(0, bytes.data() + 12, 17));
  for (size_t i = 0; i < 4; ++i) bytes[29 + i] = static_cast<uint8_t>(crc >> (24 - 8 * i));
  write_file(folder / "a.png", bytes);
  EXPECT_THAT(message_of<DataError>([&] { read_image_file(folder / "a.png"); }),
              AllOf(HasSubstr("65538x2"), HasSubstr("16384")));
}

TEST(ImageFile, KnowsItsExtensions) {
  EXPECT_TRUE(has_image_extension("a/B.PNG"));
  EXPECT_TRUE(has_image_extension("x.jpeg"));
  EXPECT_FALSE(has_image_extension("png"));
  EXPECT_FALSE(has_image_extension("a.png.txt"));
}

}  // namespace
}  // namespace moescope
