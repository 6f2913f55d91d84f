// The stored side of the stage: which agents there are, and one of them taken out with its curves.
#include <cmath>
#include <map>
#include <utility>

#include "app/agents/stored_agent.h"
#include "app/doors/agent_stage.h"
#include "compute/records/cell_values.h"
#include "sessions/run_reader.h"

namespace moescope {
namespace {

using std::chrono::milliseconds;

constexpr auto kLinesEvery = milliseconds(2000);
constexpr int64_t kMostAgents = 200;
constexpr int64_t kMostPoints = 2000;  // of a curve

std::string text_of(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* number = std::get_if<int64_t>(&cell)) return std::to_string(*number);
  if (const auto* number = std::get_if<double>(&cell)) return std::to_string(std::llround(*number));
  return "";
}

AgentLines read_agents(const RunReader& reader) {
  RunQuery wanted;
  wanted.limit = kMostAgents;
  wanted.where = "rl.game != ''";
  AgentLines lines;
  const CellTable table =
      reader.run_cells(wanted, {"run", "name", "rl.game", "rl.layer", "rl.experts", "step", "rl/return"});
  for (const std::vector<Cell>& row : table.rows) {
    AgentLine line;
    line.run_id = whole_of(row[0]), line.name = text_of(row[1]), line.game = text_of(row[2]);
    line.layer = text_of(row[3]);
    if (line.layer != "dense") line.layer += ", " + text_of(row[4]) + " experts";
    line.step = whole_of(row[5]), line.last_return = number_of(row[6]);
    lines.agents.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

void AgentStage::read_lines() {
  next_lines_ = Clock::now() + kLinesEvery;
  auto lines = std::make_shared<AgentLines>();
  try {
    if (!store_ && std::filesystem::exists(store_path_)) store_.emplace(store_path_, SessionStore::Access::read);
    if (store_) {
      const int64_t version = store_->database().integer("PRAGMA data_version");
      if (std::exchange(data_version_, version) == version) return;
      *lines = read_agents(RunReader(*store_));
    }
  } catch (const std::exception& error) { lines->refusal = error.what(); }
  lines_.post(std::move(lines));
  wake_();
}

void AgentStage::forget_agent() {
  spectator_.reset();
  stored_.reset();
  live_ = by_hand_ = false;
  stored_run_ = 0;
  ++agent_;
  {
    const std::lock_guard lock(mutex_);
    metrics_ = {true, {}};
  }
  views_.post(nullptr);
  replays_.post(nullptr);
}

void AgentStage::show_live() {
  if (!training_) throw UserError("no agent trains in this window; begin one with New agent");
  if (live_) return;
  const int64_t run_id = training_->state().run_id;
  const bool other_game = stored_ != nullptr;
  forget_agent();
  live_ = true;
  if (other_game) game_ = rl::make_environment(network_->config());
  next_weights_ = {};
  if (run_id != 0) load_curves(run_id);
}

void AgentStage::show_stored(int64_t run_id) {
  StoredAgent stored = load_stored_agent(store_path_.string(), std::to_string(run_id));
  forget_agent();
  stored_ = std::move(stored.agent);
  stored_run_ = run_id;
  game_ = rl::make_environment(stored_->config());
  spectator_ = std::make_unique<rl::Spectator>(stored_->learner().online(), kSeed);
  spectator_->set_weights_step(stored.step);
  playing_ = true;
  next_step_ = Clock::now();
  load_curves(run_id);
}

void AgentStage::load_curves(int64_t run_id) {
  const SessionStore store(store_path_, SessionStore::Access::read);
  const RunReader reader(store);
  AgentMetrics curves{true, {}};
  for (const std::string& key : reader.metric_keys(run_id)) {
    if (!key.starts_with("rl/") && !key.starts_with("layer0/") && !key.starts_with("train/loss")) continue;
    for (const EnvelopePoint& point : reader.load_envelope(run_id, key, kMostPoints).points)
      curves.metrics.push_back({key, point.first_step, 0, point.mean});
  }
  const std::lock_guard lock(mutex_);
  metrics_ = std::move(curves);
}

}  // namespace moescope
