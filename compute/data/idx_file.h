// The IDX format of MNIST and its kin: big-endian header, then bytes; plain or compressed with gzip.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moescope {

struct IdxImages {
  int64_t count = 0, height = 0, width = 0;
  std::vector<uint8_t> pixels;  // (count, height, width)
};

/// Reads an idx3-ubyte file. Throws DataError naming the file for: not there, another magic number, sizes of 0 or
/// beyond 1024 pixels a side, fewer bytes than the header promises, bytes left over, a damaged gzip stream.
IdxImages read_idx_images(const std::string& path);
/// Reads an idx1-ubyte file. Throws as above, and for a label of num_classes or more.
std::vector<int32_t> read_idx_labels(const std::string& path, int64_t num_classes);

}  // namespace moescope
