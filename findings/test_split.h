// What a model's routers do with the whole test split, for measures that look at every token.
#pragma once

#include <functional>
#include <map>

#include "compute/data/loader.h"
#include "compute/eval/evaluator.h"
#include "compute/explore/replica.h"
#include "compute/moe/observe.h"
#include "compute/studies/study.h"

namespace moescope {

/// Passes the test split through the model under `options`, `watcher` beside it; `before` is given each batch first.
/// Throws StudyStopped when progress, told the share done, says so.
EvalResult watch_test_split(Replica& model, const EvalOptions& options, RoutingObserver& watcher,
                            const StudyProgress& progress, const std::function<void(const Batch&)>& before = {});

/// An accumulator a layer, to which what the layer's router did is added.
template <class Accumulator>
class LayerWatcher : public RoutingObserver {
 public:
  void see(const Routing& routing) override { layers_[routing.layer].add(routing); }
  const std::map<int64_t, Accumulator>& layers() const { return layers_; }

 private:
  std::map<int64_t, Accumulator> layers_;
};

}  // namespace moescope
