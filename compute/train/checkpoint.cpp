// Writing, checking and restoring checkpoints.
#include "compute/train/checkpoint.h"

#include <array>
#include <charconv>
#include <cstring>
#include <map>

#include "compute/core/error.h"
#include "compute/records/config_fields.h"
#include "compute/records/words.h"
#include "compute/train/byte_stream.h"

namespace moescope {

namespace {

constexpr uint32_t kVersion = 1;
constexpr size_t kPrefixBytes = 8 + 4 + 4 + 8 + 8;

/// Reads or writes one fact: numbers as text that reads back to the same bits.
struct FactWriter {
  std::vector<std::pair<std::string, std::string>> facts;
  void operator()(std::string_view key, const std::string& value) { facts.emplace_back(key, value); }
  void operator()(std::string_view key, auto value) {
    std::array<char, 40> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    facts.emplace_back(key, std::string(buffer.data(), end));
  }
};

struct FactReader {
  std::string_view key, text;
  bool ok = true;
  void operator()(std::string_view asked, std::string& value) {
    if (asked == key) value = text;
  }
  void operator()(std::string_view asked, auto& value) {
    if (asked != key) return;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    ok = error == std::errc() && end == text.data() + text.size();
  }
};

/// The one list of facts, for both directions.
void visit_facts(auto& head, auto&& visit) {
  visit("step", head.place.step);
  visit("wall_secs", head.place.wall_secs);
  visit("active_secs", head.place.active_secs);
  visit("stop_rule", head.place.stop_rule);
  visit("test_accuracy", head.place.test_accuracy);
  visit("test_loss", head.place.test_loss);
  visit("test_step", head.place.test_step);
  visit("image.height", head.image.height);
  visit("image.width", head.image.width);
  visit("image.channels", head.image.channels);
  visit("image.classes", head.image.classes);
  visit("dataset_hash", head.dataset_hash);
}

/// Prefix of the facts about parameters that joined later.
constexpr std::string_view kFirstStep = "first_step ";

void write_head(ByteWriter& out, const CheckpointHead& head, const ParameterSet& parameters) {
  const std::vector<FieldText> fields = list_fields(head.config);
  out.value(static_cast<uint32_t>(fields.size()));
  for (const FieldText& field : fields) out.text(field.field.key), out.text(field.value);
  FactWriter writer;
  visit_facts(head, writer);
  for (const Parameter& p : parameters.all())
    if (p.first_step > 0) writer(std::string(kFirstStep) + p.name, p.first_step);
  out.value(static_cast<uint32_t>(writer.facts.size()));
  for (const auto& [key, value] : writer.facts) out.text(key), out.text(value);
}

using FirstSteps = std::map<std::string, int64_t, std::less<>>;

void read_head(ByteReader& in, CheckpointHead& head, FirstSteps& first_steps) {
  for (auto left = in.value<uint32_t>("the number of settings"); left > 0; --left) {
    const std::string key = in.text("the name of a setting"), value = in.text("the value of a setting");
    try {
      set_field(head.config, key, value);
    } catch (const ConfigError& error) {
      throw FormatError(in.name() + " holds a setting that this program does not accept: " + error.what());
    }
  }
  for (auto left = in.value<uint32_t>("the number of facts"); left > 0; --left) {
    const std::string key = in.text("the name of a fact"), value = in.text("the value of a fact");
    FactReader reader{key, value};
    visit_facts(head, reader);
    if (key.starts_with(kFirstStep)) reader(key, first_steps[key.substr(kFirstStep.size())]);
    if (!reader.ok)
      throw FormatError(in.name() + " is damaged: " + key + " is '" + value + "'; take another checkpoint");
  }
}

Checkpoint::Entry read_entry(ByteReader& in, const FirstSteps& first_steps, uint32_t num_arrays) {
  Checkpoint::Entry entry;
  entry.name = in.text("the name of a parameter");
  if (const auto found = first_steps.find(entry.name); found != first_steps.end()) entry.first_step = found->second;
  const auto rank = in.value<uint32_t>("a parameter's rank");
  const auto damaged = [&] {
    return FormatError(in.name() + " is damaged: the shape of " + entry.name + " cannot be");
  };
  if (rank > static_cast<uint32_t>(Shape::kMaxRank)) throw damaged();
  uint64_t size = 1;
  for (uint32_t axis = 0; axis < rank; ++axis) {
    const auto extent = in.value<int64_t>("a parameter's extent");
    // the product stays below 2^61, so its size in bytes cannot overflow
    if (extent < 1 || extent > int64_t{1} << 31 || size > uint64_t{1} << 30) throw damaged();
    entry.shape.push_back(extent);
    size *= static_cast<uint64_t>(extent);
  }
  for (uint32_t i = 0; i < num_arrays; ++i) entry.arrays.push_back(in.raw(size * sizeof(float), entry.name));
  return entry;
}

std::span<const std::byte> checked_body(std::span<const std::byte> bytes, const std::string& name) {
  ByteReader in(bytes, name);
  if (begins_with(bytes, kAgentMark))
    throw FormatError(name + " is of an agent; `moescope rl train --resume`, `rl eval` and `rl play` take those");
  if (bytes.size() < kPrefixBytes || !begins_with(bytes, kRunMark))
    throw FormatError(name + " is not a moescope checkpoint (it does not begin with " + std::string(kRunMark) + ")");
  in.raw(kRunMark.size(), "the mark");
  const auto version = in.value<uint32_t>("the version");
  if (version != kVersion) {
    throw FormatError(name + " has format version " + std::to_string(version) + ", this program reads version " +
                      std::to_string(kVersion) + "; use the program that wrote it or a newer one");
  }
  in.value<uint32_t>("the reserved word");
  const auto num_bytes = in.value<uint64_t>("the length"), sum = in.value<uint64_t>("the checksum");
  if (num_bytes != in.left()) {
    throw FormatError(name + " is truncated: " + std::to_string(in.left()) + " of " + std::to_string(num_bytes) +
                      " bytes are there; take another checkpoint");
  }
  const auto body = in.raw(num_bytes, "the body");
  if (checksum(body) != sum) throw FormatError(name + " is damaged: its checksum is wrong; take another checkpoint");
  return body;
}

/// Pairs every parameter with its entry, or says which one does not fit.
template <class Set>
auto matched(const Checkpoint& c, Set& set) {
  using P = std::remove_reference_t<decltype(set.all().front())>;
  std::vector<std::pair<P*, const Checkpoint::Entry*>> pairs;
  const auto refuse = [&](const std::string& what) {
    throw FormatError(c.name + " does not fit this model: " + what + "; use the configuration it was saved with");
  };
  for (P& p : set.all()) {
    const size_t i = pairs.size();
    if (i >= c.entries.size()) refuse("it has no parameter " + p.name);
    const Checkpoint::Entry& entry = c.entries[i];
    if (entry.name != p.name) refuse("it holds " + entry.name + " where the model has " + p.name);
    if (!(entry.shape == p.shape))
      refuse(p.name + " is " + entry.shape.text() + " there and " + p.shape.text() + " here");
    pairs.emplace_back(&p, &entry);
  }
  if (c.entries.size() != pairs.size()) refuse("the model has no parameter " + c.entries[pairs.size()].name);
  return pairs;
}

void copy_to(float* to, std::span<const std::byte> from) { std::memcpy(to, from.data(), from.size()); }

}  // namespace

uint64_t checksum(std::span<const std::byte> bytes) {
  constexpr uint64_t kPrime = 0x100000001B3ull;
  std::array<uint64_t, 4> lanes = {0xCBF29CE484222325ull, 1, 2, 3};
  size_t at = 0;
  for (; at + 32 <= bytes.size(); at += 32) {
    std::array<uint64_t, 4> words;
    std::memcpy(words.data(), bytes.data() + at, 32);
    // The rotation brings high bits down: a multiplication alone never lets them reach the lower ones.
    for (size_t i = 0; i < 4; ++i) lanes[i] = std::rotl((lanes[i] ^ words[i]) * kPrime, 29);
  }
  for (; at < bytes.size(); ++at) lanes[0] = std::rotl((lanes[0] ^ static_cast<uint64_t>(bytes[at])) * kPrime, 29);
  uint64_t sum = bytes.size();
  for (const uint64_t lane : lanes) sum = std::rotl((sum ^ lane) * kPrime, 29);
  return sum;
}

std::vector<std::byte> write_checkpoint(const CheckpointHead& head, const ParameterSet& parameters,
                                        const Optimizer& optimizer) {
  std::vector<std::byte> bytes;
  const auto moments = static_cast<size_t>(optimizer.num_moments());
  bytes.reserve(static_cast<size_t>(parameters.count()) * sizeof(float) * (1 + moments) + (1 << 16));
  ByteWriter out(bytes);
  out.raw(kRunMark.data(), kRunMark.size());
  out.value(kVersion), out.value(uint32_t{0}), out.value(uint64_t{0}), out.value(uint64_t{0});

  write_head(out, head, parameters);
  out.value(static_cast<uint32_t>(optimizer.kind())), out.value(static_cast<uint32_t>(moments));
  out.value(static_cast<uint32_t>(parameters.all().size()));
  for (const Parameter& p : parameters.all()) {
    out.text(p.name);
    out.value(static_cast<uint32_t>(p.shape.rank()));
    for (int axis = 0; axis < p.shape.rank(); ++axis) out.value(p.shape[axis]);
    const size_t num_bytes = static_cast<size_t>(p.shape.size()) * sizeof(float);
    out.raw(p.value.data(), num_bytes);
    for (int i = 0; i < optimizer.num_moments(); ++i) out.raw(optimizer.moment(i).f32() + p.offset, num_bytes);
  }

  const uint64_t length = bytes.size() - kPrefixBytes;
  const uint64_t sum = checksum(std::span(bytes).subspan(kPrefixBytes));
  std::memcpy(bytes.data() + 16, &length, 8);
  std::memcpy(bytes.data() + 24, &sum, 8);
  return bytes;
}

Checkpoint read_checkpoint(std::span<const std::byte> bytes, const std::string& name) {
  ByteReader in(checked_body(bytes, name), name);
  Checkpoint checkpoint;
  checkpoint.name = name;
  FirstSteps first_steps;
  read_head(in, checkpoint.head, first_steps);
  const auto kind = in.value<uint32_t>("the optimiser"), moments = in.value<uint32_t>("the number of moments");
  if (kind >= choice_names<OptimizerKind>().size() || moments > 2) {
    throw FormatError(name + " was saved with an optimiser that this program does not know; use a newer one");
  }
  checkpoint.optimizer = static_cast<OptimizerKind>(kind);
  for (auto left = in.value<uint32_t>("the number of parameters"); left > 0; --left) {
    checkpoint.entries.push_back(read_entry(in, first_steps, 1 + moments));
  }
  if (in.left() > 0) throw FormatError(name + " is damaged: " + std::to_string(in.left()) + " bytes too many");
  return checkpoint;
}

void restore_values(const Checkpoint& checkpoint, const ParameterSet& parameters) {
  for (const auto& [parameter, entry] : matched(checkpoint, parameters))
    copy_to(parameter->value.f32(), entry->arrays[0]);
}

void restore_training(const Checkpoint& checkpoint, ParameterSet& parameters, const Optimizer& optimizer) {
  const auto pairs = matched(checkpoint, parameters);
  if (checkpoint.optimizer != optimizer.kind()) {
    throw FormatError(checkpoint.name +
                      " was saved with train.optimizer=" + std::string(choice_name(checkpoint.optimizer)) + ", not " +
                      std::string(choice_name(optimizer.kind())) + "; use the configuration it was saved with");
  }
  const auto moments = static_cast<size_t>(optimizer.num_moments());
  for (const auto& [parameter, entry] : pairs) {
    if (entry->arrays.size() == 1 + moments) continue;
    throw FormatError(checkpoint.name + " is damaged: it has " + counted(std::ssize(entry->arrays) - 1, "moment") +
                      " of " + entry->name + ", and " + std::string(choice_name(optimizer.kind())) + " keeps " +
                      std::to_string(moments) + "; take another checkpoint");
  }
  for (const auto& [parameter, entry] : pairs) {
    copy_to(parameter->value.f32(), entry->arrays[0]);
    parameter->first_step = entry->first_step;
    for (int i = 0; i < optimizer.num_moments(); ++i) {
      copy_to(optimizer.moment(i).f32() + parameter->offset, entry->arrays[static_cast<size_t>(i) + 1]);
    }
  }
}

}  // namespace moescope
