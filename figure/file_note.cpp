// Notes in files that are drawn already.
#include "figure/file_note.h"

#include <cstdint>
#include <string_view>

namespace moescope::figure {
namespace {

constexpr size_t kPngHeader = 33;  // signature and IHDR

/// CRC-32 of ISO 3309, as a PNG's chunks have it.
uint32_t crc_32(std::string_view bytes) {
  uint32_t crc = 0xffffffffu;
  for (const char byte : bytes) {
    crc ^= static_cast<uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0u);
  }
  return ~crc;
}

std::string big_endian(uint32_t value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  return out;
}

}  // namespace

std::string svg_with_note(std::string svg, const std::string& note) {
  const size_t tag = svg.find("<svg"), end = tag == svg.npos ? tag : svg.find('>', tag);
  if (!note.empty() && end != svg.npos) svg.insert(end + 1, "\n<desc>" + escaped(note) + "</desc>");
  return svg;
}

std::string png_with_note(std::string png, const std::string& note) {
  if (note.empty() || png.size() < kPngHeader) return png;
  const std::string named = "tEXt" + std::string("Comment") + '\0' + note;
  const std::string chunk = big_endian(static_cast<uint32_t>(named.size() - 4)) + named + big_endian(crc_32(named));
  return png.insert(kPngHeader, chunk);
}

}  // namespace moescope::figure
