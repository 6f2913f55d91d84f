// Files come from anywhere: round trips, and every way in which one can be wrong.
#include "compute/core/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <fstream>

#include "compute/core/error.h"
#include "compute/core/safetensors_header.h"
#include "support/temp_folder.h"

namespace moescope {
namespace {

using testing::HasSubstr;

std::vector<std::byte> file_of(const std::string& header, size_t data_bytes) {
  std::vector<std::byte> bytes(8 + header.size() + data_bytes);
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(header.size() >> (8 * i) & 0xFF);
  std::memcpy(bytes.data() + 8, header.data(), header.size());
  return bytes;
}

std::string refusal(const std::vector<std::byte>& bytes) {
  try {
    Safetensors::parse(bytes, "model.safetensors");
  } catch (const FormatError& error) { return error.what(); }
  return "was accepted";
}

std::string refusal(const std::string& header, size_t data_bytes) { return refusal(file_of(header, data_bytes)); }

TEST(Safetensors, DoublesAreReadAsTheirBytes) {
  std::vector<std::byte> bytes = file_of(R"({"a":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}})", 16);
  const double numbers[] = {1.0 / 3, -2e300};
  std::memcpy(bytes.data() + bytes.size() - 16, numbers, 16);
  const Safetensors file = Safetensors::parse(bytes, "memory");
  EXPECT_EQ(std::memcmp(file.at("a", {2, 8}, DType::u8).data(), numbers, 16), 0);
}

TEST(Safetensors, WhatIsWrittenIsRead) {
  Buffer weights(Shape{2, 3}), scalar(Shape{}), empty(Shape{0, 4}), labels(Shape{3}, DType::i32),
      mask(Shape{5}, DType::u8);
  for (int64_t i = 0; i < 6; ++i) weights.f32()[i] = static_cast<float>(i) / 3;
  scalar.f32()[0] = -1;
  for (int32_t i = 0; i < 3; ++i) labels.i32()[i] = -i;
  mask.tensor().u8()[4] = 255;
  SafetensorsWriter writer;
  writer.set_text("kind", "\"quoted\" and ünïcode");
  for (const auto& [name, tensor] : {std::pair<const char*, Tensor>{"weights", weights},
                                     {"mask", mask},
                                     {"scalar", scalar},
                                     {"labels", labels},
                                     {"empty", empty}})
    writer.add(name, tensor);
  const TempFolder folder;
  const std::string path = folder / "round_trip.safetensors";
  writer.write(path);
  for (const Safetensors& file : {Safetensors::read(path), Safetensors::parse(writer.bytes(), "memory")}) {
    EXPECT_EQ(file.text("kind"), "\"quoted\" and ünïcode");
    ASSERT_EQ(file.tensors().size(), 5u);
    EXPECT_EQ(std::memcmp(file.at("weights", {2, 3}).data(), weights.tensor().data(), 24), 0);
    EXPECT_EQ(file.at("scalar", {}).f32()[0], -1);
    EXPECT_EQ(file.at("labels", {3}, DType::i32).i32()[2], -2);
    EXPECT_EQ(file.at("mask", {5}, DType::u8).u8()[4], 255);
    EXPECT_EQ(file.at("empty").size(), 0);
    EXPECT_EQ(file.find("none"), nullptr);
    for (const NamedTensor& one : file.tensors())
      EXPECT_EQ(reinterpret_cast<uintptr_t>(one.tensor.data()) % 64, 0u) << one.name;
  }
}

TEST(Safetensors, WrongNamesAndShapesAreNamedWithTheFile) {
  SafetensorsWriter writer;
  const Buffer w(Shape{2, 3});
  writer.add("w", w);
  EXPECT_THROW(writer.add("w", w), std::logic_error);
  const Safetensors file = Safetensors::parse(writer.bytes(), "run.safetensors");
  const auto refusal_of = [](auto&& look) -> std::string {
    try {
      look();
    } catch (const FormatError& error) { return error.what(); }
    return "";
  };
  EXPECT_EQ(refusal_of([&] { file.at("v"); }), "run.safetensors: there is no tensor \"v\"");
  EXPECT_EQ(refusal_of([&] {
              file.at("w", {3, 2});
            }),
            "run.safetensors: tensor \"w\" is F32 (2,3), expected F32 (3,2)");
  EXPECT_EQ(refusal_of([&] { file.text("kind"); }), "run.safetensors: its metadata hold no \"kind\"");
}

TEST(Safetensors, DamagedFilesAreRefusedWithTheReason) {
  const std::string good = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  EXPECT_EQ(refusal("{" + good + "}", 8), "was accepted");
  const auto entry = [](const std::string& text) { return "{\"a\":" + text + "}"; };
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"not json", "not JSON"},
      {"[1]", "not a JSON object"},
      {"{" + good + "," + good + "}", "\"a\" twice"},
      {entry(R"({"dtype":"F32","dtype":"I32","shape":[2],"data_offsets":[0,8]})"), "\"dtype\" twice"},
      {entry(R"({"dtype":"F16","shape":[4],"data_offsets":[0,8]})"), "type F16 is not one of"},
      {entry(R"({"dtype":"F64","shape":[1,1,1,1,1,1],"data_offsets":[0,8]})"), "an F64 tensor of 6 extents"},
      {entry(R"({"dtype":"F64","shape":[2],"data_offsets":[0,8]})"), "does not fit its 8 bytes"},
      {entry(R"({"dtype":7,"shape":[1],"data_offsets":[0,8]})"), "dtype is not text"},
      {entry(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})"), "its shape (3) does not fit its 8 bytes"},
      {entry(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})"), "not a whole number"},
      {entry(R"({"dtype":"F32","shape":[2.5],"data_offsets":[0,8]})"), "not a whole number"},
      {entry(R"({"dtype":"F32","shape":[1,1,1,1,1,1,2],"data_offsets":[0,8]})"), "up to 6 extents"},
      {entry(R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]})"), "larger than the file"},
      {entry(R"({"dtype":"F32","shape":[2],"data_offsets":[4,12]})"), "not within the 8 of the file"},
      {entry(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})"), "not within the 8 of the file"},
      {entry(R"({"dtype":"F32","shape":[2],"data_offsets":[0]})"), "not two numbers"},
      {entry(R"({"dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551615]})"), "not a whole number"},
      {entry(R"({"dtype":"F32","shape":[2]})"), "not {dtype, shape, data_offsets}"},
      {entry(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})"), "4 bytes at its end belong to no tensor"},
      {entry(R"({"dtype":"F32","shape":[1],"data_offsets":[4,8]})"), "gap before tensor \"a\""},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
       "tensor \"b\" overlaps"},
      {"{" + good + R"(,"__metadata__":{"kind":7}})", "metadata \"kind\" is not text"},
      {"{" + good + R"(,"__metadata__":[]})", "__metadata__ is not an object"},
  };
  for (const auto& [header, reason] : wrong) {
    EXPECT_THAT(refusal(header, 8), HasSubstr(reason)) << header;
    EXPECT_THAT(refusal(header, 8), HasSubstr("model.safetensors")) << header;
  }
}

