// Checkpoints as rows: the bytes in parts of at most 4 MiB, each with its CRC-32.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "compute/records/stored_run.h"
#include "sessions/database.h"

namespace moescope {

constexpr size_t kCheckpointPartBytes = size_t{4} << 20;  // also what the log grows to while one is staged

/// Writes a large checkpoint part by part, each in a transaction of its own, so that the log is carried into the file
/// in between instead of growing to the checkpoint's size. Until finish_checkpoint() its num_bytes is -1, nobody lists
/// it, and drop_unfinished_checkpoints() removes it. Not inside a transaction. Returns its id.
int64_t stage_checkpoint(const Database& database, int64_t run_id, const CheckpointTaken& checkpoint,
                         size_t part_bytes = kCheckpointPartBytes);

/// Inside the caller's transaction: makes a staged checkpoint one that counts and, when it is a rolling one, lets
/// earlier rolling ones go. Of those that fit in checkpoint.ring_bytes together with it, the ones that are spread most
/// evenly over the run stay: the same commit makes the new one durable and removes the others. False when the staged
/// one is gone, and nothing was done.
bool finish_checkpoint(const Database& database, int64_t run_id, int64_t checkpoint_id,
                       const CheckpointTaken& checkpoint);

/// Both at once, inside the caller's transaction.
int64_t store_checkpoint(const Database& database, int64_t run_id, const CheckpointTaken& checkpoint,
                         size_t part_bytes = kCheckpointPartBytes);

/// What a killed process left half written; only where nobody else is writing one.
void drop_unfinished_checkpoints(const Database& database);
/// The same for one run, whose only writer the caller is.
void drop_unfinished_checkpoints(const Database& database, int64_t run_id);

/// Oldest step first.
std::vector<CheckpointInfo> list_checkpoints(const Database& database, int64_t run_id);

/// Of a list by step, which must not be empty: the last one at or before `step`, the first one when all are later.
const CheckpointInfo& checkpoint_up_to(const std::vector<CheckpointInfo>& checkpoints, int64_t step);

/// The bytes. Throws StoreError: missing when there is no such checkpoint, damaged when a part is lost or altered.
std::vector<std::byte> load_checkpoint(const Database& database, int64_t checkpoint_id);

/// zlib's CRC-32.
uint32_t crc32_of(std::span<const std::byte> bytes);

}  // namespace moescope
