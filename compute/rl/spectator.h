// An agent at play for somebody who looks: a step at a time, back and forth within the episode, with experts off, or
// with a person's own actions in place of the agent's.
#pragma once

#include <map>

#include "compute/records/agent_view.h"
#include "compute/rl/agent.h"

namespace moescope::rl {

class Spectator {
 public:
  /// The network must outlive it; its weights may change between two calls.
  Spectator(QNetwork& network, uint64_t seed);

  /// The next episode; the one before stays in the list.
  void begin();
  /// The episode of this number in the sitting, at its first state; the nearest of the list when it is forgotten.
  void open(int64_t episode);
  /// Adds an episode that was stored, and opens it. Throws ConfigError when it is of another game, and when its seed
  /// does not give its return and end any more.
  void open(const PlayedEpisode& stored);

  /// The next state: by the action stored for this one, else by the agent's. False at the episode's end.
  bool step();
  /// The same by a person's action; what was stored after this state is forgotten.
  bool step(int action);
  void go_to(int64_t step);
  bool at_end() const { return position_ == episode().length(); }
  bool over() const { return at_end() && episode().over; }

  /// (E) 1: off from now on. Throws ConfigError when the number is not E, or none is left.
  void switch_off(const std::vector<uint8_t>& experts);
  void set_weights_step(int64_t step) { weights_step_ = step; }

  const PlayedEpisode& episode() const { return episodes_[static_cast<size_t>(chosen_)]; }
  int64_t position() const { return position_; }
  /// Everything about the present state; serial, run and the like are the caller's.
  AgentView view();

 private:
  static constexpr size_t kMostEpisodes = 200;  // in the list; at full speed one ends every few milliseconds
  struct Trace {
    std::vector<float> returns, best_values, td_errors;
  };
  struct Tally {
    double sum = 0;
    int64_t count = 0;
  };
  PlayedEpisode& now() { return episodes_[static_cast<size_t>(chosen_)]; }
  Trace& trace() { return traces_[static_cast<size_t>(chosen_)]; }
  void append(PlayedEpisode episode);
  void replay_to(int64_t step);
  void advance(int action, std::optional<float> value);
  void note_value(const std::vector<float>& values);
  ReturnsSoFar mean_returns() const;
  std::string names_of_off() const;

  QNetwork& network_;
  Player player_;
  uint64_t seed_, next_episode_ = 0;
  int64_t weights_step_ = 0, chosen_ = -1, position_ = 0;
  double return_ = 0;
  std::vector<PlayedEpisode> episodes_;
  std::vector<Trace> traces_;           // of each episode
  int64_t forgotten_ = 0;               // episodes before the first of them,
  std::map<std::string, Tally> tally_;  // and their returns by experts off, without those played by hand
};

/// Where the tokens' grid lies in a frame, as shares: MinAtar's windows are centred on all places but the border.
std::array<float, 4> token_area(const QNetwork& network);

}  // namespace moescope::rl
