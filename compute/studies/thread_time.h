// Processor time of the calling thread: what a study took, whatever else the machine did meanwhile.
#pragma once

#include <ctime>

namespace moescope {

inline double thread_secs() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace moescope
