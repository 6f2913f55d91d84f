// Finds a run by number, by name, or as the latest one.
#include "app/options/run_lookup.h"

#include <charconv>

#include "compute/records/nearest_name.h"
#include "compute/records/view_link.h"
#include "sessions/checkpoints.h"

namespace moescope {

namespace {

int64_t latest_run(const RunReader& reader, RunKind kind) {
  // A setting that runs of the kind have and others have not.
  const std::string_view key = kind == RunKind::agent ? "rl.game" : "model.patch";
  Statement latest(reader.database(),
                   "SELECT run_id FROM runs WHERE trashed_at IS NULL AND (?1 OR EXISTS (SELECT 1 FROM params WHERE "
                   "params.run_id = runs.run_id AND key = ?2)) ORDER BY run_id DESC LIMIT 1");
  latest.bind_all(static_cast<int64_t>(kind == RunKind::any), key);
  if (latest.step()) return latest.integer(0);
  if (kind == RunKind::agent) throw UserError("the store has no agent yet; `moescope rl train` trains one");
  throw UserError(kind == RunKind::model ? "the store has no trained model yet; `moescope train` makes one"
                                         : "the store has no runs yet; `moescope train` makes one");
}

}  // namespace

int64_t find_run(const RunReader& reader, const std::string& given, RunKind latest_of) {
  const std::string asked = is_link(given) ? link_from_text(given).run : given;
  int64_t id = 0;
  const auto [end, error] = std::from_chars(asked.data(), asked.data() + asked.size(), id);
  if (error == std::errc() && end == asked.data() + asked.size()) return reader.load_summary(id).run_id;

  if (asked == "latest") return latest_run(reader, latest_of);
  Statement named(reader.database(),
                  "SELECT run_id FROM runs WHERE name = ? AND trashed_at IS NULL ORDER BY run_id DESC LIMIT 1");
  named.bind_all(std::string_view(asked));
  if (named.step()) return named.integer(0);

  RunQuery newest_first;  // names to guess from, when nothing is called so
  newest_first.archived = true;
  newest_first.limit = 10000;
  const std::vector<RunSummary> runs = reader.list_runs(newest_first);
  if (runs.empty()) throw UserError("the store has no runs yet; `moescope train` makes one");
  std::vector<std::string_view> names;
  for (const RunSummary& run : runs) names.push_back(run.name);
  throw UserError("there is no run '" + asked + "'; did you mean '" + std::string(nearest_name(asked, names)) +
                  "'? `moescope runs list` shows them all");
}

AskedMoment asked_moment(const std::string& given) {
  const size_t at = given.rfind('@');
  if (at == std::string::npos) return {given, {}};
  int64_t step = 0;
  const char* end = given.data() + given.size();
  const auto parsed = std::from_chars(given.data() + at + 1, end, step);
  if (parsed.ec != std::errc() || parsed.ptr != end || step < 0)
    throw UserError(given + " names no step; write RUN@STEP, for example 3@400");
  return {given.substr(0, at), step};
}

std::optional<CheckpointInfo> find_checkpoint(const RunReader& reader, int64_t run_id, std::optional<int64_t> step,
                                              StepMatch match) {
  const std::vector<CheckpointInfo> stored = list_checkpoints(reader.database(), run_id);
  if (stored.empty()) return std::nullopt;
  if (!step) return stored.back();
  if (match == StepMatch::up_to) return checkpoint_up_to(stored, *step);
  std::string steps;
  for (const CheckpointInfo& one : stored) {
    if (one.step == *step) return one;
    steps += (steps.empty() ? "" : ", ") + std::to_string(one.step);
  }
  throw UserError("run " + std::to_string(run_id) + " has no checkpoint of step " + std::to_string(*step) +
                  "; it has those of steps " + steps);
}

void refuse_trashed(const RunReader& reader, int64_t run_id) {
  if (!reader.load_summary(run_id).trashed) return;
  throw UserError("run " + std::to_string(run_id) + " is in the trash; `moescope runs restore " +
                  std::to_string(run_id) + "` takes it out, then it can go on");
}

}  // namespace moescope
