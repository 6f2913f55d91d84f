// Writing and reading plain little-endian values in a stretch of bytes; the reader never runs past the end.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "compute/core/error.h"

namespace moescope {

static_assert(std::endian::native == std::endian::little, "checkpoints are little-endian; swap bytes here for others");

/// What the files of runs and of agents begin with.
inline constexpr std::string_view kRunMark = "MOESCOPE", kAgentMark = "MOESCORL";
inline bool begins_with(std::span<const std::byte> bytes, std::string_view mark) {
  return bytes.size() >= mark.size() && std::memcmp(bytes.data(), mark.data(), mark.size()) == 0;
}

class ByteWriter {
 public:
  explicit ByteWriter(std::vector<std::byte>& out) : out_(out) {}

  void raw(const void* data, size_t num_bytes) {
    const auto* bytes = static_cast<const std::byte*>(data);
    out_.insert(out_.end(), bytes, bytes + num_bytes);
  }
  template <class T>
  requires std::is_arithmetic_v<T>
  void value(T v) { raw(&v, sizeof v); }
  void text(std::string_view s) {
    value(static_cast<uint32_t>(s.size()));
    raw(s.data(), s.size());
  }

 private:
  std::vector<std::byte>& out_;
};

/// `name` is what the errors call the bytes: "checkpoint run.ckpt".
class ByteReader {
 public:
  ByteReader(std::span<const std::byte> in, std::string name) : in_(in), name_(std::move(name)) {}

  /// The next num_bytes; throws FormatError saying what should have been there (`what`) when they are not all here.
  std::span<const std::byte> raw(uint64_t num_bytes, std::string_view what) {
    if (num_bytes > in_.size() - at_) {
      throw FormatError(name_ + " is damaged: " + std::string(what) + " at byte " + std::to_string(at_) +
                        " runs past its end; take another checkpoint");
    }
    at_ += num_bytes;
    return in_.subspan(at_ - num_bytes, num_bytes);
  }
  template <class T>
  requires std::is_arithmetic_v<T> T value(std::string_view what) {
    T v;
    std::memcpy(&v, raw(sizeof v, what).data(), sizeof v);
    return v;
  }
  std::string text(std::string_view what) {
    const auto bytes = raw(value<uint32_t>(what), what);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  size_t left() const { return in_.size() - at_; }
  const std::string& name() const { return name_; }

 private:
  std::span<const std::byte> in_;
  size_t at_ = 0;
  std::string name_;
};

}  // namespace moescope
