// Splits PTX into words. What ends a directive is known only to who reads it, so lines are kept.
#include "support/ptx/text.h"

#include <algorithm>
#include <charconv>

namespace moescope::cuda::ptx {
namespace {

bool belongs_to_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         c == '%' || c == '.';
}

template <class Test>
size_t end_of(std::string_view text, size_t at, Test&& belongs) {
  while (at < text.size() && belongs(text[at])) ++at;
  return at;
}

}  // namespace

Words::Words(std::string file, std::string_view text) : file_(std::move(file)) {
  int line = 1;
  for (size_t at = 0, end = 0; at < text.size(); at = end) {
    const char c = text[at];
    if (c == '\n') ++line;
    end = at + 1;
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
    if (text.substr(at, 2) == "//") {
      end = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (c == '"') end = std::min(text.find('"', at + 1), text.size() - 1) + 1;
    if (belongs_to_name(c)) end = end_of(text, at, belongs_to_name);
    words_.push_back({text.substr(at, end - at), line});
  }
}

const Word& Words::peek() const {
  static const Word nothing{"", 0};
  return at_end() ? nothing : words_[next_];
}

Word Words::take() {
  if (at_end()) fail("the file ends too early");
  return words_[next_++];
}

bool Words::accept(std::string_view text) {
  if (peek().text != text) return false;
  ++next_;
  return true;
}

void Words::expect(std::string_view text) {
  if (!accept(text)) fail("expected '" + std::string(text) + "' before '" + std::string(peek().text) + "'");
}

void Words::skip_line(int line) {
  while (!at_end() && peek().line == line) ++next_;
}

void Words::skip_braces() {
  expect("{");
  for (int depth = 1; depth > 0;) {
    const std::string_view text = take().text;
    depth += text == "{" ? 1 : text == "}" ? -1 : 0;
  }
}

int64_t Words::take_integer() {
  const bool negative = accept("-");
  const auto bits = constant_bits(peek().text);
  if (!bits) fail("expected a number before '" + std::string(peek().text) + "'");
  take();
  const auto value = static_cast<int64_t>(*bits);
  return negative ? -value : value;
}

void Words::fail(const std::string& what) const { fail(at_end() ? words_.back().line : peek().line, what); }

void Words::fail(int line, const std::string& what) const {
  throw LoadError(file_ + ":" + std::to_string(line) + ": " + what);
}

std::optional<uint64_t> constant_bits(std::string_view text) {
  int base = 10;
  std::string_view digits = text;
  if (text.size() > 2 && text[0] == '0' && std::string_view("xXfFdD").find(text[1]) != std::string_view::npos) {
    base = 16;
    digits = text.substr(2);
  }
  if (base == 10 && !digits.empty() && digits.back() == 'U') digits.remove_suffix(1);
  uint64_t bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return bits;
}

std::optional<unsigned> bytes_of_type(std::string_view type) {
  if (type == ".pred") return 1;
  if (type.size() < 3 || type[0] != '.' || std::string_view("busf").find(type[1]) == std::string_view::npos)
    return std::nullopt;
  const std::string_view bits = type.substr(2);
  for (const unsigned bytes : {1u, 2u, 4u, 8u})
    if (bits == std::to_string(8 * bytes)) return bytes;
  return std::nullopt;
}

}  // namespace moescope::cuda::ptx
