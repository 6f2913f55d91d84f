// A run out of the store, for programs that read text: a folder of CSV tables, or one JSON file.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "sessions/run_reader.h"

namespace moescope {

/// One file a table (run, params, environment, metrics, commands, evaluations, events, notes, checkpoints,
/// routing_maps), made in `folder`, which is made when missing. RFC 4180, a header line first. Numbers are the shortest
/// text that reads back as the same bits; NaN and infinities are "nan", "inf", "-inf", as pandas and numpy read them;
/// what is absent is empty. Arrays and checkpoints' bytes appear by their size only. Returns the files. Throws
/// StoreError when there is no such run, UserError when a file cannot be written.
std::vector<std::filesystem::path> export_csv(const RunReader& reader, int64_t run_id,
                                              const std::filesystem::path& folder);

/// {"format": "moescope-run", "version": 1, "run": {...}, "params": {...}, "environment": {...},
///  "metrics": {KEY: {"step": [...], "wall_secs": [...], "value": [...]}}, "commands": [...], ..., "routing_maps":
///  [...]}.
/// JSON has no NaN: such numbers are the texts "NaN", "Infinity", "-Infinity". Routing maps carry their arrays, flat
/// and row-major; checkpoints only their labels. Written as it is read, whatever the run's length.
void export_json(const RunReader& reader, int64_t run_id, std::ostream& out);

}  // namespace moescope
