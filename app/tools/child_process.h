// Another process of this program, at work for the window: what it says is read line by line. A run is done again with
// the threads and the precision that it had, a sweep trains with its own; a process has one pool of threads and one
// precision, and here another run may be training.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace moescope {

struct ChildEnd {
  bool cancelled = false;
  int status = 0;     // its exit status; 2 when a signal ended it
  std::string words;  // what it said, without the lines that on_line took, joined
};

/// Starts `program` and waits for its end. on_line: true when it has taken the line. Looks at `cancelled` ten times a
/// second and then asks it to end (SIGTERM). Throws UserError when it cannot be started.
ChildEnd run_child(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                   const std::function<bool(const std::string& line)>& on_line, const std::atomic<bool>& cancelled);

}  // namespace moescope
