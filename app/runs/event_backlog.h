// Events that are not stored yet, within a bound: what may be forgotten when memory runs short, and what never is.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compute/records/event.h"

namespace moescope {

/// Metrics, commands, evaluations and states are always kept. A rolling checkpoint makes the one before it needless;
/// above the bound the oldest routing maps go, and are counted so that it can be said.
class EventBacklog {
 public:
  explicit EventBacklog(int64_t max_bytes) : max_bytes_(max_bytes) {}

  void add(Event event);
  /// In the order of their arrival.
  std::span<const Event> events() const { return events_; }
  bool empty() const { return events_.empty(); }
  /// Roughly what they take in memory.
  int64_t num_bytes() const { return num_bytes_; }
  /// They are stored. Keeps num_dropped_maps.
  void clear();

  int64_t num_dropped_maps() const { return num_dropped_maps_; }
  void forget_dropped_maps() { num_dropped_maps_ = 0; }

 private:
  void drop_superseded_checkpoint();
  void drop_oldest_map();
  void erase(std::vector<Event>::iterator event);

  int64_t max_bytes_;
  std::vector<Event> events_;
  int64_t num_bytes_ = 0;
  int64_t num_maps_ = 0;
  int64_t num_dropped_maps_ = 0;
};

/// What an event takes in memory, to within its small parts.
int64_t event_bytes(const Event& event);

}  // namespace moescope
