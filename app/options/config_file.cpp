// Reads and writes configurations as JSON. Values pass through set_field, so its checks and messages hold here too.
#include "app/options/config_file.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "assets/assets.h"
#include "compute/records/config_fields.h"
#include "compute/records/nearest_name.h"

namespace moescope {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
constexpr int kMaxParents = 16;

struct Source {
  fs::path path;
  std::string text;
};

[[noreturn]] void refuse(const Source& source, int64_t line, const std::string& what) {
  throw ConfigError(source.path.string() + (line > 0 ? ", line " + std::to_string(line) : "") + ": " + what);
}

int64_t line_at(const std::string& text, size_t position) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(position, text.size()));
  return 1 + std::count(text.begin(), end, '\n');
}

/// The line of a key, when its last word stands in the file once; 0 otherwise.
int64_t line_of_key(const Source& source, const std::string& key) {
  for (const std::string& name : {key, key.substr(key.rfind('.') + 1)}) {
    const std::string quoted = "\"" + name + "\"";
    const size_t first = source.text.find(quoted);
    if (first == std::string::npos) continue;
    return source.text.find(quoted, first + 1) == std::string::npos ? line_at(source.text, first) : 0;
  }
  return 0;
}

Source read_source(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) throw ConfigError(path.string() + " is a folder; give an existing JSON file");
  std::ifstream stream(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(stream), {});
  if (!stream.is_open() || stream.bad())
    throw ConfigError(path.string() + " cannot be read; give an existing JSON file");
  return {path, std::move(text)};
}

/// nlohmann keeps the last of two equal keys; here the second one is an error, because somebody meant the first.
Json parse(const Source& source) {
  std::vector<std::set<std::string>> keys;
  const auto callback = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second) {
      refuse(source, 0, "the key '" + parsed.get<std::string>() + "' stands twice in one object; remove one");
    }
    return true;
  };
  try {
    Json json = Json::parse(source.text, callback);
    if (!json.is_object()) refuse(source, 1, "the file must hold one JSON object, { ... }");
    return json;
  } catch (const Json::parse_error& error) {
    refuse(source, line_at(source.text, error.byte > 0 ? error.byte - 1 : 0),
           "damaged JSON; the character there is not expected (NaN and comments are not JSON either)");
  } catch (const Json::out_of_range& error) {
    const std::string words = error.what();  // "[json.exception.out_of_range.406] number overflow parsing '1e999'"
    const std::string number = words.substr(words.rfind(' ') + 1);
    refuse(source, 0, "the number " + number + " is too large to be held; write a smaller one");
  }
}

std::string value_text(const Source& source, const std::string& key, const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  refuse(source, line_of_key(source, key), key + " must be a number, true, false or text, not " + value.type_name());
}

void apply_fields(const Source& source, const std::string& prefix, const Json& object, RunConfig& config) {
  for (const auto& [name, value] : object.items()) {
    const std::string key = prefix.empty() ? name : prefix + "." + name;
    if (key == "parent" || key == "about") continue;
    if (value.is_object()) {
      apply_fields(source, key, value, config);
      continue;
    }
    const std::string text = value_text(source, key, value);
    try {
      set_field(config, key, text);
    } catch (const ConfigError& error) { refuse(source, line_of_key(source, key), error.what()); }
  }
}

std::string top_level_text(const Source& source, const Json& json, const char* key) {
  if (!json.contains(key)) return "";
  if (!json[key].is_string()) refuse(source, line_of_key(source, key), std::string(key) + " must be text");
  return json[key].get<std::string>();
}

fs::path preset_path(std::string_view name) {
  std::vector<std::string_view> names;
  const std::vector<Preset> presets = list_presets();
  for (const Preset& preset : presets) {
    if (preset.name == name) return asset_path("presets/" + preset.name + ".json");
    names.push_back(preset.name);
  }
  throw ConfigError("there is no preset '" + std::string(name) + "'; did you mean '" +
                    std::string(nearest_name(name, names)) + "'? `moescope train --list-presets` lists them");
}

RunConfig load(const fs::path& path, const RunConfig& base, int parents_left) {
  const Source source = read_source(path);
  const Json json = parse(source);
  RunConfig config = base;
  if (const std::string parent = top_level_text(source, json, "parent"); !parent.empty()) {
    if (parents_left == 0) refuse(source, line_of_key(source, "parent"), "the parents go round in a circle; break it");
    const bool is_file = parent.ends_with(".json") || parent.find('/') != std::string::npos;
    config =
        load(is_file ? (path.parent_path() / parent).lexically_normal() : preset_path(parent), base, parents_left - 1);
  }
  apply_fields(source, "", json, config);
  return config;
}

}  // namespace

std::vector<Preset> list_presets() {
  std::vector<Preset> presets;
  for (const auto& entry : fs::directory_iterator(asset_path("presets"))) {
    if (entry.path().extension() != ".json") continue;
    const Source source = read_source(entry.path());
    presets.push_back({entry.path().stem().string(), top_level_text(source, parse(source), "about")});
  }
  std::sort(presets.begin(), presets.end(), [](const Preset& a, const Preset& b) { return a.name < b.name; });
  return presets;
}

RunConfig load_preset(std::string_view name) {
  RunConfig config = load(preset_path(name), {}, kMaxParents);
  config.name = std::string(name);
  return config;
}

RunConfig load_config_file(const fs::path& file, const RunConfig& base) { return load(file, base, kMaxParents); }

std::string config_as_json(const RunConfig& config) {
  nlohmann::ordered_json json;
  for (const FieldText& field : list_fields(config)) {
    const std::string key(field.field.key);
    const size_t dot = key.find('.');
    auto& place = dot == std::string::npos ? json[key] : json[key.substr(0, dot)][key.substr(dot + 1)];
    const bool is_bool = !field.is_number && !field.choices.empty() && field.choices.front() == "false";
    if (field.is_number || is_bool) {
      place = nlohmann::ordered_json::parse(field.value);
    } else {
      place = field.value;
    }
  }
  return json.dump(2) + "\n";
}

}  // namespace moescope
