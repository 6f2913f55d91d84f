// Checkpoints as rows: the bytes in parts of at most 64 MiB, each with its CRC-32.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "compute/records/stored_run.h"
#include "sessions/database.h"

namespace moescope {

constexpr size_t kCheckpointPartBytes = size_t{64}
                                        << 20;  // SQLite's limit for one blob is 1 GB, and parts are copied whole

/// Stores a checkpoint inside the caller's transaction and, when it is a rolling one, removes the rolling ones before
/// it: the same commit makes the new one durable and lets the old one go. Returns its id.
int64_t store_checkpoint(const Database& database, int64_t run_id, const CheckpointTaken& checkpoint,
                         size_t part_bytes = kCheckpointPartBytes);

/// Oldest step first.
std::vector<CheckpointInfo> list_checkpoints(const Database& database, int64_t run_id);

/// The bytes. Throws StoreError: missing when there is no such checkpoint, damaged when a part is lost or altered.
std::vector<std::byte> load_checkpoint(const Database& database, int64_t checkpoint_id);

/// zlib's CRC-32.
uint32_t crc32_of(std::span<const std::byte> bytes);

}  // namespace moescope
