// Batch by batch.
#include "findings/test_split.h"

namespace moescope {

EvalResult watch_test_split(Replica& model, const EvalOptions& options, RoutingObserver& watcher,
                            const StudyProgress& progress, const std::function<void(const Batch&)>& before) {
  Arena arena;
  EvalTally tally(*model.model, options, arena);
  EvalBatches batches(model.dataset, Split::test, options.micro_batch, options.scale);
  for (int64_t i = 0; const Batch* batch = batches.next(); ++i) {
    if (before) before(*batch);
    tally.add(*batch, &watcher);
    if (!progress(static_cast<double>(i + 1) / static_cast<double>(batches.num_batches()))) throw StudyStopped();
  }
  return tally.result();
}

}  // namespace moescope
