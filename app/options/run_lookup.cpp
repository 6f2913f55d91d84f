// Finds a run by number, by name, or as the latest one.
#include "app/options/run_lookup.h"

#include <charconv>

#include "compute/records/nearest_name.h"
#include "compute/records/view_link.h"

namespace moescope {

int64_t find_run(const RunReader& reader, const std::string& given) {
  const std::string asked = is_link(given) ? link_from_text(given).run : given;
  int64_t id = 0;
  const auto [end, error] = std::from_chars(asked.data(), asked.data() + asked.size(), id);
  if (error == std::errc() && end == asked.data() + asked.size()) return reader.load_summary(id).run_id;

  Statement named(reader.database(),
                  "SELECT run_id FROM runs WHERE name = ? AND trashed_at IS NULL ORDER BY run_id DESC LIMIT 1");
  named.bind_all(std::string_view(asked));
  if (asked != "latest" && named.step()) return named.integer(0);

  RunQuery newest_first;  // names to guess from, when nothing is called so
  newest_first.archived = true;
  newest_first.limit = asked == "latest" ? 1 : 10000;
  const std::vector<RunSummary> runs = reader.list_runs(newest_first);
  if (runs.empty()) throw UserError("the store has no runs yet; `moescope train` makes one");
  if (asked == "latest") return runs.front().run_id;
  std::vector<std::string_view> names;
  for (const RunSummary& run : runs) names.push_back(run.name);
  throw UserError("there is no run '" + asked + "'; did you mean '" + std::string(nearest_name(asked, names)) +
                  "'? `moescope runs list` shows them all");
}

}  // namespace moescope
