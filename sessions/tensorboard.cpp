// Event files, record by record.
#include "sessions/tensorboard.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <fstream>
#include <iomanip>
#include <sstream>

#include "compute/records/output_file.h"
#include "sessions/tensorboard_messages.h"

namespace moescope {
namespace {

// Fields of Event, Summary, Summary.Value and TensorProto.
constexpr int kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5;
constexpr int kValue = 1, kTag = 1, kSimpleValue = 2, kTensor = 8;
constexpr int kDtype = 1, kContent = 4, kFloats = 5, kDoubles = 6;
constexpr uint64_t kFloatType = 1, kDoubleType = 2;

uint32_t masked(uint32_t sum) { return ((sum >> 15) | (sum << 17)) + 0xa282ead8u; }

template <class T>
std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

void write_record(std::ostream& out, const std::string& message) {
  const std::string length = raw(static_cast<uint64_t>(message.size()));
  out << length << raw(masked(crc32c(bytes_of(length)))) << message << raw(masked(crc32c(bytes_of(message))));
}

std::string scalar_event(const std::string& key, int64_t step, double wall_time, double value) {
  MessageWriter scalar, summary, event;
  scalar.text(kTag, key);
  scalar.fixed32(kSimpleValue, static_cast<float>(value));
  summary.text(kValue, scalar.bytes());
  event.fixed64(kWallTime, wall_time);
  event.varint(kStep, static_cast<uint64_t>(step));
  event.text(kSummary, summary.bytes());
  return event.bytes();
}

/// A tensor of one number, as TensorFlow 2 writes scalars.
std::optional<double> number_in(std::span<const std::byte> tensor) {
  MessageReader reader(tensor);
  uint64_t type = 0;
  std::span<const std::byte> floats, doubles, content;
  while (const auto field = reader.next()) {
    if (field->field == kDtype) type = field->number;
    if (field->field == kFloats && field->type == 5) return static_cast<double>(field->as_float());
    if (field->field == kDoubles && field->type == 1) return field->as_double();
    if (field->field == kFloats) floats = field->bytes;
    if (field->field == kDoubles) doubles = field->bytes;
    if (field->field == kContent) content = field->bytes;
  }
  const auto value_of = [](std::span<const std::byte> bytes, auto value) -> std::optional<double> {
    if (bytes.size() != sizeof value) return {};
    std::memcpy(&value, bytes.data(), sizeof value);
    return static_cast<double>(value);
  };
  if (type == kFloatType) return value_of(floats.empty() ? content : floats, 0.0f);
  if (type == kDoubleType) return value_of(doubles.empty() ? content : doubles, 0.0);
  return {};
}

/// The values of one event. False when its message is none.
bool read_event(std::span<const std::byte> message, std::vector<TensorboardScalar>& scalars, int64_t& num_left_out) {
  TensorboardScalar common;
  std::vector<std::span<const std::byte>> summaries;
  MessageReader event(message);
  while (const auto field = event.next()) {
    if (field->field == kWallTime) common.wall_time = field->as_double();
    if (field->field == kStep) common.step = static_cast<int64_t>(field->number);
    if (field->field == kSummary) summaries.push_back(field->bytes);
  }
  bool sound = !event.broken();
  for (const auto summary_bytes : summaries) {
    MessageReader summary(summary_bytes);
    while (const auto value_field = summary.next()) {
      if (value_field->field != kValue) continue;
      MessageReader value(value_field->bytes);
      std::optional<double> number;
      common.tag.clear();
      while (const auto field = value.next()) {
        if (field->field == kTag) common.tag = field->as_text();
        if (field->field == kSimpleValue && field->type == 5) number = static_cast<double>(field->as_float());
        if (field->field == kTensor && field->type == 2) number = number_in(field->bytes);
      }
      sound = sound && !value.broken();
      if (number) {
        common.value = *number;
        scalars.push_back(common);
      } else {
        ++num_left_out;
      }
    }
    sound = sound && !summary.broken();
  }
  return sound;
}

std::vector<std::filesystem::path> event_files(const std::filesystem::path& from) {
  std::error_code error;
  if (!std::filesystem::is_directory(from, error)) return {from};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(from, error)) {
    if (entry.path().filename().string().find("tfevents") != std::string::npos) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UserError(path.string() + " cannot be read; name an event file or a folder of them");
  return (std::ostringstream() << file.rdbuf()).str();
}

/// The run's start in seconds since 1970, from "2026-01-02T03:04:05Z".
double start_secs(const std::string& started_at) {
  std::tm utc{};
  std::istringstream in(started_at);
  in >> std::get_time(&utc, "%Y-%m-%dT%H:%M:%S");
  return in.fail() ? 0 : static_cast<double>(timegm(&utc));
}

}  // namespace

uint32_t crc32c(std::span<const std::byte> bytes) {
  static const std::array<uint32_t, 256> kTable = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t sum = i;
      for (int bit = 0; bit < 8; ++bit) sum = (sum & 1) != 0 ? (sum >> 1) ^ 0x82f63b78u : sum >> 1;
      table[i] = sum;
    }
    return table;
  }();
  uint32_t sum = 0xffffffffu;
  for (const std::byte byte : bytes) sum = kTable[(sum ^ static_cast<uint32_t>(byte)) & 0xff] ^ (sum >> 8);
  return ~sum;
}