TEST(Safetensors, LengthsThatLieAreRefusedBeforeAnyMemoryIsAsked) {
  std::vector<std::byte> bytes = file_of("{}", 0);
  EXPECT_EQ(refusal(bytes), "was accepted");
  bytes[0] = std::byte{3};
  EXPECT_THAT(refusal(bytes), HasSubstr("ends within its header"));
  bytes[7] = std::byte{0xFF};  // a negative number to some readers
  EXPECT_THAT(refusal(bytes), HasSubstr("more than the 16777216 allowed"));
  bytes.resize(5);
  EXPECT_THAT(refusal(bytes), HasSubstr("too short"));
  EXPECT_THROW(Safetensors::read("/nowhere/at all.safetensors"), FormatError);
}

TEST(Safetensors, EveryTruncationAndFlippedHeaderByteIsRefusedOrHarmless) {
  SafetensorsWriter writer;
  const Buffer a(Shape{2, 2}), b(Shape{3}, DType::i32);
  writer.add("a", a);
  writer.add("b", b);
  writer.set_text("kind", "moe");
  const std::vector<std::byte> whole = writer.bytes();
  for (size_t length = 0; length < whole.size(); ++length)
    EXPECT_NE(refusal({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)}), "was accepted") << length;
  for (size_t at = 0; at < whole.size() - 28; ++at)
    for (const int bit : {0, 3, 7}) {
      std::vector<std::byte> flipped = whole;
      flipped[at] ^= static_cast<std::byte>(1 << bit);
      (void)refusal(flipped);  // must return: no crash, no error of another kind
    }
}

}  // namespace
}  // namespace moescope
