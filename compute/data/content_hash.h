// A 64-bit fingerprint of what a data set holds: quick, for telling data sets apart, not for defence.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

namespace moescope {

/// Order matters, and so does the division into calls of add().
class ContentHash {
 public:
  void add(const void* data, size_t bytes) {
    const auto* at = static_cast<const unsigned char*>(data);
    mix(bytes);
    for (; bytes >= 8; bytes -= 8, at += 8) {
      uint64_t word;
      std::memcpy(&word, at, 8);
      mix(word);
    }
    uint64_t rest = 0;
    if (bytes > 0) std::memcpy(&rest, at, bytes);
    mix(rest);
  }
  void add(std::string_view text) { add(text.data(), text.size()); }
  void add(int64_t value) { mix(static_cast<uint64_t>(value)); }

  uint64_t value() const { return state_; }
  std::string hex() const {
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(state_));
    return text;
  }

 private:
  void mix(uint64_t word) {  // FNV-1a on words, with a shift so that high bits reach low ones
    state_ = (state_ ^ word) * 0x100000001B3ull;
    state_ ^= state_ >> 29;
  }
  uint64_t state_ = 0xCBF29CE484222325ull;
};

}  // namespace moescope
