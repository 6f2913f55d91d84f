// Small data-set files for a test's folder.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "support/temp_folder.h"

namespace moescope {

using FileBytes = std::vector<uint8_t>;

inline void write_file(const std::string& path, const FileBytes& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

inline FileBytes read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_gz(const std::string& path, const FileBytes& bytes) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
}

/// An IDX file of bytes: the extents in big-endian order, then the values.
inline FileBytes idx_bytes(const std::vector<uint32_t>& extents, const FileBytes& values) {
  FileBytes out = {0, 0, 8, static_cast<uint8_t>(extents.size())};
  for (uint32_t extent : extents) {
    for (int shift : {24, 16, 8, 0}) out.push_back(static_cast<uint8_t>(extent >> shift));
  }
  out.insert(out.end(), values.begin(), values.end());
  return out;
}

/// A small Fashion-MNIST: image i has `side` x `side` pixels, all of them 20 + i, and the label i mod 10.
inline void write_small_fashion(const TempFolder& folder, uint32_t num_train, uint32_t num_test, uint32_t side) {
  for (const auto& [prefix, count] : {std::pair("train", num_train), std::pair("t10k", num_test)}) {
    FileBytes pixels, labels;
    for (uint32_t i = 0; i < count; ++i) {
      pixels.insert(pixels.end(), side * side, static_cast<uint8_t>(20 + i));
      labels.push_back(static_cast<uint8_t>(i % 10));
    }
    write_gz(folder / (std::string(prefix) + "-images-idx3-ubyte.gz"), idx_bytes({count, side, side}, pixels));
    write_gz(folder / (std::string(prefix) + "-labels-idx1-ubyte.gz"), idx_bytes({count}, labels));
  }
}

/// What an error says, "" when none is thrown.
template <class Error, class Body>
std::string message_of(Body&& body) {
  try {
    body();
  } catch (const Error& error) { return error.what(); }
  return "";
}

}  // namespace moescope
