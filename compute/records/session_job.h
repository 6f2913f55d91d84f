// Work on stored runs that takes its time: what it is, how far it is, how it ended.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moescope {

struct SessionJob {
  enum class State { waiting, running, done, failed, cancelled };
  int64_t job_id = 0;
  std::string title;  // "replay of run 3"
  State state = State::waiting;
  double share = -1;  // 0..1; -1: not known
  double eta_secs = -1;
  std::vector<int64_t> runs;  // that it made, once it is over
  std::string result;         // one sentence once it is over: what came out, or why it failed
};

}  // namespace moescope
