// An agent at play as a window shows it: what it sees, what it thinks each action is worth, where its experts look, and
// what its replay buffer holds.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "compute/records/command.h"
#include "compute/records/rl_config.h"
#include "compute/records/routing_map.h"

namespace moescope {

/// Who chose the actions of an episode; episodes of different players are not averaged together.
enum class PlayedBy : uint8_t { agent, changed, hand };  // as it is; with experts off; some action by a person

/// An episode that can be told again from its seed and its actions.
struct PlayedEpisode {
  std::string game;
  uint64_t seed = 0, number = 0;  // what Environment::reset takes
  std::vector<uint8_t> actions;
  double episode_return = 0;
  bool over = false;  // else it is in progress, or was left
  PlayedBy by = PlayedBy::agent;
  std::string experts_off;  // "2 5"; empty: none
  int64_t weights_step = 0;
  int64_t length() const { return static_cast<int64_t>(actions.size()); }
};

/// One line of the list of episodes.
struct EpisodeLine {
  double episode_return = 0;
  int64_t length = 0, weights_step = 0;
  bool over = false;
  PlayedBy by = PlayedBy::agent;
  std::string experts_off;
};

/// The mean return of finished episodes, as the agent is and as it is changed now.
struct ReturnsSoFar {
  int64_t episodes_as_is = 0, episodes_changed = 0;
  double mean_as_is = 0, mean_changed = 0;
};

struct AgentView {
  uint64_t serial = 0;  // grows with each view
  int64_t agent = 0;    // grows with each agent that is put on view
  int64_t run_id = 0;   // 0: in training, not stored yet
  bool live = false;    // its weights are those of the run in training
  int64_t weights_step = 0;
  RlConfig config;

  // the state on view
  std::vector<std::string> actions;             // names
  ImagePixels frame;                            // the game
  std::array<float, 4> token_area{0, 0, 1, 1};  // left, top, right, bottom of the tokens' grid, as shares of the frame
  std::vector<float> values;                    // Q(s,.) with the experts that are off
  std::vector<float> values_as_is;              // with all experts; empty when none is off
  int best = 0;                                 // of `values`
  int taken = -1;                               // what was done in this state; -1: nothing yet
  std::vector<RoutingMap> routing;              // the layer's; empty when the layer is dense

  // the episode
  int64_t episode = 0;                                 // index into `episodes`
  int64_t first_episode = 0;                           // so many of this sitting came before them and are forgotten
  int64_t step = 0, length = 0;                        // on view; known so far
  double return_here = 0;                              // until `step`
  std::vector<float> returns, best_values, td_errors;  // of each step known; td_errors one shorter at most
  bool over = false;                                   // `step` is its end

  std::vector<EpisodeLine> episodes;  // the last of this sitting, oldest first
  ReturnsSoFar mean_return;
  std::vector<uint8_t> experts_off;  // (E) 1: off; empty: no experts
  bool playing = false, by_hand = false;
};

/// What a replay buffer holds. `sampled` transitions, evenly spread from the oldest to the newest, were valued by the
/// weights at play.
struct ReplayView {
  uint64_t serial = 0;
  int64_t size = 0, capacity = 0, added = 0, num_bytes = 0;
  std::vector<std::string> actions;
  std::vector<int64_t> of_action;                     // adds up to size
  int64_t terminal = 0, truncated = 0, rewarded = 0;  // of size
  int64_t sampled = 0;
  double td_high = 0;                 // upper end of the histogram of |TD error|
  std::vector<int64_t> td_histogram;  // adds up to sampled
  std::vector<int64_t>
      of_expert;  // by the expert that most of its tokens belong to; adds up to sampled; empty: no experts
  std::vector<double> td_of_expert;  // mean |TD error| of those
  std::vector<double> td_by_age;     // ten stretches, oldest first: mean |TD error|
};

}  // namespace moescope
