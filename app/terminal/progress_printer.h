// Progress on stderr: one line that is rewritten on a terminal, else a line now and then.
#pragma once

#include <chrono>
#include <string>

#include "compute/records/snapshot.h"

namespace moescope {

class ProgressPrinter {
 public:
  /// every_time: each snapshot as a plain line, for other programs.
  explicit ProgressPrinter(bool every_time = false);
  /// Ends the line, so that an error begins on one of its own.
  ~ProgressPrinter() { end_line(); }
  ProgressPrinter(const ProgressPrinter&) = delete;
  ProgressPrinter& operator=(const ProgressPrinter&) = delete;
  void show(const Snapshot& snapshot);
  /// The same for a run that has words of its own.
  void show(const std::string& text);
  /// A sentence on a line of its own.
  void say(const std::string& sentence);
  void end_line();

 private:
  const bool every_time_, is_terminal_;
  bool open_line_ = false;
  int64_t last_test_step_ = -1;
  std::chrono::steady_clock::time_point next_plain_{};
};

}  // namespace moescope
