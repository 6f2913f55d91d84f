// What a replay buffer holds, for somebody who looks: counts of all of it, and errors of a part of it spread evenly.
#pragma once

#include "compute/records/agent_view.h"
#include "compute/rl/q_network.h"
#include "compute/rl/replay.h"

namespace moescope::rl {

/// Transitions copied out of a buffer, so that they can be valued on another thread.
struct ReplayExcerpt {
  ReplayView counts;  // without what valuing adds
  int64_t observation_bytes = 0;
  std::vector<uint8_t> states, next_states;  // packed, one after the other, oldest first
  std::vector<uint8_t> actions;
  std::vector<float> rewards;
  std::vector<EpisodeEnd> ends;
};

/// At most `at_most` transitions. Costs one reading of actions, rewards and ends, and that many observations.
ReplayExcerpt take_excerpt(const Replay& replay, const EnvironmentInfo& game, int64_t at_most);

/// TD errors of one step, |r + gamma max Q(s',.) - Q(s,a)| with one network on both sides, and the expert that
/// most tokens of each state belong to (main_expert).
ReplayView value_excerpt(const ReplayExcerpt& excerpt, const Environment& environment, const QNetwork& network);

}  // namespace moescope::rl
