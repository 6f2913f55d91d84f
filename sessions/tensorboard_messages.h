// Just enough of protobuf's wire format for TensorBoard's events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace moescope {

/// Appends fields to a message.
class MessageWriter {
 public:
  void varint(int field, uint64_t value) {
    key(field, 0);
    number(value);
  }
  void text(int field, std::string_view bytes) {
    key(field, 2);
    number(bytes.size());
    bytes_ += bytes;
  }
  void fixed64(int field, double value) {
    key(field, 1);
    raw(value);
  }
  void fixed32(int field, float value) {
    key(field, 5);
    raw(value);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void key(int field, int type) { number(static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(type)); }
  void number(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  template <class T>
  void raw(T value) {  // little-endian, as every machine that this is built for
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    bytes_.append(bytes, sizeof value);
  }
  std::string bytes_;
};

/// One field of a message.
struct MessageField {
  int field = 0, type = 0;
  uint64_t number = 0;               // types 0, 1 and 5
  std::span<const std::byte> bytes;  // type 2
  double as_double() const {
    double value;
    std::memcpy(&value, &number, sizeof value);
    return value;
  }
  float as_float() const {
    float value;
    std::memcpy(&value, &number, sizeof value);
    return value;
  }
  std::string as_text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};

/// Goes through a message. broken() when it is none.
class MessageReader {
 public:
  explicit MessageReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::optional<MessageField> next() {
    if (bytes_.empty() || broken_) return {};
    const uint64_t key = number();
    MessageField found{
        .field = static_cast<int>(key >> 3), .type = static_cast<int>(key & 7), .number = 0, .bytes = {}};
    switch (found.type) {
      case 0: found.number = number(); break;
      case 1: found.number = raw(8); break;
      case 2: found.bytes = take(number()); break;
      case 5: found.number = raw(4); break;
      default: broken_ = true;
    }
    if (broken_) return {};
    return found;
  }
  bool broken() const { return broken_; }

 private:
  std::span<const std::byte> take(uint64_t size) {
    if (size > bytes_.size()) {
      broken_ = true;
      return {};
    }
    const auto taken = bytes_.first(static_cast<size_t>(size));
    bytes_ = bytes_.subspan(static_cast<size_t>(size));
    return taken;
  }
  uint64_t raw(size_t size) {
    const auto taken = take(size);
    uint64_t value = 0;
    if (!broken_) std::memcpy(&value, taken.data(), size);
    return value;
  }
  uint64_t number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = take(1);
      if (broken_) return 0;
      value |= static_cast<uint64_t>(byte[0] & std::byte{0x7f}) << shift;
      if ((byte[0] & std::byte{0x80}) == std::byte{}) return value;
    }
    broken_ = true;
    return 0;
  }

  std::span<const std::byte> bytes_;
  bool broken_ = false;
};

}  // namespace moescope
