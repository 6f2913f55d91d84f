// A run behind the window: opens the data, starts the trainer and the recorder, and carries messages between the three.
// When the person branches, this run is saved and left and the next one takes its place.
//
// All that may take time happens on the controller's own thread: the UI thread only swaps small things under a lock.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "app/doors/gallery_images.h"
#include "app/runs/recorder.h"
#include "app/runs/run_request.h"
#include "compute/core/waker.h"
#include "compute/explore/explorer.h"
#include "compute/train/trainer_thread.h"
#include "window/live_run.h"

namespace moescope {

class RunController : public LiveRun {
 public:
  explicit RunController(PreparedRun run);
  /// Asks the run to save and leave, and waits until all of it is stored.
  ~RunController() override;

  bool take(std::shared_ptr<const Snapshot>& out) override;
  void send(Command command) override;
  RunNews take_news() override;
  const panels::GallerySource& gallery() override;
  panels::StoreStatus store_status() override;
  void open_files(std::vector<std::string> paths) override;
  std::vector<std::string> drain_notices() override;
  void look(LookRequest request) override { explorer_.look(std::move(request)); }
  void stop_looking() override { explorer_.stop_looking(); }
  void report(ReportRequest request) override { explorer_.report(std::move(request)); }
  void cancel_report(int64_t id) override { explorer_.cancel(id); }
  void explore_checkpoint(int64_t checkpoint_id) override;
  void branch(int64_t step) override;
  bool take_look(std::shared_ptr<const Look>& out) override { return explorer_.take(out); }
  std::vector<std::shared_ptr<const Report>> take_reports() override { return explorer_.take_reports(); }
  RoutingMap reroute(const RoutingMap& map, const WhatIf& what_if, const RouterConfig& router, int64_t image) override;
  void set_waker(std::function<void()> wake) override;

 private:
  // on the controller's thread
  void work();
  void start();
  void follow();
  void load_history();
  void list_stored_steps();
  void prepare_branch();
  bool begin_branch();
  bool wait_for_branch();
  void tell(std::string notice);
  void carry(std::deque<Event> events);
  void read_files();
  void publish_gallery(const Dataset& dataset);
  void fail(const std::string& message);
  Replica load_replica(int64_t checkpoint_id);

  const std::shared_ptr<WeightExchange> weights_ = std::make_shared<WeightExchange>();
  Queue<std::string> files_;
  const std::filesystem::path store_;

  // the controller's thread's own
  PreparedRun run_;
  std::optional<PreparedRun> next_;  // what comes when this run has been saved and left
  std::unique_ptr<Queue<Event>> to_record_;
  int64_t listed_ = -1;          // of RecorderState::num_checkpoints
  std::string listing_trouble_;  // told already
  RunState last_state_ = RunState::preparing;

  std::mutex mutex_;  // guards what follows
  std::unique_ptr<TrainerThread> trainer_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<GalleryImages> images_;
  std::vector<Command> early_;  // sent before the trainer was there
  std::shared_ptr<const Snapshot> failure_;
  std::shared_ptr<const Snapshot> unnamed_;  // given out before the run had its row in the store
  RunNews news_;
  std::optional<int64_t> branch_at_;      // asked for
  std::optional<std::string> stop_rule_;  // the last one given
  std::optional<Watch> watched_;          // the last one: the next run looks at the same
  std::vector<std::string> notices_;
  panels::GallerySource next_gallery_;
  bool gallery_changed_ = false;
  bool leaving_ = false;
  std::shared_ptr<const Dataset> dataset_;  // once it is open

  Waker wake_;

  panels::GallerySource gallery_;  // the UI thread's

  Explorer explorer_{weights_};

  std::thread thread_;
};

}  // namespace moescope
