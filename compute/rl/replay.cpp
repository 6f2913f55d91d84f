// A ring of what happened; a transition is put together when it is drawn.
#include "compute/rl/replay.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "compute/core/rng.h"

namespace moescope::rl {
namespace {

constexpr RngPurpose kSampling{105};
constexpr double kTiny = 1e-10;

int64_t frame_bytes(const EnvironmentInfo& info) { return info.observation_bytes / info.stacked_frames; }

int64_t entry_bytes(int64_t frame_bytes, bool prioritized) {
  return frame_bytes + 6 + (prioritized ? 32 : 0);  // the tree: up to two nodes a leaf, rounded up to a power of 2
}

std::string mib(int64_t bytes) { return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB"; }

/// The capacity, when there is room for it.
int64_t checked_capacity(const RlConfig& c, int64_t frame_bytes) {
  const int64_t each = entry_bytes(frame_bytes, c.prioritized);
  const int64_t machine = sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGE_SIZE);
  const int64_t limit = std::min(c.replay_mib << 20, machine);
  if (c.replay_capacity > limit / each) {
    throw ConfigError("rl.replay_capacity: " + std::to_string(c.replay_capacity) + " transitions of " +
                      std::to_string(each) + " bytes do not fit in " + mib(limit) +
                      (limit == machine ? " of memory" : " (rl.replay_mib)") + "; at most " +
                      std::to_string(limit / each) + " do");
  }
  return c.replay_capacity;
}

}  // namespace

SumTree::SumTree(int64_t leaves) : first_leaf_(1) {
  while (first_leaf_ < leaves) first_leaf_ *= 2;
  nodes_.assign(static_cast<size_t>(2 * first_leaf_), 0.0);
}

void SumTree::set(int64_t leaf, double value) {
  auto node = static_cast<size_t>(first_leaf_ + leaf);
  nodes_[node] = value;
  for (node /= 2; node > 0; node /= 2) nodes_[node] = nodes_[2 * node] + nodes_[2 * node + 1];
}

int64_t SumTree::find(double where) const {
  size_t node = 1;
  while (node < static_cast<size_t>(first_leaf_)) {
    node *= 2;
    if (where >= nodes_[node] && nodes_[node + 1] > 0) where -= nodes_[node++];
  }
  return static_cast<int64_t>(node) - first_leaf_;
}

Replay::Replay(const RlConfig& config, const Environment& environment)
    : environment_(environment),
      capacity_(checked_capacity(config, frame_bytes(environment.info()))),
      stack_(environment.info().stacked_frames),
      frame_bytes_(frame_bytes(environment.info())),
      n_step_(config.n_step),
      batch_size_(config.batch_size),
      gamma_(config.gamma),
      clip_(config.clip_rewards),
      prioritized_(config.prioritized),
      frames_(static_cast<size_t>(capacity_ * frame_bytes_)),
      actions_(static_cast<size_t>(capacity_)),
      ends_(static_cast<size_t>(capacity_)),
      rewards_(static_cast<size_t>(capacity_)),
      priorities_(prioritized_ ? capacity_ : 1) {}

int64_t Replay::num_bytes() const { return capacity_ * entry_bytes(frame_bytes_, prioritized_); }

void Replay::add(std::span<const uint8_t> observation, int action, double reward, EpisodeEnd end) {
  const auto at = static_cast<size_t>(slot(added_));
  uint8_t* frame = &frames_[at * static_cast<size_t>(frame_bytes_)];
  if (stack_ == 1) {
    std::memcpy(frame, observation.data(), observation.size());
  } else {
    for (int64_t i = 0; i < frame_bytes_; ++i) frame[i] = observation[static_cast<size_t>((i + 1) * stack_ - 1)];
  }
  actions_[at] = static_cast<uint8_t>(action);
  rewards_[at] = static_cast<float>(clip_ ? std::clamp(reward, -1.0, 1.0) : reward);
  ends_[at] = static_cast<uint8_t>(end);
  if (prioritized_) priorities_.set(slot(added_), largest_priority_);
  ++added_;
}

/// Of the frames that t's observation is a stack of, how many are of its episode, t's own included.
int64_t Replay::frames_of_episode(int64_t t) const {
  const int64_t oldest = added_ - size();
  int64_t frames = 1;
  while (frames < stack_ && t - frames >= oldest &&
         ends_[static_cast<size_t>(slot(t - frames))] == static_cast<uint8_t>(EpisodeEnd::none))
    ++frames;
  return frames;
}

bool Replay::is_whole(int64_t t) const {
  const int64_t oldest = added_ - size(), frames = frames_of_episode(t);
  return oldest == 0 || frames == stack_ || t - frames >= oldest;
}

const uint8_t* Replay::packed(int64_t t, std::vector<uint8_t>& room) const {
  if (stack_ == 1) return &frames_[static_cast<size_t>(slot(t) * frame_bytes_)];
  room.assign(static_cast<size_t>(stack_ * frame_bytes_), 0);
  for (int64_t back = frames_of_episode(t) - 1; back >= 0; --back) {
    const uint8_t* frame = &frames_[static_cast<size_t>(slot(t - back) * frame_bytes_)];
    uint8_t* to = &room[static_cast<size_t>(stack_ - 1 - back)];
    for (int64_t i = 0; i < frame_bytes_; ++i) to[i * stack_] = frame[i];
  }
  return room.data();
}

/// Row `row` of the batch from the transition that begins at t; false when it is not a whole one.
bool Replay::fill(int64_t t, size_t row, ReplayBatch& batch) const {
  if (!is_whole(t)) return false;
  double sum = 0, discount = 1;
  bool terminal = false;
  int64_t next = t;
  for (; next < t + n_step_ && !terminal; ++next) {
    if (next >= added_) return false;
    const auto at = static_cast<size_t>(slot(next));
    sum += discount * rewards_[at];
    discount *= gamma_;
    if (ends_[at] == static_cast<uint8_t>(EpisodeEnd::truncated)) return false;  // what follows is not known
    terminal = ends_[at] == static_cast<uint8_t>(EpisodeEnd::terminal);
  }
  if (!terminal && next >= added_) return false;
  const int64_t size = environment_.info().observation.size();
  std::vector<uint8_t> room;
  const auto unpack = [&](int64_t from, const Buffer& into) {
    environment_.unpack(packed(from, room), into.f32() + static_cast<int64_t>(row) * size);
  };
  unpack(t, batch.states);
  unpack(terminal ? t : next, batch.next_states);  // after the end anything will do: its discount is 0
  batch.actions[row] = actions_[static_cast<size_t>(slot(t))];
  batch.rewards[row] = static_cast<float>(sum);
  batch.discounts[row] = terminal ? 0 : static_cast<float>(discount);
  batch.places[row] = t;
  return true;
}

void Replay::sample(uint64_t seed, int64_t update, ReplayBatch& batch) const {
  const auto rows = static_cast<size_t>(batch_size_);
  if (batch.actions.size() != rows) {
    batch.states = Buffer(environment_.info().observation.batch(batch_size_));
    batch.next_states = Buffer(batch.states.tensor().shape());
    batch.actions.resize(rows), batch.rewards.resize(rows), batch.discounts.resize(rows), batch.places.resize(rows);
    batch.weights.resize(prioritized_ ? rows : 0);
  }
  Rng rng(seed, kSampling, static_cast<uint64_t>(update));
  const int64_t oldest = added_ - size();
  for (size_t row = 0; row < rows; ++row) {
    bool whole = false;
    while (!whole) {
      if (!prioritized_) {
        whole = fill(oldest + rng.below(size()), row, batch);
        continue;
      }
      // One draw from each of B equal shares of the total.
      const double where = (static_cast<double>(row) + rng.uniform()) / static_cast<double>(rows) * priorities_.total();
      const int64_t place = priorities_.find(where);
      const int64_t t = oldest + (place - slot(oldest) + capacity_) % capacity_;
      whole = t < added_ && fill(t, row, batch);
      // A share that lies wholly in transitions that are not whole would never end.
      if (!whole) whole = fill(oldest + rng.below(size()), row, batch);
    }
  }
  if (!prioritized_) return;
  float largest = 0;
  for (size_t row = 0; row < rows; ++row) {
    batch.weights[row] = static_cast<float>(1 / std::sqrt(priorities_.at(slot(batch.places[row])) + kTiny));
    largest = std::max(largest, batch.weights[row]);
  }
  for (float& weight : batch.weights) weight /= largest;
}

void Replay::set_losses(const ReplayBatch& batch, std::span<const float> losses) {
  if (!prioritized_) return;
  for (size_t row = 0; row < losses.size(); ++row) {
    const double priority = std::sqrt(losses[row] + kTiny);
    priorities_.set(slot(batch.places[row]), priority);
    largest_priority_ = std::max(largest_priority_, priority);
  }
}

Replay::Entry Replay::entry(int64_t i) const {
  const auto at = static_cast<size_t>(slot(added_ - size() + i));
  return {actions_[at], rewards_[at], static_cast<EpisodeEnd>(ends_[at]),
          prioritized_ ? priorities_.at(static_cast<int64_t>(at)) : 0};
}

std::vector<uint8_t> Replay::observation(int64_t i) const {
  std::vector<uint8_t> room;
  const uint8_t* bytes = packed(added_ - size() + i, room);
  return room.empty() ? std::vector<uint8_t>(bytes, bytes + frame_bytes_) : room;
}

void Replay::save(ByteWriter& out) const {
  const auto used = static_cast<size_t>(size());  // a ring that is not full begins at its first slot
  out.value(capacity_);
  out.value(added_);
  out.value(largest_priority_);
  out.raw(frames_.data(), used * static_cast<size_t>(frame_bytes_));
  out.raw(actions_.data(), used);
  out.raw(ends_.data(), used);
  out.raw(rewards_.data(), used * sizeof(float));
  if (!prioritized_) return;
  for (size_t i = 0; i < used; ++i) out.value(priorities_.at(static_cast<int64_t>(i)));
}

void Replay::restore(ByteReader& in) {
  const auto capacity = in.value<int64_t>("the replay buffer's capacity");
  if (capacity != capacity_)
    throw FormatError(in.name() + " holds a replay buffer of " + std::to_string(capacity) +
                      " transitions, not of rl.replay_capacity, " + std::to_string(capacity_));
  added_ = in.value<int64_t>("the replay buffer");
  largest_priority_ = in.value<double>("the replay buffer");
  const auto used = static_cast<size_t>(size());
  const auto take = [&](void* to, size_t bytes) { std::memcpy(to, in.raw(bytes, "the replay buffer").data(), bytes); };
  take(frames_.data(), used * static_cast<size_t>(frame_bytes_));
  take(actions_.data(), used);
  take(ends_.data(), used);
  take(rewards_.data(), used * sizeof(float));
  if (!prioritized_) return;
  for (size_t i = 0; i < used; ++i) priorities_.set(static_cast<int64_t>(i), in.value<double>("a priority"));
}

}  // namespace moescope::rl
