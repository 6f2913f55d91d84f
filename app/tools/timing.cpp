// A median resists what else the machine does meanwhile.
#include "app/tools/timing.h"

#include <algorithm>

namespace moescope {

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double median_secs(const std::function<void()>& call, double secs, Repeats repeats) {
  using Clock = std::chrono::steady_clock;
  for (int i = 0; i < repeats.warm_up; ++i) call();
  std::vector<double> times;
  const auto end = Clock::now() + std::chrono::duration<double>(secs);
  while (Clock::now() < end || times.size() < repeats.least) {
    const auto begin = Clock::now();
    call();
    times.push_back(secs_since(begin));
  }
  return median(std::move(times));
}

}  // namespace moescope
