// One compressed table of numbers.
#include "compute/data/handwritten_digits.h"

#include <zlib.h>

#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "compute/data/fashion_mnist.h"
#include "compute/data/resize.h"

namespace moescope {
namespace {

constexpr int64_t kSide = 8, kDrawnSide = 20, kCanvas = 28, kWhite = 16;
constexpr const char* kRemedy =
    "install Debian's python3-sklearn, or set data.path to a folder with its digits.csv.gz (`apt-get download "
    "python3-sklearn` and `dpkg-deb -x` give it without what the package depends on)";

std::string find_file(const DataConfig& config) {
  std::vector<std::filesystem::path> folders{kSklearnDigitsFolder, kDigitsFolder};
  if (!config.path.empty()) folders = {config.path};
  std::error_code ignored;
  for (const auto& folder : folders) {
    for (const char* name : {"digits.csv.gz", "digits.csv"})
      if (std::filesystem::exists(folder / name, ignored)) return folder / name;
  }
  throw DataError("the handwritten digits are not in " + folders.front().string() + " (no digits.csv.gz there); " +
                  kRemedy);
}

std::string read_all(const std::string& path) {
  const gzFile file = gzopen(path.c_str(), "rb");  // reads plain files as well
  std::string text;
  char part[1 << 16];
  int got = -1;
  while (file && (got = gzread(file, part, sizeof part)) > 0) text.append(part, static_cast<size_t>(got));
  if (file) gzclose(file);
  if (got < 0) throw DataError(path + " cannot be read, or its compressed data is damaged; " + kRemedy);
  return text;
}

/// "0,0,5,...,0": 64 greys and the label.
std::array<int32_t, kSide * kSide + 1> parse_line(const std::string& path, int64_t number, std::string_view line) {
  std::array<int32_t, kSide * kSide + 1> values{};
  const char *at = line.data(), *end = at + line.size();
  for (size_t i = 0; i < values.size(); ++i) {
    const auto [after, error] = std::from_chars(at, end, values[i]);
    const bool last = i + 1 == values.size();
    const int32_t most = last ? 9 : static_cast<int32_t>(kWhite);
    const bool ended = last ? after == end : after != end && *after == ',';
    if (error != std::errc() || !ended || values[i] < 0 || values[i] > most) {
      throw DataError(path + ", line " + std::to_string(number) + ": expected 64 greys 0 to 16 and a digit; " +
                      kRemedy);
    }
    at = after + 1;
  }
  return values;
}

void append_image(const std::array<int32_t, kSide * kSide + 1>& values, ResidentSplit& split) {
  ImagePixels small{kSide, kSide, 1, {}};
  for (int64_t i = 0; i < kSide * kSide; ++i)
    small.values.push_back(static_cast<uint8_t>(values[static_cast<size_t>(i)] * 255 / kWhite));
  const ImagePixels drawn = resize(small, kDrawnSide, kDrawnSide);
  constexpr int64_t kMargin = (kCanvas - kDrawnSide) / 2;
  const size_t begin = split.pixels.size();
  split.pixels.resize(begin + kCanvas * kCanvas, 0);
  for (int64_t row = 0; row < kDrawnSide; ++row) {
    std::memcpy(split.pixels.data() + begin + (row + kMargin) * kCanvas + kMargin,
                drawn.values.data() + row * kDrawnSide, kDrawnSide);
  }
  split.labels.push_back(values.back());
}

}  // namespace

std::shared_ptr<const Dataset> open_handwritten_digits(const DataConfig& config) {
  const std::string path = find_file(config), text = read_all(path);
  ResidentSplit train, test;
  int64_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = text.find('\n', begin);
    if (end == std::string::npos) end = text.size();
    const auto values = parse_line(path, ++number, std::string_view(text).substr(begin, end - begin));
    append_image(values, number <= kTrainDigits ? train : test);
    begin = end + 1;
  }
  if (test.size() == 0) {
    throw DataError(path + " holds " + std::to_string(number) + " images, too few for a training split of " +
                    std::to_string(kTrainDigits) + " and a test split; " + kRemedy);
  }
  DatasetInfo info;
  info.name = "handwritten digits";
  info.height = info.width = kCanvas;
  info.channels = 1;
  for (int digit = 0; digit < 10; ++digit) info.class_names.push_back(std::to_string(digit));
  info.mean = {0.1556f};  // of the 1,300 training images on their canvas
  info.std = {0.2767f};
  refuse_other_size(config, info);
  return std::make_shared<ResidentDataset>(std::move(info), std::move(train), std::move(test), config);
}

}  // namespace moescope
