// States and routers in words.
#include "sessions/run_names.h"

#include <array>

#include "compute/records/config_fields.h"

namespace moescope {
namespace {

constexpr std::array<std::string_view, 6> kStates = {"preparing", "running", "paused",
                                                     "diverged",  "failed",  "finished"};

}  // namespace

std::string_view state_name(RunState state) { return kStates.at(static_cast<size_t>(state)); }

RunState state_from_name(std::string_view name) {
  for (size_t i = 0; i < kStates.size(); ++i) {
    if (kStates[i] == name) return static_cast<RunState>(i);
  }
  return RunState::paused;
}

std::string_view router_name(RouterKind router) { return choice_names<RouterKind>()[static_cast<size_t>(router)]; }

std::optional<RouterKind> router_from_name(std::string_view name) {
  const auto names = choice_names<RouterKind>();
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<RouterKind>(i);
  }
  return std::nullopt;
}

}  // namespace moescope
