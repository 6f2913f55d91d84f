// Checkpoints in parts.
#include "sessions/checkpoints.h"

#include <zlib.h>

#include <algorithm>

#include "sessions/clock.h"

namespace moescope {

uint32_t crc32_of(std::span<const std::byte> bytes) {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

namespace {

std::span<const std::byte> bytes_of(const CheckpointTaken& checkpoint) {
  return checkpoint.bytes ? std::span<const std::byte>(*checkpoint.bytes) : std::span<const std::byte>();
}

int64_t insert_row(const Database& database, int64_t run_id, const CheckpointTaken& checkpoint) {
  Statement(database,
            "INSERT INTO checkpoints (run_id, step, wall_secs, rolling, reason, saved_at, num_bytes) "
            "VALUES (?, ?, ?, ?, ?, ?, -1)")
      .run(run_id, checkpoint.step, checkpoint.wall_secs, checkpoint.rolling, std::string_view(checkpoint.reason),
           std::string_view(utc_now()));
  return database.last_insert_id();
}

/// Calls write(number, piece) for each part.
template <class Write>
void for_each_part(std::span<const std::byte> bytes, size_t part_bytes, Write&& write) {
  int64_t part = 0;
  for (size_t offset = 0; offset < bytes.size(); offset += part_bytes) {
    write(part++, bytes.subspan(offset, std::min(part_bytes, bytes.size() - offset)));
  }
}

constexpr const char* kInsertPart =
    "INSERT INTO checkpoint_parts (checkpoint_id, part, crc32, bytes) VALUES (?, ?, ?, ?)";

struct Kept {
  int64_t id, step, num_bytes;
};

/// The one to let go: whose neighbours are nearest to each other. The newest stays, and the first as long as it can.
size_t most_crowded(const std::vector<Kept>& ring) {
  if (ring.size() == 2) return 0;
  size_t best = 1;
  for (size_t i = 2; i + 1 < ring.size(); ++i) {
    if (ring[i + 1].step - ring[i - 1].step < ring[best + 1].step - ring[best - 1].step) best = i;
  }
  return best;
}

void thin_ring(const Database& database, int64_t run_id, const CheckpointTaken& newest) {
  std::vector<Kept> ring;
  int64_t total = 0;
  Statement select(database,
                   "SELECT checkpoint_id, step, num_bytes FROM checkpoints "
                   "WHERE run_id = ? AND rolling = 1 AND num_bytes >= 0 ORDER BY step, checkpoint_id");
  select.bind_all(run_id);
  while (select.step()) {
    ring.push_back({select.integer(0), select.integer(1), select.integer(2)});
    total += ring.back().num_bytes;
  }
  Statement remove(database, "DELETE FROM checkpoints WHERE checkpoint_id = ?");
  while (ring.size() > 1 && total > newest.ring_bytes) {
    const size_t gone = most_crowded(ring);
    total -= ring[gone].num_bytes;
    remove.run(ring[gone].id);
    ring.erase(ring.begin() + static_cast<std::ptrdiff_t>(gone));
  }
}

}  // namespace

int64_t stage_checkpoint(const Database& database, int64_t run_id, const CheckpointTaken& checkpoint,
                         size_t part_bytes) {
  const int64_t id = insert_row(database, run_id, checkpoint);
  Statement insert(database, kInsertPart);
  for_each_part(bytes_of(checkpoint), part_bytes, [&](int64_t part, std::span<const std::byte> piece) {
    Transaction transaction(database);
    insert.run(id, part, static_cast<int64_t>(crc32_of(piece)), piece);
    transaction.commit();
  });
  return id;
}

bool finish_checkpoint(const Database& database, int64_t run_id, int64_t checkpoint_id,
                       const CheckpointTaken& checkpoint) {
  Statement(database, "UPDATE checkpoints SET num_bytes = ? WHERE checkpoint_id = ?")
      .run(static_cast<int64_t>(bytes_of(checkpoint).size()), checkpoint_id);
  if (database.num_changes() == 0) return false;
  if (checkpoint.rolling) thin_ring(database, run_id, checkpoint);
  return true;
}

int64_t store_checkpoint(const Database& database, int64_t run_id, const CheckpointTaken& checkpoint,
                         size_t part_bytes) {
  const int64_t id = insert_row(database, run_id, checkpoint);
  Statement insert(database, kInsertPart);
  for_each_part(bytes_of(checkpoint), part_bytes, [&](int64_t part, std::span<const std::byte> piece) {
    insert.run(id, part, static_cast<int64_t>(crc32_of(piece)), piece);
  });
  finish_checkpoint(database, run_id, id, checkpoint);
  return id;
}

void drop_unfinished_checkpoints(const Database& database) {
  database.execute("DELETE FROM checkpoints WHERE num_bytes < 0");
}

void drop_unfinished_checkpoints(const Database& database, int64_t run_id) {
  Statement(database, "DELETE FROM checkpoints WHERE num_bytes < 0 AND run_id = ?").run(run_id);
}

std::vector<CheckpointInfo> list_checkpoints(const Database& database, int64_t run_id) {
  std::vector<CheckpointInfo> checkpoints;
  Statement select(
      database,
      "SELECT checkpoint_id, run_id, step, wall_secs, rolling, reason, saved_at, num_bytes FROM checkpoints "
      "WHERE run_id = ? AND num_bytes >= 0 ORDER BY step, checkpoint_id");
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

const CheckpointInfo& checkpoint_up_to(const std::vector<CheckpointInfo>& checkpoints, int64_t step) {
  const auto later = std::upper_bound(checkpoints.begin(), checkpoints.end(), step,
                                      [](int64_t wanted, const CheckpointInfo& one) { return wanted < one.step; });
  return later == checkpoints.begin() ? *later : *(later - 1);
}

namespace {

/// Where one may begin instead of at a checkpoint that is damaged.
std::string remedy(const Database& database, int64_t run_id, int64_t step) {
  const std::string run = std::to_string(run_id);
  if (database.integer("SELECT EXISTS (SELECT 1 FROM params WHERE run_id = " + run + " AND key = 'rl.game')") != 0)
    return "train the agent anew";
  Statement earlier(database, "SELECT max(step) FROM checkpoints WHERE run_id = ? AND step < ? AND num_bytes >= 0");
  earlier.bind_all(run_id, step);
  if (!earlier.step() || earlier.is_null(0)) return "the run has no earlier one, so begin it anew";
  const std::string before = earlier.text(0);
  return "`moescope train --branch " + run + "@" + before + "` begins a new run at step " + before;
}

}  // namespace

std::vector<std::byte> load_checkpoint(const Database& database, int64_t checkpoint_id) {
  const ReadSnapshot snapshot(database);  // a rolling checkpoint may be replaced while its parts are read
  const std::string name = "checkpoint " + std::to_string(checkpoint_id);
  Statement find(database,
                 "SELECT num_bytes, run_id, step FROM checkpoints WHERE checkpoint_id = ? AND num_bytes >= 0");
  find.bind_all(checkpoint_id);
  if (!find.step()) {
    throw StoreError(
        StoreProblem::missing, database.path(),
        name + " is not there (a newer rolling one may have replaced it); list the run's checkpoints again");
  }
  const auto num_bytes = static_cast<size_t>(find.integer(0));
  const int64_t run_id = find.integer(1), step = find.integer(2);
  const auto refuse = [&](const std::string& what) {
    throw StoreError(StoreProblem::damaged, database.path(),
                     name + " (run " + std::to_string(run_id) + ", step " + std::to_string(step) + ") " + what + "; " +
                         remedy(database, run_id, step));
  };
  std::vector<std::byte> bytes;
  Statement select(database, "SELECT part, crc32, bytes FROM checkpoint_parts WHERE checkpoint_id = ? ORDER BY part");
  select.bind_all(checkpoint_id);
  for (int64_t part = 0; select.step(); ++part) {
    const auto piece = select.blob(2);
    const bool sound = select.integer(0) == part && select.integer(1) == crc32_of(piece);
    if (!sound) refuse("is damaged in part " + std::to_string(part));
    if (bytes.empty()) bytes.reserve(num_bytes);
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  }
  if (bytes.size() != num_bytes) {
    refuse("has " + std::to_string(bytes.size()) + " of " + std::to_string(num_bytes) + " bytes");
  }
  return bytes;
}

}  // namespace moescope
