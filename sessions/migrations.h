// The schema's numbered steps: what brings a store of any age to the present one.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sessions/database.h"

namespace moescope {

/// One step from version `number` - 1 to `number`.
struct SchemaStep {
  int64_t number = 0;
  std::string_view name;  // "001_tables"
  std::string_view sql;
};

/// The embedded steps, 1, 2, 3, ... without a gap.
std::vector<SchemaStep> schema_steps();

/// The version that a store has; 0 for an empty file. Throws StoreError when the file is no moescope store.
int64_t schema_version(const Database& database);

/// Throws StoreError (newer) when the store's version is above what `steps` reach.
void refuse_newer_schema(const Database& database, std::span<const SchemaStep> steps);

/// Brings the store up to the last of `steps`, all in one transaction. An existing store is first copied to the file
/// that is returned ("runs.db.before-schema-2.bak"); empty when nothing had to be saved.
std::filesystem::path upgrade_schema(const Database& database, std::span<const SchemaStep> steps);

}  // namespace moescope
