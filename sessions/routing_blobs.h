// Routing maps as rows: labels in columns, arrays as plain little-endian blobs (schema/001_tables.sql has their
// layout).
#pragma once

#include <vector>

#include "compute/records/stored_run.h"
#include "sessions/database.h"

namespace moescope {

int64_t store_routing(const Database& database, int64_t run_id, const RoutingTaken& routing);

/// By step, then image and layer.
std::vector<RoutingInfo> list_routing(const Database& database, int64_t run_id);

/// Throws StoreError: missing, or damaged when an array's size is neither 0 nor what the labels ask for.
RoutingTaken load_routing(const Database& database, int64_t map_id);

}  // namespace moescope
