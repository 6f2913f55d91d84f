// GIFs read back by giflib's reading side.
#include "figure/gif.h"

#include <gif_lib.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "compute/records/error.h"
#include "figure/gif_palette.h"

namespace moescope::figure {
namespace {

using testing::ElementsAre;

struct Reading {
  const std::string& bytes;
  size_t at = 0;
};

int read_some(GifFileType* file, GifByteType* out, int length) {
  auto& reading = *static_cast<Reading*>(file->UserData);
  const size_t n = std::min(static_cast<size_t>(length), reading.bytes.size() - reading.at);
  std::memcpy(out, reading.bytes.data() + reading.at, n);
  reading.at += n;
  return static_cast<int>(n);
}

struct ReadBack {
  std::vector<Pixels> frames;
  std::vector<int> delays;  // hundredths of a second
};

ReadBack read_back(const std::string& bytes) {
  Reading reading{bytes};
  int error = 0;
  GifFileType* file = DGifOpen(&reading, read_some, &error);
  EXPECT_NE(file, nullptr) << error;
  EXPECT_EQ(DGifSlurp(file), GIF_OK);
  ReadBack back;
  for (int i = 0; i < file->ImageCount; ++i) {
    const SavedImage& image = file->SavedImages[i];
    EXPECT_EQ(image.ImageDesc.ColorMap, nullptr);  // all share one
    Pixels pixels{image.ImageDesc.Height, image.ImageDesc.Width, {}};
    for (int64_t p = 0; p < pixels.height * pixels.width; ++p) {
      const GifColorType& color = file->SColorMap->Colors[image.RasterBits[p]];
      pixels.rgb.insert(pixels.rgb.end(), {color.Red, color.Green, color.Blue});
    }
    back.frames.push_back(std::move(pixels));
    GraphicsControlBlock control{};
    EXPECT_EQ(DGifSavedExtensionToGCB(file, i, &control), GIF_OK);
    back.delays.push_back(control.DelayTime);
  }
  DGifCloseFile(file, &error);
  return back;
}

/// One colour an image, and one pixel of another.
Pixels picture(uint8_t red, uint8_t green, uint8_t blue) {
  Pixels pixels{3, 5, {}};
  for (int i = 0; i < 15; ++i) pixels.rgb.insert(pixels.rgb.end(), {red, green, blue});
  pixels.rgb[0] = pixels.rgb[1] = pixels.rgb[2] = 17;
  return pixels;
}

TEST(Gif, FewColoursComeBackAsTheyWere) {
  const std::vector<Pixels> frames = {picture(255, 0, 0), picture(0, 114, 178), picture(255, 255, 255)};
  const ReadBack back = read_back(as_gif(
      3, [&](size_t i) { return frames[i]; }, 0.25));
  ASSERT_EQ(back.frames.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(back.frames[i].height, 3);
    EXPECT_EQ(back.frames[i].width, 5);
    EXPECT_EQ(back.frames[i].rgb, frames[i].rgb) << i;
  }
  EXPECT_THAT(back.delays, ElementsAre(25, 25, 25));
}

TEST(Gif, ManyColoursBecomeNearOnes) {
  Pixels wheel{64, 64, {}};  // 4 096 colours, evenly over red and green
  for (int r = 0; r < 64; ++r) {
    for (int g = 0; g < 64; ++g)
      wheel.rgb.insert(wheel.rgb.end(), {static_cast<uint8_t>(r * 4), static_cast<uint8_t>(g * 4), 128});
  }
  const ReadBack back = read_back(as_gif(
      1, [&](size_t) { return wheel; }, 1));
  // 256 squares of 4 by 4 of these colours: the farthest two of a square differ by 3 * 4.
  for (size_t i = 0; i < wheel.rgb.size(); ++i)
    ASSERT_LE(std::abs(int{wheel.rgb[i]} - int{back.frames.at(0).rgb[i]}), 12) << i;
}

TEST(Gif, AColourThatFillsThePaperIsKept) {
  Pixels page{100, 100, std::vector<uint8_t>(30000, 255)};
  for (size_t i = 0; i < 3000; ++i) page.rgb[i] = static_cast<uint8_t>(i * 37 % 251);
  const ReadBack back = read_back(as_gif(
      1, [&](size_t) { return page; }, 1));
  EXPECT_THAT(std::vector<uint8_t>(back.frames.at(0).rgb.end() - 3, back.frames.at(0).rgb.end()),
              ElementsAre(255, 255, 255));
}

TEST(Gif, WhatCannotBeAMovieIsRefused) {
  EXPECT_THROW(as_gif(
                   0, [](size_t) { return Pixels{}; }, 1),
               UserError);
  EXPECT_THROW(as_gif(
                   2,
                   [](size_t i) {
                     return i == 0 ? picture(1, 2, 3) : Pixels{1, 1, {0, 0, 0}};
                   },
                   1),
               UserError);
  EXPECT_THROW(as_gif(
                   1,
                   [](size_t) {
                     return Pixels{1, 70000, std::vector<uint8_t>(210000)};
                   },
                   1),
               UserError);
  uint8_t call = 0;
  EXPECT_THROW(as_gif(
                   1, [&](size_t) { return picture(call++, 0, 0); }, 1),
               std::logic_error);
}

}  // namespace
}  // namespace moescope::figure
