// Ctrl+C as a question: the first one asks to save and leave, a second one ends the program at once.
#pragma once

#include <csignal>

namespace moescope {

/// While one lives, the first SIGINT or SIGTERM is only noted; the old handlers come back at the end of the scope.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  bool asked() const;

 private:
  struct sigaction old_interrupt_ {
  }, old_terminate_{};
};

}  // namespace moescope
