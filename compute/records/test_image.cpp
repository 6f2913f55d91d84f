// A word and a number.
#include "compute/records/test_image.h"

#include <charconv>

namespace moescope {

namespace {

constexpr std::string_view kWord = "test ";
constexpr int64_t kKept = 8;

}  // namespace

std::string test_image_name(int64_t index) { return std::string(kWord) + std::to_string(index); }

std::optional<int64_t> test_image_named(std::string_view name) {
  if (!name.starts_with(kWord)) return std::nullopt;
  name.remove_prefix(kWord.size());
  int64_t index = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (error != std::errc() || end != name.data() + name.size() || index < 0) return std::nullopt;
  return index;
}

WatchedImage test_image(int64_t index) {
  return {.test_index = index, .own = nullptr, .label = test_image_name(index)};
}

std::vector<WatchedImage> kept_test_images() {
  std::vector<WatchedImage> images;
  for (int64_t i = 0; i < kKept; ++i) images.push_back(test_image(i));
  return images;
}

}  // namespace moescope
