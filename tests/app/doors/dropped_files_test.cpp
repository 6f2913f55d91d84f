// Files and folders dropped on the window.
#include "app/doors/dropped_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "compute/core/error.h"
#include "compute/data/image_file.h"
#include "support/temp_folder.h"

namespace moescope {
namespace {

ImagePixels grey(int64_t height, int64_t width) {
  return {height, width, 1, std::vector<uint8_t>(static_cast<size_t>(height * width), 77)};
}

std::string refusal_of(const std::string& path) {
  try {
    for (const std::string& file : files_of_dropped(path).files) read_dropped(file);
  } catch (const DataError& error) { return error.what(); }
  return {};
}

TEST(DroppedFiles, AFolderGivesItsImagesInOrder) {
  const TempFolder folder;
  const std::string in = folder.path().string() + "/";
  for (const char* name : {"b.png", "a.PNG", ".hidden.png"}) write_png(in + name, grey(4, 4));
  std::ofstream(in + "notes.txt") << "no image";
  std::filesystem::create_directory(in + "deeper.png");
  EXPECT_EQ(files_of_dropped(folder.path().string()).files, (std::vector<std::string>{in + "a.PNG", in + "b.png"}));
  EXPECT_EQ(files_of_dropped(in + "b.png").files, std::vector<std::string>{in + "b.png"});
}

TEST(DroppedFiles, AFolderIsNotRoutedWithoutEnd) {
  const TempFolder folder;
  for (size_t i = 0; i < kMostDropped + 5; ++i)
    write_png(folder.path().string() + "/" + std::to_string(100 + i) + ".png", grey(1, 1));
  const DroppedFiles found = files_of_dropped(folder.path().string());
  EXPECT_EQ(found.files.size(), kMostDropped);
  EXPECT_EQ(found.num_left_out, 5u) << "the rest is told";
}

TEST(DroppedFiles, ALargeImageIsKeptSmallAndItsShapeStays) {
  const TempFolder folder;
  const std::string path = folder.path().string() + "/wide.png";
  write_png(path, grey(1024, 2048));
  const WatchedImage image = read_dropped(path);
  EXPECT_EQ(image.label, "wide.png");
  EXPECT_EQ(image.test_index, -1);
  EXPECT_EQ(image.own->height, 512);
  EXPECT_EQ(image.own->width, 1024);
  EXPECT_EQ(image.own->values[5], 77);
}

TEST(DroppedFiles, WhatCannotBeRoutedIsOneSentence) {
  const TempFolder folder;
  const std::string in = folder.path().string() + "/";
  EXPECT_NE(refusal_of(folder.path().string()).find("holds no PNG or JPEG"), std::string::npos);
  std::ofstream(in + "text.png") << "this is no picture at all";
  EXPECT_NE(refusal_of(in + "text.png").find("neither PNG nor JPEG"), std::string::npos);
  std::ofstream(in + "moving.gif") << "GIF89a and more";
  EXPECT_NE(refusal_of(in + "moving.gif").find("is a GIF"), std::string::npos);
  std::ofstream(in + "runs.db", std::ios::binary) << "SQLite format 3" << std::string(85, '\0');
  EXPECT_NE(refusal_of(in + "runs.db").find("is a session store: `moescope "), std::string::npos);
  EXPECT_NE(refusal_of(in + "gone.png").find("cannot open"), std::string::npos);
  for (const std::string& name : {std::string("text.png"), std::string("moving.gif"), std::string("gone.png")})
    EXPECT_EQ(refusal_of(in + name).find('\n'), std::string::npos);
}

}  // namespace
}  // namespace moescope
