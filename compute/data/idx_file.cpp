// IDX files through zlib, which reads plain files as well as gzip and checks the latter's checksum.
#include "compute/data/idx_file.h"

#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "compute/core/error.h"

namespace moescope {
namespace {

constexpr int64_t kMaxSide = 1024;
constexpr int64_t kMaxBytes = int64_t{4} << 30;
constexpr int64_t kMaxInflation = 1040;  // deflate cannot do better than about 1032 to 1
const char* const kRemedy = "fetch the file again or reinstall Debian's dataset-fashion-mnist";

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw DataError(path + ": " + what + "; " + kRemedy);
}

class GzFile {
 public:
  explicit GzFile(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
    if (!file_) throw DataError("cannot open " + path + ": " + std::strerror(errno) + "; " + kRemedy);
    gzbuffer(file_, 1 << 18);
  }
  ~GzFile() { gzclose(file_); }
  GzFile(const GzFile&) = delete;
  GzFile& operator=(const GzFile&) = delete;

  /// Fills `out` or fails, saying which part of the file was being read.
  void read(uint8_t* out, int64_t bytes, const std::string& part) {
    for (int64_t done = 0; done < bytes;) {
      const int wanted = static_cast<int>(std::min<int64_t>(bytes - done, 1 << 28));
      const int got = gzread(file_, out + done, static_cast<unsigned>(wanted));
      if (got < 0) fail(path_, "the compressed data is damaged in " + part + " (" + reason() + ")");
      if (got == 0) fail(path_, "the file ends in " + part + ", " + std::to_string(bytes - done) + " bytes early");
      done += got;
    }
  }
  /// Nothing may follow; reading on is also what makes zlib check the checksum.
  void expect_end() {
    uint8_t byte;
    const int got = gzread(file_, &byte, 1);
    if (got > 0) fail(path_, "there is more data than its header announces");
    int status = Z_OK;
    gzerror(file_, &status);
    if (got < 0 || (status != Z_OK && status != Z_STREAM_END)) {
      fail(path_, std::string("the compressed data is damaged or cut off at its end (") + reason() + ")");
    }
  }

 private:
  std::string reason() {
    int status = Z_OK;
    return gzerror(file_, &status);
  }
  std::string path_;
  gzFile file_;
};

/// The header: magic number 0x0000'08'0r (08: bytes, r: rank), then r extents.
template <size_t kRank>
std::array<int64_t, kRank> read_header(GzFile& file, const std::string& path) {
  std::array<uint8_t, 4 + 4 * kRank> raw;
  file.read(raw.data(), raw.size(), "the header");
  const uint8_t magic[4] = {0, 0, 8, kRank};
  if (std::memcmp(raw.data(), magic, 4) != 0) {
    fail(path, "this is not an IDX file of bytes with " + std::to_string(kRank) + " axes (wrong magic number)");
  }
  std::array<int64_t, kRank> extents;
  for (size_t i = 0; i < kRank; ++i) {
    const uint8_t* at = &raw[4 + 4 * i];
    extents[i] = int64_t{at[0]} << 24 | int64_t{at[1]} << 16 | int64_t{at[2]} << 8 | int64_t{at[3]};
  }
  return extents;
}

/// A header that promises what the file on disk cannot hold is refused before memory is asked for.
void check_size(const std::string& path, int64_t bytes) {
  std::error_code ignored;
  const auto on_disk = static_cast<int64_t>(std::filesystem::file_size(path, ignored));
  if (bytes <= 0 || bytes > kMaxBytes || (!ignored && bytes / kMaxInflation > on_disk)) {
    fail(path, "its header announces " + std::to_string(bytes) + " bytes of data, which cannot be");
  }
}

}  // namespace

IdxImages read_idx_images(const std::string& path) {
  GzFile file(path);
  const auto [count, height, width] = read_header<3>(file, path);
  if (height < 1 || width < 1 || height > kMaxSide || width > kMaxSide) {
    fail(path, "its header announces images of " + std::to_string(height) + "x" + std::to_string(width) + " pixels");
  }
  check_size(path, count * height * width);
  IdxImages images{count, height, width, std::vector<uint8_t>(static_cast<size_t>(count * height * width))};
  file.read(images.pixels.data(), count * height * width, "its images");
  file.expect_end();
  return images;
}

std::vector<int32_t> read_idx_labels(const std::string& path, int64_t num_classes) {
  GzFile file(path);
  const auto [count] = read_header<1>(file, path);
  check_size(path, count);
  std::vector<uint8_t> raw(static_cast<size_t>(count));
  file.read(raw.data(), count, "its labels");
  file.expect_end();
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] >= num_classes) {
      fail(path, "label " + std::to_string(i) + " is " + std::to_string(raw[i]) + " where 0 to " +
                     std::to_string(num_classes - 1) + " was expected");
    }
  }
  return {raw.begin(), raw.end()};
}

}  // namespace moescope
