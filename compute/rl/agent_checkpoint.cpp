// An agent on disk.
//
// Format, little-endian:  "MOESCORL" | u32 version | u32 0 | u64 bytes of body | u64 checksum of body | body
//   body:  u32 fields, each (text key, text value) of rl_config_fields.h
//          i64 steps, updates, episodes; u32 actions of the episode in progress, u8 each; u64 checksum of what is seen
//          after them
//          u32 parameters, each: text name, u64 numbers, then f32 online, target, and the two moments of Adam
//          the replay buffer (replay.cpp)
//   text:  u32 bytes, then UTF-8.  Fields that are missing keep their default.
#include <cstring>

#include "compute/core/error.h"
#include "compute/records/rl_config_fields.h"
#include "compute/rl/agent.h"
#include "compute/train/checkpoint.h"

namespace moescope::rl {
namespace {

constexpr size_t kMarkBytes = kAgentMark.size(), kHeadBytes = kMarkBytes + 4 + 4 + 8 + 8;
constexpr uint32_t kVersion = 2;  // 1: the replay buffer held whole stacks of frames

/// A reader at the beginning of a body that is whole; the version that wrote it.
ByteReader open_body(std::span<const std::byte> bytes, const std::string& name, uint32_t& version) {
  ByteReader head(bytes, name);
  if (bytes.size() < kHeadBytes || !begins_with(bytes, kAgentMark))
    throw FormatError(name +
                      " is not of an agent; `moescope train --resume`, `eval` and `inspect` take those of the others");
  head.raw(kMarkBytes, "the head");
  version = head.value<uint32_t>("the version");
  if (version > kVersion)
    throw FormatError(name + " was made by a newer version of moescope (format " + std::to_string(version) +
                      "); update moescope");
  head.value<uint32_t>("the head");
  const auto size = head.value<uint64_t>("the size"), sum = head.value<uint64_t>("the checksum");
  const auto body = bytes.subspan(kHeadBytes);
  if (body.size() != size) throw FormatError(name + " is damaged: its end is missing; take another checkpoint");
  if (checksum(body) != sum) throw FormatError(name + " is damaged: its checksum is wrong; take another checkpoint");
  return ByteReader(body, name);
}

uint64_t checksum_of_view(const Environment& environment) {
  std::vector<uint8_t> packed(static_cast<size_t>(environment.info().observation_bytes));
  environment.observe(packed);
  return checksum(std::as_bytes(std::span<const uint8_t>(packed)));
}

RlConfig read_fields(ByteReader& in) {
  RlConfig config;
  const auto fields = in.value<uint32_t>("the settings");
  for (uint32_t i = 0; i < fields; ++i) {
    const std::string key = in.text("a setting"), value = in.text("a setting");
    try {
      set_field(config, key, value);
    } catch (const ConfigError& error) {
      throw FormatError(in.name() + " holds a setting that this version does not know: " + error.what());
    }
  }
  return config;
}

void read_floats(ByteReader& in, const Tensor& into, const std::string& name) {
  const auto bytes = in.raw(static_cast<uint64_t>(into.bytes()), name);
  std::memcpy(into.data(), bytes.data(), bytes.size());
}

}  // namespace

RlConfig read_agent_config(std::span<const std::byte> bytes, const std::string& name) {
  uint32_t version = 0;
  ByteReader in = open_body(bytes, name, version);
  return read_fields(in);
}

std::vector<std::byte> Agent::save() const {
  std::vector<std::byte> bytes(kHeadBytes);  // the head is filled in at the end
  ByteWriter out(bytes);
  const auto fields = list_fields(config_);
  out.value(static_cast<uint32_t>(fields.size()));
  for (const FieldText& field : fields) {
    out.text(field.field.key);
    out.text(field.value);
  }
  for (int64_t number : {steps_, updates_, episodes_}) out.value(number);
  out.value(static_cast<uint32_t>(episode_actions_.size()));
  out.raw(episode_actions_.data(), episode_actions_.size());
  out.value(checksum_of_view(*environment_));
  const auto& online = learner_.online().parameters().all();
  const auto& target = learner_.target().parameters().all();
  out.value(static_cast<uint32_t>(online.size()));
  for (size_t i = 0; i < online.size(); ++i) {
    const Parameter& p = online[i];
    out.text(p.name);
    out.value(static_cast<uint64_t>(p.shape.size()));
    const auto raw = [&](const float* numbers) {
      out.raw(numbers, static_cast<size_t>(p.shape.size()) * sizeof(float));
    };
    raw(p.value.f32());
    raw(target[i].value.f32());
    for (int m = 0; m < learner_.optimizer().num_moments(); ++m) raw(learner_.optimizer().moment(m).f32() + p.offset);
  }
  replay_.save(out);

  const auto body = std::span<const std::byte>(bytes).subspan(kHeadBytes);
  const uint64_t size = body.size(), sum = checksum(body);
  std::memcpy(bytes.data(), kAgentMark.data(), kMarkBytes);
  std::memcpy(bytes.data() + kMarkBytes, &kVersion, sizeof kVersion);
  std::memcpy(bytes.data() + kMarkBytes + 8, &size, sizeof size);
  std::memcpy(bytes.data() + kMarkBytes + 16, &sum, sizeof sum);
  return bytes;
}

void Agent::restore(std::span<const std::byte> bytes, const std::string& name) {
  uint32_t version = 0;
  ByteReader in = open_body(bytes, name, version);
  read_fields(in);
  if (version < 2 && environment_->info().stacked_frames > 1)
    throw FormatError(
        name + " was made by an earlier version, whose replay buffer held whole stacks of frames; start a new run");
  steps_ = in.value<int64_t>("the counters");
  updates_ = in.value<int64_t>("the counters");
  episodes_ = in.value<int64_t>("the counters");
  const auto num_actions = in.value<uint32_t>("the episode");
  const auto actions = in.raw(num_actions, "the episode");
  const auto view = in.value<uint64_t>("the episode");
  auto& online = learner_.online().parameters().all();
  auto& target = learner_.target().parameters().all();
  const auto count = in.value<uint32_t>("the parameters");
  if (count != online.size()) throw FormatError(name + " is of another network; start a new run");
  for (size_t i = 0; i < online.size(); ++i) {
    const std::string parameter = in.text("a parameter");
    const auto size = in.value<uint64_t>(parameter);
    if (parameter != online[i].name || size != static_cast<uint64_t>(online[i].shape.size()))
      throw FormatError(name + " is of another network: it has " + parameter + " where " + online[i].name +
                        " should be; start a new run");
    read_floats(in, online[i].value, parameter);
    read_floats(in, target[i].value, parameter);
    for (int m = 0; m < learner_.optimizer().num_moments(); ++m)
      read_floats(in, learner_.optimizer().moment(m).rows(online[i].offset, online[i].offset + online[i].shape.size()),
                  parameter);
  }
  replay_.restore(in);
  begin_episode();
  bool over = false;
  for (size_t i = 0; i < actions.size() && !over; ++i) {
    const Environment::Outcome outcome = environment_->step(static_cast<int>(actions[i]));
    episode_actions_.push_back(static_cast<uint8_t>(actions[i]));
    episode_return_ += outcome.reward;
    over = outcome.over();
  }
  if (over || checksum_of_view(*environment_) != view)
    throw FormatError(name +
                      ": the episode in progress does not play again as it was stored, so the game's rules have "
                      "changed since; start a new run");
}

}  // namespace moescope::rl
