// The replay buffer: packed observations in a ring, n-step transitions out, uniformly or by priority. Of observations
// that are stacks of frames it keeps the newest frame and stacks again when a transition is drawn.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compute/core/arena.h"
#include "compute/records/rl_config.h"
#include "compute/rl/environment.h"
#include "compute/train/byte_stream.h"

namespace moescope::rl {

/// Sums of halves of halves over priorities, so that drawing in proportion to them costs one walk down. Every inner
/// number is the sum of the two below it, whatever the order of changes: a tree rebuilt from its leaves is the same.
class SumTree {
 public:
  explicit SumTree(int64_t leaves);
  void set(int64_t leaf, double value);
  double at(int64_t leaf) const { return nodes_[static_cast<size_t>(first_leaf_ + leaf)]; }
  double total() const { return nodes_[1]; }
  /// The leaf in whose stretch of [0, total) `where` falls.
  int64_t find(double where) const;

 private:
  int64_t first_leaf_;
  std::vector<double> nodes_;
};

enum class EpisodeEnd : uint8_t { none, terminal, truncated };

/// A minibatch as the networks want it.
struct ReplayBatch {
  Buffer states, next_states;             // (B,H,W,C)
  std::vector<int32_t> actions;           // (B)
  std::vector<float> rewards, discounts;  // discounted sums over n steps; gamma^n, or 0 where the episode ended
  std::vector<float> weights;             // of the loss, largest 1; empty without priorities
  std::vector<int64_t> places;            // where each came from
};

class Replay {
 public:
  /// Throws ConfigError when rl.replay_capacity takes more than rl.replay_mib or than the machine's memory.
  Replay(const RlConfig& config, const Environment& environment);

  void add(std::span<const uint8_t> observation, int action, double reward, EpisodeEnd end);
  int64_t size() const { return std::min(added_, capacity_); }
  int64_t added() const { return added_; }
  int64_t capacity() const { return capacity_; }
  int64_t num_bytes() const;

  /// Fills the batch from draws that are a function of (seed, update). There must be more than batch_size + n_step
  /// transitions.
  void sample(uint64_t seed, int64_t update, ReplayBatch& batch) const;
  /// Prioritised: the present losses of a sampled batch become priorities sqrt(loss + 1e-10).
  void set_losses(const ReplayBatch& batch, std::span<const float> losses);

  /// What the buffer holds at the i-th oldest place.
  struct Entry {
    int action;
    float reward;
    EpisodeEnd end;
    double priority;  // 0 without priorities
  };
  Entry entry(int64_t i) const;
  /// Its observation, packed; frames that are overwritten already are 0.
  std::vector<uint8_t> observation(int64_t i) const;

  void save(ByteWriter& out) const;
  /// Throws FormatError when it is of another size.
  void restore(ByteReader& in);

 private:
  int64_t slot(int64_t t) const { return t % capacity_; }  // t counts all that were ever added
  bool fill(int64_t t, size_t row, ReplayBatch& batch) const;
  /// The packed observation of t, put together in `room` when it is a stack.
  const uint8_t* packed(int64_t t, std::vector<uint8_t>& room) const;
  /// False: a frame of its stack may be overwritten.
  bool is_whole(int64_t t) const;
  int64_t frames_of_episode(int64_t t) const;

  const Environment& environment_;
  int64_t capacity_, stack_, frame_bytes_, n_step_, batch_size_;
  double gamma_;
  bool clip_, prioritized_;
  int64_t added_ = 0;
  std::vector<uint8_t> frames_, actions_, ends_;
  std::vector<float> rewards_;
  SumTree priorities_;
  double largest_priority_ = 1;
};

}  // namespace moescope::rl
