// Links as text, both ways, over one table of fields.
#include "compute/records/view_link.h"

#include <cctype>
#include <charconv>
#include <vector>

#include "compute/records/error.h"
#include "compute/records/nearest_name.h"

namespace moescope {
namespace {

constexpr std::string_view kRun = "run/", kTestImage = "test:";

/// Calls visit(name, prefix of the value, member) for each number.
template <class Link, class Visit>
void visit_numbers(Link& link, Visit&& visit) {
  visit("step", "", link.step);
  visit("image", kTestImage, link.image);
  visit("layer", "", link.layer);
  visit("expert", "", link.expert);
  visit("slot", "", link.slot);
  visit("patch", "", link.patch);
  visit("stretch", "", link.stretch);
}

bool is_plain(unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '~'; }

std::string escaped(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain(byte)) {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned byte = 0;
    const char* begin = text.data() + i + 1;
    if (i + 2 >= text.size() || std::from_chars(begin, begin + 2, byte, 16).ptr != begin + 2)
      throw ConfigError("the link has a % without two digits behind it; copy it again with Ctrl+L");
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

int64_t number(std::string_view name, std::string_view text, std::string_view prefix) {
  std::string_view digits = text;
  if (digits.starts_with(prefix)) digits.remove_prefix(prefix.size());
  int64_t value = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0) {
    throw ConfigError("the link says " + std::string(name) + "=" + std::string(text) + "; write a number such as " +
                      std::string(name) + "=" + std::string(prefix) + "12");
  }
  return value;
}

void read_field(ViewLink& link, std::string_view name, std::string_view value) {
  if (name == "page") {
    link.page = unescaped(value);
    return;
  }
  std::vector<std::string_view> names = {"page"};
  bool known = false;
  visit_numbers(link, [&](std::string_view field, std::string_view prefix, int64_t& member) {
    names.push_back(field);
    if (field != name) return;
    member = number(name, value, prefix);
    known = true;
  });
  if (!known) {
    throw ConfigError("a link has no '" + std::string(name) + "'; did you mean '" +
                      std::string(nearest_name(name, names)) + "'?");
  }
}

}  // namespace

std::string to_text(const ViewLink& link) {
  std::string text = std::string(kLinkScheme) + std::string(kRun) + escaped(link.run.empty() ? "latest" : link.run);
  char between = '?';
  const auto add = [&](std::string_view name, const std::string& value) {
    text += between + std::string(name) + "=" + value;
    between = '&';
  };
  visit_numbers(link, [&](std::string_view name, std::string_view prefix, const int64_t& value) {
    if (value >= 0) add(name, std::string(prefix) + std::to_string(value));
  });
  if (!link.page.empty()) add("page", escaped(link.page));
  return text;
}

ViewLink link_from_text(std::string_view text) {
  if (!is_link(text) || !text.substr(kLinkScheme.size()).starts_with(kRun)) {
    throw ConfigError("'" + std::string(text) + "' is no link; one looks like moescope://run/3?step=400&image=test:12");
  }
  text.remove_prefix(kLinkScheme.size() + kRun.size());
  ViewLink link;
  const size_t question = text.find('?');
  link.run = unescaped(text.substr(0, question));
  if (link.run.empty()) throw ConfigError("the link names no run; write moescope://run/3 or moescope://run/latest");
  for (std::string_view rest = question == text.npos ? "" : text.substr(question + 1); !rest.empty();) {
    const size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view field = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const size_t equals = field.find('=');
    if (equals == field.npos) throw ConfigError("the link says '" + std::string(field) + "' without a value");
    read_field(link, field.substr(0, equals), field.substr(equals + 1));
  }
  return link;
}

}  // namespace moescope
