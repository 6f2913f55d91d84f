// A run behind the window: opens the data, starts the trainer and the recorder, and carries messages between the three.
//
// All that may take time happens on the controller's own thread: the UI thread only swaps small things under a lock.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "app/gallery_images.h"
#include "app/recorder.h"
#include "app/run_request.h"
#include "app/window_live_run.h"
#include "compute/explore/explorer.h"
#include "compute/train/trainer_thread.h"

namespace moescope {

class RunController : public LiveRun {
 public:
  explicit RunController(PreparedRun run);
  /// Asks the run to save and leave, and waits until all of it is stored.
  ~RunController() override;

  bool take(std::shared_ptr<const Snapshot>& out) override;
  void send(Command command) override;
  std::vector<Metric> drain_metrics() override;
  std::vector<CommandApplied> drain_applied() override;
  const panels::GallerySource& gallery() override;
  panels::StoreStatus store_status() override;
  void open_files(std::vector<std::string> paths) override;
  std::vector<std::string> drain_notices() override;
  void look(LookRequest request) override { explorer_.look(std::move(request)); }
  void stop_looking() override { explorer_.stop_looking(); }
  void report(ReportRequest request) override { explorer_.report(std::move(request)); }
  void cancel_report(int64_t id) override { explorer_.cancel(id); }
  void explore_checkpoint(int64_t checkpoint_id) override;
  bool take_look(std::shared_ptr<const Look>& out) override { return explorer_.take(out); }
  std::vector<std::shared_ptr<const Report>> take_reports() override { return explorer_.take_reports(); }
  RoutingMap reroute(const RoutingMap& map, const WhatIf& what_if, const RouterConfig& router) override;
  void set_waker(std::function<void()> wake) override;

 private:
  // on the controller's thread
  void work();
  void start();
  void load_history();
  void carry(std::deque<Event> events);
  void read_files();
  void publish_gallery(const Dataset& dataset);
  void fail(const std::string& message);
  void wake();
  Replica load_replica(int64_t checkpoint_id);

  const std::shared_ptr<WeightExchange> weights_ = std::make_shared<WeightExchange>();
  PreparedRun run_;
  Queue<Event> to_record_;
  Queue<std::string> files_;

  std::mutex mutex_;  // guards what follows
  std::unique_ptr<TrainerThread> trainer_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<GalleryImages> images_;
  std::vector<Command> early_;  // sent before the trainer was there
  std::shared_ptr<const Snapshot> failure_;
  std::vector<Metric> metrics_;
  std::vector<CommandApplied> applied_;
  std::vector<std::string> notices_;
  panels::GallerySource next_gallery_;
  bool gallery_changed_ = false;
  bool leaving_ = false;
  std::shared_ptr<const Dataset> dataset_;  // once it is open

  std::mutex waker_mutex_;  // the waker may be taken away while it is being called
  std::function<void()> waker_;

  panels::GallerySource gallery_;  // the UI thread's

  Explorer explorer_{weights_};

  std::thread thread_;
};

}  // namespace moescope
