// The bound on events in memory.
#include "app/runs/event_backlog.h"

#include <algorithm>
#include <iterator>

namespace moescope {
namespace {

template <class T>
int64_t array_bytes(const std::vector<T>& values) {
  return static_cast<int64_t>(values.size() * sizeof(T));
}

struct ExtraBytes {
  int64_t operator()(const MetricsTaken& taken) const {
    int64_t bytes = array_bytes(taken.metrics);
    for (const Metric& metric : taken.metrics) bytes += static_cast<int64_t>(metric.key.size());
    return bytes;
  }
  int64_t operator()(const RoutingTaken& taken) const {
    const RoutingMap& m = taken.map;
    return array_bytes(m.gates) + array_bytes(m.expert) + array_bytes(m.weight) + array_bytes(m.place) +
           array_bytes(m.drop) + array_bytes(m.dispatch) + array_bytes(m.combine) + array_bytes(m.expert_off);
  }
  int64_t operator()(const CheckpointTaken& taken) const {
    return taken.bytes ? static_cast<int64_t>(taken.bytes->size()) : 0;
  }
  int64_t operator()(const auto&) const { return 0; }
};

bool is_rolling(const Event& event) {
  const auto* checkpoint = std::get_if<CheckpointTaken>(&event);
  return checkpoint != nullptr && checkpoint->rolling;
}

}  // namespace

int64_t event_bytes(const Event& event) {
  return static_cast<int64_t>(sizeof(Event)) + std::visit(ExtraBytes{}, event);
}

void EventBacklog::add(Event event) {
  if (is_rolling(event)) drop_superseded_checkpoint();
  if (std::holds_alternative<RoutingTaken>(event)) ++num_maps_;
  num_bytes_ += event_bytes(event);
  events_.push_back(std::move(event));
  while (num_bytes_ > max_bytes_ && num_maps_ > 0) drop_oldest_map();
}

void EventBacklog::clear() {
  events_.clear();
  num_bytes_ = 0;
  num_maps_ = 0;
}

void EventBacklog::drop_superseded_checkpoint() {
  // A RunStarted ends the search: what stands before it belongs to another run.
  for (auto event = events_.end(); event != events_.begin();) {
    --event;
    if (std::holds_alternative<RunStarted>(*event)) return;
    if (is_rolling(*event)) return erase(event);
  }
}

void EventBacklog::drop_oldest_map() {
  const auto map = std::find_if(events_.begin(), events_.end(),
                                [](const Event& event) { return std::holds_alternative<RoutingTaken>(event); });
  --num_maps_;
  ++num_dropped_maps_;
  erase(map);
}

void EventBacklog::erase(std::vector<Event>::iterator event) {
  num_bytes_ -= event_bytes(*event);
  events_.erase(event);
}

}  // namespace moescope
