// Files to bytes, the choice of decoder by the first bytes, and the limits.
#include "compute/data/image_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "compute/core/error.h"
#include "compute/data/codecs.h"

namespace moescope {
namespace {

constexpr int64_t kHeadBytes = 256 << 10;  // the size of an image stands within, but for very long metadata
constexpr int64_t kTailBytes = 4 << 10;    // the end marker stands within, but for data appended to the image

enum class Format { png, jpeg };

Format format_of(Bytes head, const std::string& path) {
  static constexpr uint8_t kPng[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'}, kJpeg[3] = {0xFF, 0xD8, 0xFF};
  if (head.size() >= 8 && std::memcmp(head.data(), kPng, 8) == 0) return Format::png;
  if (head.size() >= 3 && std::memcmp(head.data(), kJpeg, 3) == 0) return Format::jpeg;
  struct Other {
    std::string_view start, name;
  };
  static constexpr Other kOthers[] = {{"GIF8", "a GIF"}, {"RIFF", "a WebP or another RIFF file"},
                                      {"BM", "a BMP"},   {"II*", "a TIFF"},
                                      {"MM", "a TIFF"},  {"%PDF", "a PDF"},
                                      {"<svg", "an SVG"}};
  const std::string_view text(reinterpret_cast<const char*>(head.data()), std::min<size_t>(head.size(), 16));
  for (const Other& other : kOthers)
    if (text.starts_with(other.start))
      throw DataError(path + " is " + std::string(other.name) + " by its first bytes: convert it to PNG or JPEG");
  throw DataError(path + " is neither PNG nor JPEG by its first bytes: convert it to one of them");
}

std::ifstream open_file(const std::string& path, int64_t& bytes) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) throw DataError(path + " is a folder: name one PNG or JPEG file");
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw DataError("cannot open " + path + ": " + std::strerror(errno) + "; check its name and permissions");
  bytes = static_cast<int64_t>(file.tellg());
  if (bytes > kMaxImageFileBytes) {
    throw DataError(path + " has " + std::to_string(bytes >> 20) + " MiB, the limit is " +
                    std::to_string(kMaxImageFileBytes >> 20) + ": save it smaller");
  }
  return file;
}

std::vector<uint8_t> read_part(std::ifstream& file, const std::string& path, int64_t begin, int64_t bytes) {
  std::vector<uint8_t> data(static_cast<size_t>(std::max<int64_t>(0, bytes)));
  file.seekg(begin);
  if (!file.read(reinterpret_cast<char*>(data.data()), static_cast<std::streamsize>(data.size()))) {
    throw DataError("reading " + path + " stopped early: check the disk, or whether the file is being written");
  }
  return data;
}

/// Whether the last bytes hold the format's end marker: PNG's IEND chunk, JPEG's EOI.
bool ends_whole(Format format, Bytes tail) {
  static constexpr uint8_t kIend[8] = {'I', 'E', 'N', 'D', 0xAE, 0x42, 0x60, 0x82}, kEoi[2] = {0xFF, 0xD9};
  const Bytes marker = format == Format::png ? Bytes(kIend) : Bytes(kEoi);
  return std::search(tail.begin(), tail.end(), marker.begin(), marker.end()) != tail.end();
}

}  // namespace

void check_image_size(const std::string& path, int64_t height, int64_t width) {
  if (height >= 1 && width >= 1 && height <= kMaxImageSide && width <= kMaxImageSide &&
      height * width <= kMaxImagePixels) {
    return;
  }
  throw DataError(path + " has " + std::to_string(width) + "x" + std::to_string(height) + " pixels; at most " +
                  std::to_string(kMaxImageSide) + " a side and " + std::to_string(kMaxImagePixels >> 20) +
                  " million in all are read: save it smaller");
}

void fail_damaged(const std::string& path, const std::string& reason) {
  throw DataError(path + " is damaged or cut off (" + reason + "): repair it, save it again, or remove it");
}

ImagePixels read_image_file(const std::string& path, int64_t enough_side) {
  int64_t bytes = 0;
  std::ifstream file = open_file(path, bytes);
  const std::vector<uint8_t> data = read_part(file, path, 0, bytes);
  return format_of(data, path) == Format::png ? decode_png(data, path) : decode_jpeg(data, path, enough_side);
}

ImageHeader read_image_header(const std::string& path) {
  int64_t bytes = 0;
  std::ifstream file = open_file(path, bytes);
  std::vector<uint8_t> head = read_part(file, path, 0, std::min(bytes, kHeadBytes));
  const Format format = format_of(head, path);
  const int64_t tail_bytes = std::min(bytes, kTailBytes);
  if (!ends_whole(format, read_part(file, path, bytes - tail_bytes, tail_bytes))) {
    // Cut off, or something was appended: only decoding tells.
    const ImagePixels image = read_image_file(path);
    return {image.height, image.width, image.channels};
  }
  const auto header = format == Format::png ? png_header : jpeg_header;
  try {
    return header(head, path);
  } catch (const DataError&) {
    if (bytes <= kHeadBytes) throw;
  }
  return header(read_part(file, path, 0, bytes), path);
}

bool has_image_extension(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension();
  for (char& c : extension) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

}  // namespace moescope
