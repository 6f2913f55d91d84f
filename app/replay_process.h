// A replay as a process of its own: `moescope runs replay`, its progress read line by line. A run is done again with
// the threads and the precision that it had; a process has one pool of threads and one precision, and here another run
// may be training.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace moescope {

struct ReplayEnd {
  bool cancelled = false;
  int status = 0;     // 0: all the same, 1: something differs, 2: it could not be done
  std::string words;  // what the program said, its lines joined
};

/// Starts `program` and waits for its end. Looks at `cancelled` ten times a second and then ends it. Throws UserError
/// when it cannot be started.
ReplayEnd replay_in_process(const std::filesystem::path& program, const std::filesystem::path& store, int64_t run_id,
                            const std::function<void(int64_t step, int64_t last)>& progress,
                            const std::atomic<bool>& cancelled);

}  // namespace moescope
