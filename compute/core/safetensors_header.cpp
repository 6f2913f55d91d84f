// Checks one thing after another, each with its own sentence.
#include "compute/core/safetensors_header.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "compute/core/error.h"

namespace moescope {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw FormatError(where + ": " + what + "; the file is damaged or not a safetensors file");
}

/// Parses, refusing an object that holds a key twice: JSON readers silently keep the last one.
json parse_strictly(std::string_view text, const std::string& where) {
  std::vector<std::set<std::string>> open;
  std::string twice;
  const auto watch = [&](int, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::object_start) open.emplace_back();
    if (event == json::parse_event_t::object_end) open.pop_back();
    if (event == json::parse_event_t::key && !open.back().insert(value.get<std::string>()).second)
      twice = value.get<std::string>();
    return true;
  };
  json header;
  try {
    header = json::parse(text, watch);
  } catch (const json::exception&) { refuse(where, "the header is not JSON"); }
  if (!twice.empty()) refuse(where, "the header holds \"" + twice + "\" twice");
  if (!header.is_object()) refuse(where, "the header is not a JSON object");
  return header;
}

DType type_named(const std::string& name, const std::string& where) {
  if (name == "F32") return DType::f32;
  if (name == "I32") return DType::i32;
  if (name == "U8" || name == "BOOL" || name == "F64") return DType::u8;
  throw FormatError(where + ": type " + name + " is not one of F32, F64, I32, U8 and BOOL; convert the tensor");
}

int64_t whole_number(const json& value, const std::string& where, const char* what) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    refuse(where, std::string(what) + " is not a whole number");
  return value.get<int64_t>();
}

Shape shape_of(const json& extents, int64_t most_elements, const std::string& where) {
  if (!extents.is_array() || extents.size() > static_cast<size_t>(Shape::kMaxRank))
    refuse(where, "its shape is not a list of up to 6 extents");
  Shape shape;
  int64_t elements = 1;
  for (const json& extent : extents) {
    const int64_t n = whole_number(extent, where, "an extent of its shape");
    if (n > 0 && elements > most_elements / n) refuse(where, "its shape is larger than the file");
    elements *= n;
    shape.push_back(n);
  }
  return shape;
}

SafetensorsEntry entry_of(const std::string& name, const json& value, int64_t data_bytes, const std::string& file) {
  const std::string where = file + ", tensor \"" + name + "\"";
  if (!value.is_object() || value.size() != 3 || !value.contains("dtype") || !value.contains("shape") ||
      !value.contains("data_offsets"))
    refuse(where, "its entry is not {dtype, shape, data_offsets}");
  const json &type = value["dtype"], &offsets = value["data_offsets"];
  if (!type.is_string()) refuse(where, "its dtype is not text");
  if (!offsets.is_array() || offsets.size() != 2) refuse(where, "its data_offsets are not two numbers");
  SafetensorsEntry entry{name, type_named(type.get<std::string>(), where), shape_of(value["shape"], data_bytes, where),
                         whole_number(offsets[0], where, "an offset"), whole_number(offsets[1], where, "an offset")};
  if (type == "F64") {
    if (entry.shape.rank() == Shape::kMaxRank) refuse(where, "an F64 tensor of 6 extents");
    entry.shape.push_back(sizeof(double));  // as its bytes: no tensor here holds doubles
  }
  if (entry.begin > entry.end || entry.end > data_bytes)
    refuse(where, "its bytes [" + std::to_string(entry.begin) + "," + std::to_string(entry.end) +
                      ") are not within the " + std::to_string(data_bytes) + " of the file");
  if (entry.end - entry.begin != entry.shape.size() * bytes_of(entry.type))
    refuse(where, "its shape " + entry.shape.text() + " does not fit its " + std::to_string(entry.end - entry.begin) +
                      " bytes");
  return entry;
}

/// The data must be covered once and without gaps, as the format demands.
void check_cover(const std::vector<SafetensorsEntry>& entries, int64_t data_bytes, const std::string& where) {
  std::vector<const SafetensorsEntry*> in_order;
  for (const SafetensorsEntry& entry : entries) in_order.push_back(&entry);
  std::sort(in_order.begin(), in_order.end(),
            [](const auto* a, const auto* b) { return std::pair(a->begin, a->end) < std::pair(b->begin, b->end); });
  int64_t covered = 0;
  for (const SafetensorsEntry* entry : in_order) {
    if (entry->begin < covered) refuse(where, "tensor \"" + entry->name + "\" overlaps another one");
    if (entry->begin > covered) refuse(where, "there is a gap before tensor \"" + entry->name + "\"");
    covered = entry->end;
  }
  if (covered != data_bytes)
    refuse(where, std::to_string(data_bytes - covered) + " bytes at its end belong to no tensor");
}

}  // namespace

int64_t safetensors_header_bytes(const unsigned char* first_eight, int64_t file_bytes, const std::string& where) {
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | first_eight[i];
  if (length > static_cast<uint64_t>(kMaxSafetensorsHeader))
    refuse(where, "its header would be " + std::to_string(length) + " bytes long, more than the " +
                      std::to_string(kMaxSafetensorsHeader) + " allowed");
  if (static_cast<int64_t>(length) > file_bytes - 8) refuse(where, "it ends within its header");
  return static_cast<int64_t>(length);
}

SafetensorsHeader parse_safetensors_header(std::string_view text, int64_t data_bytes, const std::string& where) {
  SafetensorsHeader header;
  const json parsed = parse_strictly(text, where);
  for (const auto& [name, value] : parsed.items()) {
    if (name != "__metadata__") {
      header.entries.push_back(entry_of(name, value, data_bytes, where));
      continue;
    }
    if (!value.is_object()) refuse(where, "its __metadata__ is not an object");
    for (const auto& [key, entry] : value.items()) {
      if (!entry.is_string()) refuse(where, "metadata \"" + key + "\" is not text");
      header.metadata[key] = entry.get<std::string>();
    }
  }
  std::sort(header.entries.begin(), header.entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  check_cover(header.entries, data_bytes, where);
  return header;
}

}  // namespace moescope
