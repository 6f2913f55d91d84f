// Arrays of a routing map to blobs and back.
#include "sessions/routing_blobs.h"

#include <bit>
#include <cstring>

#include "compute/records/config_fields.h"
#include "sessions/embedded_sql.h"
#include "sessions/run_names.h"

namespace moescope {
namespace {

static_assert(std::endian::native == std::endian::little, "the blobs are little-endian and are copied as they are");

template <class T>
std::span<const std::byte> as_blob(const std::vector<T>& values) {
  return std::as_bytes(std::span<const T>(values));
}

[[noreturn]] void damaged(const Database& database, int64_t map_id, const std::string& what) {
  throw StoreError(
      StoreProblem::damaged, database.path(),
      "routing map " + std::to_string(map_id) + ": " + what + "; `moescope runs check` lists all such rows");
}

/// Reads one array and checks its size against the labels: a map with half an array must not reach a panel.
class ArrayReader {
 public:
  ArrayReader(const Database& database, const Statement& row, int64_t map_id)
      : database_(database), row_(row), map_id_(map_id) {}

  template <class T>
  void read(int column, int64_t count, std::vector<T>& values) const {
    const auto blob = row_.blob(column);
    const bool fits = count >= 0 && blob.size() == static_cast<size_t>(count) * sizeof(T);
    if (!blob.empty() && !fits) {
      damaged(database_, map_id_,
              row_.column_name(column) + " has " + std::to_string(blob.size()) + " bytes where its labels ask for " +
                  std::to_string(count * static_cast<int64_t>(sizeof(T))));
    }
    values.resize(blob.size() / sizeof(T));
    if (!blob.empty()) std::memcpy(values.data(), blob.data(), blob.size());
  }

 private:
  const Database& database_;
  const Statement& row_;
  int64_t map_id_;
};

RoutingMap read_labels(const Database& database, const Statement& row, int64_t map_id) {
  RoutingMap map;
  const auto router = router_from_name(row.text(1));
  if (!router) damaged(database, map_id, "there is no router '" + row.text(1) + "'");
  map.router = *router;
  map.layer = row.integer(2);
  map.step = row.integer(3);
  map.token_set = row.text(4);
  map.grid_height = row.integer(5);
  map.grid_width = row.integer(6);
  map.has_class_token = row.integer(7) != 0;
  map.num_tokens = row.integer(8);
  map.num_experts = row.integer(9);
  map.temperature = row.real(10);
  map.k = row.integer(11);
  map.capacity = row.integer(12);
  map.actual_capacity_factor = row.real(13);
  map.slots_per_expert = row.integer(14);
  map.scale = static_cast<float>(row.real(15));
  constexpr int64_t kMost = int64_t{1} << 20;  // keeps the products of three below from overflowing
  for (const int64_t size : {map.num_tokens, map.num_experts, map.k, map.slots_per_expert}) {
    if (size < 0 || size > kMost) damaged(database, map_id, "a size of " + std::to_string(size) + " cannot be");
  }
  return map;
}

std::vector<DropReason> to_reasons(const Database& database, int64_t map_id, const std::vector<uint8_t>& bytes) {
  std::vector<DropReason> reasons;
  for (const uint8_t byte : bytes) {
    if (byte > static_cast<uint8_t>(DropReason::expert_off))
      damaged(database, map_id, "drop_reason " + std::to_string(byte) + " is unknown");
    reasons.push_back(static_cast<DropReason>(byte));
  }
  return reasons;
}

}  // namespace

int64_t store_routing(const Database& database, int64_t run_id, const RoutingTaken& routing) {
  const RoutingMap& m = routing.map;
  Statement insert(database, query("insert_routing_map"));
  insert.run(run_id, m.step, m.layer, std::string_view(routing.image), std::string_view(m.token_set),
             router_name(m.router), m.grid_height, m.grid_width, m.has_class_token, m.num_tokens, m.num_experts,
             m.temperature, m.k, m.capacity, m.actual_capacity_factor, m.slots_per_expert, static_cast<double>(m.scale),
             as_blob(m.gates), as_blob(m.expert), as_blob(m.weight), as_blob(m.place), as_blob(m.drop),
             as_blob(m.dispatch), as_blob(m.combine), as_blob(m.expert_off));
  return database.last_insert_id();
}

std::vector<RoutingInfo> list_routing(const Database& database, int64_t run_id) {
  std::vector<RoutingInfo> maps;
  Statement select(
      database,
      "SELECT map_id, step, layer, image FROM routing_maps WHERE run_id = ? ORDER BY step, image, layer, map_id");
  select.bind_all(run_id);
  while (select.step()) {
    maps.push_back(
        {.map_id = select.integer(0), .step = select.integer(1), .layer = select.integer(2), .image = select.text(3)});
  }
  return maps;
}

RoutingTaken load_routing(const Database& database, int64_t map_id) {
  Statement row(database, query("load_routing_map"));
  row.bind_all(map_id);
  if (!row.step()) {
    throw StoreError(StoreProblem::missing, database.path(), "there is no routing map " + std::to_string(map_id));
  }
  RoutingTaken taken{.image = row.text(0), .map = read_labels(database, row, map_id)};
  RoutingMap& m = taken.map;
  const int64_t tokens = m.num_tokens, experts = m.num_experts, choices = tokens * m.k;
  const int64_t pairs = tokens * experts * m.slots_per_expert;
  const ArrayReader arrays(database, row, map_id);
  arrays.read(16, tokens * experts, m.gates);
  arrays.read(17, choices, m.expert);
  arrays.read(18, choices, m.weight);
  arrays.read(19, choices, m.place);
  std::vector<uint8_t> reasons;
  arrays.read(20, choices, reasons);
  m.drop = to_reasons(database, map_id, reasons);
  arrays.read(21, pairs, m.dispatch);
  arrays.read(22, pairs, m.combine);
  arrays.read(23, experts, m.expert_off);
  return taken;
}

}  // namespace moescope
