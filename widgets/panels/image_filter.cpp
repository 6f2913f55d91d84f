// Words as conditions.
#include "widgets/panels/image_filter.h"

#include <cctype>
#include <charconv>
#include <sstream>

namespace moescope::panels {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// The number after "dropped>" or "dropped<"; nothing when the word is something else.
std::optional<double> number_after(const std::string& word, const std::string& start) {
  if (!word.starts_with(start)) return std::nullopt;
  double value = 0;
  const char* begin = word.data() + start.size();
  const auto [end, error] = std::from_chars(begin, word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

ImageFilter parse_image_filter(const std::string& text) {
  ImageFilter filter;
  std::istringstream stream(lower(text));
  for (std::string word; stream >> word;) {
    if (word == "wrong" || word == "right")
      filter.wrong = word == "wrong";
    else if (word == "unusual")
      filter.unusual = true;
    else if (const auto above = number_after(word, "dropped>"))
      filter.dropped_above = above;
    else if (const auto below = number_after(word, "dropped<"))
      filter.dropped_below = below;
    else if (!word.starts_with("dropped"))  // half typed: not yet a condition
      filter.words.push_back(word);
  }
  return filter;
}

bool ImageFilter::passes(int64_t index, const std::string& class_name, const ImageVerdict* verdict,
                         const Mistakes* all) const {
  const std::string name = lower(class_name), number = std::to_string(index);
  for (const std::string& word : words)
    if (name.find(word) == std::string::npos && word != number) return false;
  if (!needs_verdicts()) return true;
  if (!verdict) return false;
  if (wrong && *wrong != (verdict->predicted != verdict->label)) return false;
  if (dropped_above && !(verdict->dropped > *dropped_above)) return false;
  if (dropped_below && !(verdict->dropped < *dropped_below)) return false;
  if (!unusual) return true;
  const auto c = static_cast<size_t>(verdict->label);
  return all && verdict->label >= 0 && c < all->far_distance.size() && verdict->distance > all->far_distance[c];
}

const Report* newest_verdicts(const Seen& seen) {
  for (const auto& report : seen.reports)
    if (report && std::holds_alternative<Mistakes>(report->answer) && report->request.what_if.is_nothing())
      return report.get();
  return nullptr;
}

}  // namespace moescope::panels
