// What panels are fed with besides the snapshot: images to choose from, the state of the store. Plain callbacks; the
// app fills them, widgets know no data set and no database.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "compute/records/command.h"
#include "compute/records/look.h"
#include "compute/records/report.h"
#include "compute/records/snapshot.h"
#include "compute/records/stored_run.h"
#include "widgets/ui/textures.h"

namespace moescope::panels {

/// Images to choose from. The callbacks are called on the UI thread and never wait.
struct GallerySource {
  int64_t count = 0;                                                        // images of the test set, 0 while loading
  std::string name;                                                         // "Fashion-MNIST, test set"
  std::function<std::shared_ptr<const ImagePixels>(int64_t index)> pixels;  // null: not decoded yet, ask again later
  std::function<int64_t(int64_t index)> label;                              // true class, -1 unknown
  std::vector<WatchedImage> own;                                            // what the person dropped on the window
};

/// How the session is kept.
struct StoreStatus {
  std::string name;            // "sessions.db", empty: nothing is stored
  double saved_secs_ago = -1;  // -1: nothing was written yet
  std::string message;         // what is wrong, empty when all is well ("disk full: ...", "opened read-only: ...")
};

/// What a panel draws from. `serial` grows with each snapshot and versions the pictures made of it.
struct Seen {
  const Snapshot* snapshot = nullptr;  // null: nothing came yet
  uint64_t serial = 0;
  ui::Textures* textures = nullptr;
  double now_secs = 0;                                          // of the window's clock
  const Look* look = nullptr;                                   // the newest answer to what was asked; null: none
  uint64_t look_serial = 0;                                     // grows with each
  std::span<const std::shared_ptr<const Report>> reports = {};  // the newest of each id
  const RoutingMap* rerouted = nullptr;              // the layer on view under what is asked, until the answer is there
  std::span<const CheckpointInfo> checkpoints = {};  // stored steps of this run, oldest first
  std::string stored_model = {};  // what is looked through when it is not the run in training: "checkpoint of step 400"
  bool model_awaited = false;     // another stored step was chosen and is being loaded

  /// The newest report on a question, by the id that it was asked with; null: none came yet.
  const Report* report(int64_t id) const {
    for (const auto& one : reports)
      if (one && one->request.id == id) return one.get();
    return nullptr;
  }
};

}  // namespace moescope::panels
