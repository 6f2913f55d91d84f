// The header of a safetensors file, parsed and checked: what reading from disk and from memory share.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "compute/core/tensor.h"

namespace moescope {

inline constexpr int64_t kMaxSafetensorsHeader = int64_t{16} << 20;  // bytes; a million tensors would fit

struct SafetensorsEntry {
  std::string name;
  DType type = DType::f32;
  Shape shape;
  int64_t begin = 0, end = 0;  // bytes within the data
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  // by name
  std::map<std::string, std::string> metadata;
};

/// Throws FormatError naming `where` and the tensor. data_bytes: what follows the header.
SafetensorsHeader parse_safetensors_header(std::string_view text, int64_t data_bytes, const std::string& where);

/// The header's length from the file's first eight bytes, checked against the file's size. Throws FormatError.
int64_t safetensors_header_bytes(const unsigned char* first_eight, int64_t file_bytes, const std::string& where);

}  // namespace moescope
