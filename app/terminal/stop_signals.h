// Ctrl+C as a question: the first one asks to save and leave, a second one ends the program at once. The end of the
// session (SIGTERM) and of the terminal (SIGHUP) ask the same.
#pragma once

#include <csignal>

namespace moescope {

/// While one lives, the first SIGINT, SIGTERM or SIGHUP is only noted; the old handlers come back at the end of the
/// scope. A SIGHUP that nohup had ignored stays ignored.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  bool asked() const;

 private:
  struct sigaction old_interrupt_ {
  }, old_terminate_{}, old_hang_up_{};
};

}  // namespace moescope
