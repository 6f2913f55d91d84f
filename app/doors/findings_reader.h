// The recipes as the store knows them, read on a thread of its own and read again when the store has changed.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/doors/norm_refit.h"
#include "app/tools/worker.h"
#include "compute/core/mailbox.h"
#include "compute/core/waker.h"
#include "sessions/session_store.h"
#include "window/findings_door.h"

namespace moescope {

class FindingsReader : public FindingsDoor {
 public:
  /// The store need not exist yet. Reports go to `folder`, which is made when needed.
  FindingsReader(std::filesystem::path store, std::filesystem::path folder);
  ~FindingsReader() override;

  void show() override;
  void rest() override;
  bool take(std::shared_ptr<const Findings>& out) override { return findings_.take(out); }
  void refit(const NormAsk& ask) override { refit_.ask(ask); }
  bool take_refit(std::shared_ptr<const NormPicture>& out) override { return refit_.take(out); }
  void save_report(const std::string& recipe) override;
  std::vector<std::string> drain_notices() override;
  void set_waker(std::function<void()> wake) override;

 private:
  // on the reading thread
  void read();
  void write_report(const std::string& recipe);
  void notice(std::string text);

  const std::filesystem::path store_path_, folder_;
  std::atomic<bool> shown_ = false, asked_ = false;
  Mailbox<std::shared_ptr<const Findings>> findings_;

  std::mutex mutex_;  // guards what follows
  std::vector<std::string> notices_;
  Waker wake_;

  // the reading thread's own
  std::optional<SessionStore> store_;
  int64_t data_version_ = -1;
  std::chrono::steady_clock::time_point read_at_{};
  double read_cost_secs_ = 0;

  NormRefit refit_{[this] { wake_(); }, [this](std::string words) { notice(std::move(words)); }};
  Worker reading_;  // last: it uses all of the above
};

}  // namespace moescope
