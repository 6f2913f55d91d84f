// Numbered schema steps, applied in one transaction after a copy of the old file has been made.
#include "sessions/migrations.h"

#include <charconv>
#include <stdexcept>

#include "sessions/embedded_sql.h"

namespace moescope {
namespace {

constexpr int64_t kApplicationId = 0x4d6f4553;  // "MoES", so that `file` and this program know their own
constexpr std::string_view kFolder = "sessions/schema/";

/// A name that is not taken yet, beside the store.
std::filesystem::path backup_path(const std::filesystem::path& store, int64_t next_version) {
  const std::string stem = store.string() + ".before-schema-" + std::to_string(next_version);
  std::filesystem::path path = stem + ".bak";
  for (int copy = 2; std::filesystem::exists(path); ++copy) path = stem + "-" + std::to_string(copy) + ".bak";
  return path;
}

std::filesystem::path back_up(const Database& database, int64_t next_version) {
  const std::filesystem::path path = backup_path(database.path(), next_version);
  try {
    Statement(database, "VACUUM INTO ?").run(path.string());
  } catch (const StoreError& error) {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);  // half a copy is worse than none
    throw StoreError(error.problem, database.path(),
                     "it needs an upgrade, but a copy to " + path.string() + " could not be made first (" +
                         error.what() + "); nothing was changed");
  }
  return path;
}

}  // namespace

std::vector<SchemaStep> schema_steps() {
  std::vector<SchemaStep> steps;
  for (const EmbeddedText& text : embedded_sql()) {
    if (!text.path.starts_with(kFolder)) continue;
    SchemaStep step;
    step.name = text.path.substr(kFolder.size());
    step.name.remove_suffix(std::string_view(".sql").size());
    std::from_chars(step.name.data(), step.name.data() + step.name.size(), step.number);
    step.sql = text.text;
    steps.push_back(step);
    if (step.number != static_cast<int64_t>(steps.size())) {
      throw std::logic_error("schema steps have a gap at " + std::string(text.path));
    }
  }
  return steps;
}

int64_t schema_version(const Database& database) {
  const int64_t version = database.integer("PRAGMA user_version");
  const int64_t application = database.integer("PRAGMA application_id");
  if (application == kApplicationId) return version;
  const bool empty = version == 0 && application == 0 && database.integer("SELECT count(*) FROM sqlite_schema") == 0;
  if (empty) return 0;
  throw StoreError(StoreProblem::not_a_store, database.path(),
                   "this is the SQLite file of another program; name another file for the runs");
}

void refuse_newer_schema(const Database& database, std::span<const SchemaStep> steps) {
  const int64_t version = schema_version(database);
  const auto known = static_cast<int64_t>(steps.size());
  if (version <= known) return;
  throw StoreError(StoreProblem::newer, database.path(),
                   "it was written by a newer moescope (schema " + std::to_string(version) + ", this program knows " +
                       std::to_string(known) + "); update moescope to open it");
}

std::filesystem::path upgrade_schema(const Database& database, std::span<const SchemaStep> steps) {
  refuse_newer_schema(database, steps);
  const int64_t version = schema_version(database);
  if (version == static_cast<int64_t>(steps.size())) return {};
  const std::filesystem::path backup = version > 0 ? back_up(database, version + 1) : std::filesystem::path();
  Transaction transaction(database);
  for (const SchemaStep& step : steps.subspan(static_cast<size_t>(version))) database.execute(step.sql);
  database.execute("PRAGMA application_id = " + std::to_string(kApplicationId));
  database.execute("PRAGMA user_version = " + std::to_string(steps.size()));
  transaction.commit();
  return backup;
}

}  // namespace moescope
