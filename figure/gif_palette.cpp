// Median cut: the box of colours with the widest spread is halved at its middle pixel until there are 256.
#include "figure/gif_palette.h"

#include <algorithm>
#include <span>
#include <stdexcept>

namespace moescope::figure {
namespace {

constexpr size_t kMostColors = 256;

struct Counted {
  Rgb color;
  int64_t pixels;
};

uint32_t key_of(const uint8_t* rgb) {
  return static_cast<uint32_t>(rgb[0]) << 16 | static_cast<uint32_t>(rgb[1]) << 8 | rgb[2];
}

/// Colours that one entry of the palette stands for.
struct ColorBox {
  std::span<Counted> colors;
  size_t widest = 0;  // the part, red, green or blue, that differs most
  int spread = 0;

  explicit ColorBox(std::span<Counted> of) : colors(of) {
    for (size_t part = 0; part < 3; ++part) {
      const auto less = [part](const Counted& a, const Counted& b) { return a.color[part] < b.color[part]; };
      const auto [least, greatest] = std::minmax_element(colors.begin(), colors.end(), less);
      const int here = greatest->color[part] - least->color[part];
      if (here > spread) spread = here, widest = part;
    }
  }

  /// Where half of the pixels lie before it; neither side is empty.
  size_t cut() const {
    // All three parts decide, so that the order does not depend on that of a hash table.
    std::sort(colors.begin(), colors.end(), [this](const Counted& a, const Counted& b) {
      return a.color[widest] != b.color[widest] ? a.color[widest] < b.color[widest] : a.color < b.color;
    });
    int64_t all = 0, before = 0;
    for (const Counted& one : colors) all += one.pixels;
    size_t at = 0;
    while (at + 1 < colors.size() && (before += colors[at].pixels) * 2 < all) ++at;
    return std::clamp<size_t>(at + 1, 1, colors.size() - 1);
  }

  /// The commonest colour, as it is: paper stays white and an expert its own colour.
  Rgb commonest() const {
    return std::max_element(colors.begin(), colors.end(),
                            [](const Counted& a, const Counted& b) {
                              return a.pixels != b.pixels ? a.pixels < b.pixels : b.color < a.color;
                            })
        ->color;
  }
};

}  // namespace

void GifPalette::count(const Pixels& pixels) {
  for (size_t i = 0; i + 2 < pixels.rgb.size(); i += 3) ++counted_[key_of(pixels.rgb.data() + i)];
}

void GifPalette::choose() {
  std::vector<Counted> all;
  for (const auto& [key, pixels] : counted_) {
    all.push_back(
        {{static_cast<uint8_t>(key >> 16), static_cast<uint8_t>(key >> 8), static_cast<uint8_t>(key)}, pixels});
  }
  if (all.empty()) return;
  std::sort(all.begin(), all.end(), [](const Counted& a, const Counted& b) { return a.color < b.color; });
  std::vector<ColorBox> boxes = {ColorBox(all)};
  while (boxes.size() < std::min(kMostColors, all.size())) {
    const auto widest = std::max_element(boxes.begin(), boxes.end(),
                                         [](const ColorBox& a, const ColorBox& b) { return a.spread < b.spread; });
    if (widest->spread == 0) break;
    const size_t cut = widest->cut();
    const std::span<Counted> colors = widest->colors;
    *widest = ColorBox(colors.first(cut));
    boxes.emplace_back(colors.subspan(cut));
  }
  for (size_t i = 0; i < boxes.size(); ++i) {
    colors_.push_back(boxes[i].commonest());
    for (const Counted& one : boxes[i].colors) place_[key_of(one.color.data())] = static_cast<uint8_t>(i);
  }
}

std::vector<uint8_t> GifPalette::indices(const Pixels& pixels) const {
  std::vector<uint8_t> places(pixels.rgb.size() / 3);
  for (size_t i = 0; i < places.size(); ++i) {
    const auto found = place_.find(key_of(pixels.rgb.data() + i * 3));
    if (found == place_.end()) throw std::logic_error("a frame of the movie changed between two drawings");
    places[i] = found->second;
  }
  return places;
}

}  // namespace moescope::figure
