// One image through two stored models, and how differently they route: the models stay loaded while they are asked for.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compute/eval/routing_distance.h"
#include "compute/explore/replica.h"
#include "compute/records/pair_look.h"
#include "compute/train/watch.h"

namespace moescope {

class PairLooker {
 public:
  explicit PairLooker(std::filesystem::path store) : store_(std::move(store)) {}

  /// What cannot be is told in the refusal. going() is asked between batches of images: false gives up, with an empty
  /// answer.
  std::optional<PairLook> look(
      const PairRequest& request, const std::function<bool()>& going = [] { return true; });

 private:
  struct Side {
    RunMoment moment;
    CheckpointInfo checkpoint;
    Replica replica;
    std::unique_ptr<Watcher> watcher;
  };
  void load(Side& side, const RunMoment& moment, const Side& other);
  std::vector<ImageView> views(Side& side, const std::vector<WatchedImage>& images);
  bool measure(const PairRequest& request, const std::function<bool()>& going);
  void fill(const PairRequest& request, PairLook& look);

  const std::filesystem::path store_;
  Side a_, b_;
  PairRequest measured_;                   // what over_all_ is of
  std::vector<RoutingDistance> over_all_;  // of each layer that both have
};

}  // namespace moescope
