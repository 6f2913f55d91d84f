// Checkpoints in parts.
#include "sessions/checkpoints.h"

#include <zlib.h>

#include <algorithm>

#include "sessions/clock.h"

namespace moescope {

uint32_t crc32_of(std::span<const std::byte> bytes) {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

int64_t store_checkpoint(const Database& database, int64_t run_id, const CheckpointTaken& checkpoint,
                         size_t part_bytes) {
  const std::span<const std::byte> bytes =
      checkpoint.bytes ? std::span<const std::byte>(*checkpoint.bytes) : std::span<const std::byte>();
  Statement(database,
            "INSERT INTO checkpoints (run_id, step, wall_secs, rolling, reason, saved_at, num_bytes) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)")
      .run(run_id, checkpoint.step, checkpoint.wall_secs, checkpoint.rolling, std::string_view(checkpoint.reason),
           std::string_view(utc_now()), static_cast<int64_t>(bytes.size()));
  const int64_t checkpoint_id = database.last_insert_id();
  Statement insert(database, "INSERT INTO checkpoint_parts (checkpoint_id, part, crc32, bytes) VALUES (?, ?, ?, ?)");
  int64_t part = 0;
  for (size_t offset = 0; offset < bytes.size(); offset += part_bytes) {
    const auto piece = bytes.subspan(offset, std::min(part_bytes, bytes.size() - offset));
    insert.run(checkpoint_id, part++, static_cast<int64_t>(crc32_of(piece)), piece);
  }
  if (checkpoint.rolling) {
    Statement(database, "DELETE FROM checkpoints WHERE run_id = ? AND rolling = 1 AND checkpoint_id <> ?")
        .run(run_id, checkpoint_id);
  }
  return checkpoint_id;
}

std::vector<CheckpointInfo> list_checkpoints(const Database& database, int64_t run_id) {
  std::vector<CheckpointInfo> checkpoints;
  Statement select(
      database,
      "SELECT checkpoint_id, run_id, step, wall_secs, rolling, reason, saved_at, num_bytes FROM checkpoints "
      "WHERE run_id = ? ORDER BY step, checkpoint_id");
  select.bind_all(run_id);
  while (select.step()) {
    checkpoints.push_back({.checkpoint_id = select.integer(0),
                           .run_id = select.integer(1),
                           .step = select.integer(2),
                           .wall_secs = select.real(3),
                           .rolling = select.integer(4) != 0,
                           .reason = select.text(5),
                           .saved_at = select.text(6),
                           .num_bytes = select.integer(7)});
  }
  return checkpoints;
}

std::vector<std::byte> load_checkpoint(const Database& database, int64_t checkpoint_id) {
  const ReadSnapshot snapshot(database);  // a rolling checkpoint may be replaced while its parts are read
  const std::string name = "checkpoint " + std::to_string(checkpoint_id);
  Statement find(database, "SELECT num_bytes FROM checkpoints WHERE checkpoint_id = ?");
  find.bind_all(checkpoint_id);
  if (!find.step()) {
    throw StoreError(
        StoreProblem::missing, database.path(),
        name + " is not there (a newer rolling one may have replaced it); list the run's checkpoints again");
  }
  const auto num_bytes = static_cast<size_t>(find.integer(0));
  std::vector<std::byte> bytes;
  Statement select(database, "SELECT part, crc32, bytes FROM checkpoint_parts WHERE checkpoint_id = ? ORDER BY part");
  select.bind_all(checkpoint_id);
  for (int64_t part = 0; select.step(); ++part) {
    const auto piece = select.blob(2);
    const bool sound = select.integer(0) == part && select.integer(1) == crc32_of(piece);
    if (!sound) {
      throw StoreError(
          StoreProblem::damaged, database.path(),
          name + " is damaged in part " + std::to_string(part) + "; take an earlier checkpoint of the run");
    }
    if (bytes.empty()) bytes.reserve(num_bytes);
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  }
  if (bytes.size() != num_bytes) {
    throw StoreError(StoreProblem::damaged, database.path(),
                     name + " has " + std::to_string(bytes.size()) + " of " + std::to_string(num_bytes) +
                         " bytes; take an earlier checkpoint of the run");
  }
  return bytes;
}

}  // namespace moescope
