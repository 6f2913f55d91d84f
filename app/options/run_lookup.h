// From what a person writes for a run to the run, and to a place in it.
#pragma once

#include <optional>
#include <string>

#include "sessions/run_reader.h"

namespace moescope {

/// What a command does something with, where "latest" is to mean the latest of that: one store holds them side by side.
enum class RunKind { any, model, agent };

/// `given` is a run's number, a run's name (the latest run of that name), "latest", or a link (view_link.h). Throws
/// UserError naming the nearest name when there is no such run.
int64_t find_run(const RunReader& reader, const std::string& given, RunKind latest_of = RunKind::any);

/// What a person writes as RUN or RUN@STEP.
struct AskedMoment {
  std::string run;
  std::optional<int64_t> step;
};
/// Throws UserError when what stands behind the last @ is no step.
AskedMoment asked_moment(const std::string& given);

/// Whether a checkpoint must be of the very step that is asked for, or the last one at or before it will do
/// (checkpoint_up_to).
enum class StepMatch { exact, up_to };
/// Without a step the last one. Nothing when the run has none; throws UserError listing those that there are when none
/// is of that very step.
std::optional<CheckpointInfo> find_checkpoint(const RunReader& reader, int64_t run_id, std::optional<int64_t> step,
                                              StepMatch match = StepMatch::exact);

/// Throws UserError, which names the remedy, when the run lies in the trash: nothing more is recorded there.
void refuse_trashed(const RunReader& reader, int64_t run_id);

}  // namespace moescope
