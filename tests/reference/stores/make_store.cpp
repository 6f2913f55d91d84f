// Writes a small store by the program's own writer: one run with all that a run leaves behind. Compiled and run at the
// last commit of each schema, so that tests open what that version really wrote; README.md says how.
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <vector>

#include "sessions/routing_blobs.h"
#include "sessions/run_notes.h"
#include "sessions/run_writer.h"
#include "sessions/session_store.h"

using namespace moescope;

namespace {

RoutingTaken a_routing() {
  RoutingTaken routing;
  routing.image = "test 3";
  RoutingMap& map = routing.map;
  map.router = RouterKind::tokens_choice;
  map.layer = 1, map.step = 100;
  map.token_set = "test 3, its 4 tokens";
  map.grid_height = map.grid_width = 2;
  map.num_tokens = 4, map.num_experts = 2, map.k = 1, map.capacity = 2;
  map.gates = {0.75f, 0.25f, 0.5f, 0.5f, 0.125f, 0.875f, 1, 0};
  map.expert = {0, 1, 1, 0};
  map.weight = {0.75f, 0.5f, 0.875f, 1};
  map.place = {0, 0, 1, 1};
  map.drop = std::vector<DropReason>(4, DropReason::none);
  map.drop[2] = DropReason::expert_full;
  map.expert_off = {0, 0};
  return routing;
}

}  // namespace

int main(int, char** argv) {
  const SessionStore store(argv[1], SessionStore::Access::write);
  RunStarted start;
  start.config.name = "an old run";
  start.config.router.kind = RouterKind::tokens_choice;
  start.config.router.k = 1;
  start.config.train.seed = 17;
  start.environment = {{"cpu", "Old CPU"}, {"dataset_hash", "0123456789abcdef"}};
  start.num_parameters = 1234;
  start.gflops_per_image = 0.25;
  MetricsTaken taken;
  for (int64_t step = 1; step <= 100; ++step)
    taken.metrics.push_back({"train/loss", step, 0.5 * static_cast<double>(step), 1.0 / static_cast<double>(step)});
  taken.metrics[49].value = std::numeric_limits<double>::quiet_NaN();
  taken.metrics[59].value = std::numeric_limits<double>::infinity();
  CheckpointTaken checkpoint;
  checkpoint.step = 100, checkpoint.wall_secs = 50, checkpoint.rolling = false, checkpoint.reason = "asked";
  auto bytes = std::make_shared<std::vector<std::byte>>();
  for (int i = 0; i < 1000; ++i) bytes->push_back(static_cast<std::byte>(i * 7));
  checkpoint.bytes = bytes;
  RunWriter writer(store);
  writer.write(std::vector<Event>{start, StateChanged{0, 0, RunState::running, ""}, taken,
                                  CommandApplied{20, 10, "router.noise_std", "1", "0.5"},
                                  Evaluated{100, 50, "test", 10, 0.875, 0.5, ""}, a_routing(), checkpoint,
                                  StateChanged{100, 50, RunState::finished, "steps=100 reached"}});
  add_note(store.database(), 1, 100, "kept since then");
  writer.sync();
}