std::filesystem::path export_tensorboard(const RunReader& reader, int64_t run_id, const std::filesystem::path& folder) {
  const ReadSnapshot snapshot(reader.database());
  const double start = start_secs(reader.load_summary(run_id).started_at);
  make_folder(folder);
  const std::filesystem::path path = folder / ("events.out.tfevents." + std::to_string(static_cast<int64_t>(start)) +
                                               ".moescope-run-" + std::to_string(run_id));
  OutputFile file(path, FileKind::other);
  std::ostream& out = file.stream();
  MessageWriter version;
  version.fixed64(kWallTime, start);
  version.text(kFileVersion, "brain.Event:2");
  write_record(out, version.bytes());
  for (const std::string& key : reader.metric_keys(run_id)) {
    const MetricSeries series = reader.load_metrics(run_id, key);
    for (size_t i = 0; i < series.steps.size(); ++i) {
      write_record(out, scalar_event(key, series.steps[i], start + series.wall_secs[i], series.values[i]));
    }
  }
  file.keep();
  return path;
}

std::vector<TensorboardScalar> read_tensorboard(std::span<const std::byte> bytes, const std::string& where,
                                                int64_t& num_left_out) {
  std::vector<TensorboardScalar> scalars;
  size_t at = 0;
  const auto refuse = [&](const char* why) {
    throw UserError(where + " is " + why + " at byte " + std::to_string(at) +
                    "; copy it anew from where it was written");
  };
  const auto word = [&](size_t offset) {
    uint32_t value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
  };
  while (at < bytes.size()) {
    if (bytes.size() - at < 12) refuse("cut short");
    uint64_t length = 0;
    std::memcpy(&length, bytes.data() + at, sizeof length);
    if (word(at + 8) != masked(crc32c(bytes.subspan(at, 8)))) refuse("damaged, or no event file,");
    if (length > bytes.size() - at - 12 || bytes.size() - at - 12 - length < 4) refuse("cut short");
    const auto message = bytes.subspan(at + 12, static_cast<size_t>(length));
    if (word(at + 12 + static_cast<size_t>(length)) != masked(crc32c(message))) refuse("damaged");
    if (!read_event(message, scalars, num_left_out)) refuse("no TensorBoard event");
    at += 16 + static_cast<size_t>(length);
  }
  return scalars;
}

TensorboardImport import_tensorboard(const SessionStore& store, const std::filesystem::path& from,
                                     const std::string& name) {
  TensorboardImport import;
  std::vector<TensorboardScalar> scalars;
  for (const std::filesystem::path& path : event_files(from)) {
    const std::string content = read_file(path);
    const auto more = read_tensorboard(bytes_of(content), path.string(), import.num_left_out);
    scalars.insert(scalars.end(), more.begin(), more.end());
  }
  if (scalars.empty())
    throw UserError(from.string() + " holds no TensorBoard scalars; name an event file or a folder of them");
  double begin = scalars.front().wall_time;
  for (const TensorboardScalar& scalar : scalars) begin = std::min(begin, scalar.wall_time);
  MetricsTaken taken;
  for (TensorboardScalar& scalar : scalars)
    taken.metrics.push_back({std::move(scalar.tag), scalar.step, scalar.wall_time - begin, scalar.value});
  import.num_values = static_cast<int64_t>(taken.metrics.size());
  RunStarted start;
  start.config.name = name;
  start.environment = {{"imported_from", from.string()}};
  RunWriter writer(store);
  import.run_id = writer.begin_run(start);
  // An event file says nothing about settings: none are stored, rather than our defaults.
  Statement(store.database(), "DELETE FROM params_data WHERE run_id = ?").run(import.run_id);
  writer.write(
      std::vector<Event>{std::move(taken), StateChanged{0, 0, RunState::finished, "imported from TensorBoard"}});
  return import;
}

}  // namespace moescope
