// The checks, from the file's pages up to what they mean.
#include "sessions/check.h"

#include <set>

#include "sessions/checkpoints.h"
#include "sessions/embedded_sql.h"
#include "sessions/routing_blobs.h"
#include "sessions/run_params.h"
#include "sessions/session_store.h"

namespace moescope {
namespace {

constexpr int64_t kMostFindings = 100;  // a file of zeros need not fill a terminal

class Check {
 public:
  Check(const Database& database, const std::function<void(const std::string&)>& progress)
      : database_(database), progress_(progress) {}

  std::vector<std::string> run() {
    const ReadSnapshot snapshot(database_);
    part("pages and indices", [&] { pages(); });
    part("references", [&] { references(); });
    part("pyramids", [&] { pyramids(); });
    part("settings", [&] { settings(); });
    part("checkpoints", [&] { checkpoints(); });
    part("routing maps", [&] { routing_maps(); });
    return std::move(findings_);
  }

 private:
  /// Damage in one part is told and does not hide what the others find.
  template <class Look>
  void part(const std::string& name, Look&& look) {
    try {
      if (progress_) progress_(name);
      look();
    } catch (const StoreError& error) { findings_.push_back(name + ": " + error.what()); }
  }

  void pages() {
    Statement check(database_, "PRAGMA integrity_check(" + std::to_string(kMostFindings) + ")");
    while (check.step()) {
      if (check.text(0) != "ok") findings_.push_back("pages and indices: " + check.text(0));
    }
  }

  void references() {
    Statement check(database_, "PRAGMA foreign_key_check");
    for (int64_t count = 0; count < kMostFindings && check.step(); ++count) {
      findings_.push_back("a row of " + check.text(0) + " belongs to no row of " + check.text(2));
    }
  }

  void pyramids() {
    Statement wrong(database_, query("wrong_pyramids"));
    for (int64_t count = 0; count < kMostFindings && wrong.step(); ++count) {
      findings_.push_back("run " + wrong.text(0) + ": the overview of metric key " + wrong.text(1) +
                          " disagrees with its points; the points are what counts");
    }
  }

  std::vector<int64_t> ids(std::string_view sql) const {
    std::vector<int64_t> found;
    Statement select(database_, sql);
    while (select.step()) found.push_back(select.integer(0));
    return found;
  }

  void settings() {
    // What another program recorded may say nothing about settings.
    const auto others = ids("SELECT run_id FROM environment WHERE key = 'imported_from'");
    const std::set<int64_t> imported(others.begin(), others.end());
    for (const int64_t run : ids("SELECT run_id FROM runs ORDER BY run_id")) {
      const ParamTexts params = read_params(database_, run);
      if (params.empty() && !imported.contains(run))
        findings_.push_back("run " + std::to_string(run) + " has no settings");
      std::vector<std::string> doubts;
      to_config(params, doubts);
      for (const std::string& doubt : doubts) findings_.push_back("run " + std::to_string(run) + ": " + doubt);
    }
  }

  /// Loads each row by its id and keeps what the loader complains about.
  template <class Load>
  void load_all(const std::string& what, const std::vector<int64_t>& rows, Load&& load) {
    for (size_t i = 0; i < rows.size(); ++i) {
      if (progress_) progress_(what + " " + std::to_string(i + 1) + " of " + std::to_string(rows.size()));
      try {
        load(rows[i]);
      } catch (const StoreError& error) { findings_.emplace_back(error.what()); }
    }
  }

  void checkpoints() {
    load_all("checkpoint", ids("SELECT checkpoint_id FROM checkpoints WHERE num_bytes >= 0 ORDER BY checkpoint_id"),
             [&](int64_t id) {
               const auto bytes = load_checkpoint(database_, id);
               if (bytes.empty()) findings_.push_back("checkpoint " + std::to_string(id) + " is empty");
             });
  }

  void routing_maps() {
    load_all("routing map", ids("SELECT map_id FROM routing_maps ORDER BY map_id"),
             [&](int64_t id) { load_routing(database_, id); });
  }

  const Database& database_;
  const std::function<void(const std::string&)>& progress_;
  std::vector<std::string> findings_;
};

}  // namespace

std::vector<std::string> check_store(const std::filesystem::path& path,
                                     const std::function<void(const std::string&)>& progress) {
  try {
    const SessionStore store(path, SessionStore::Access::read);
    return Check(store.database(), progress).run();
  } catch (const StoreError& error) {
    // A file so damaged that it does not open is the clearest finding of all.
    if (error.problem != StoreProblem::damaged) throw;
    return {error.what()};
  }
}

}  // namespace moescope
