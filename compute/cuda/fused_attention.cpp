// Plans by shape, made once a process. The handle is one too, and whoever uses it holds the lock: it has one stream at
// a time.
#include "compute/cuda/fused_attention.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <utility>

#include "compute/cuda/attention_graphs.h"
#include "compute/cuda/run.h"

namespace moescope::cuda {
namespace {

struct Plans {
  std::unique_ptr<DnnPlan> forward, backward;  // null: none, once asked
  bool asked_forward = false, asked_backward = false;
};

class DnnAttention : public FusedAttention {
 public:
  DnnAttention(const DnnLibrary& library, cudnnHandle_t handle) : library_(library), handle_(handle) {}

  bool takes(const FusedAttentionShape& shape, bool backward) override {
    const std::lock_guard lock(mutex_);
    const Plans& plans = plans_for(shape, backward);
    return plans.forward && (plans.backward || !backward);
  }

  void forward(const Run& run, const FusedAttentionShape& shape, const FusedOperands& o) override {
    const std::lock_guard lock(mutex_);
    float scale = 1 / std::sqrt(static_cast<float>(shape.width));
    start(run, *plans_for(shape, false).forward,
          {{kQ, writable(o.q)},
           {kK, writable(o.k)},
           {kV, writable(o.v)},
           {kScale, &scale},
           {kOut, o.out},
           {kLogSums, o.log_sums}});
  }

  void backward(const Run& run, const FusedAttentionShape& shape, const FusedOperands& o, const uint16_t* dout,
                const FusedGradients& g) override {
    const std::lock_guard lock(mutex_);
    float scale = 1 / std::sqrt(static_cast<float>(shape.width));
    start(run, *plans_for(shape, true).backward,
          {{kQ, writable(o.q)},
           {kK, writable(o.k)},
           {kV, writable(o.v)},
           {kScale, &scale},
           {kOut, o.out},
           {kLogSums, o.log_sums},
           {kDOut, writable(dout)},
           {kDots, run.floats(shape.images * shape.heads * shape.queries)},
           {kDQ, g.q},
           {kDK, g.k},
           {kDV, g.v}});
  }

 private:
  static void* writable(const uint16_t* p) { return const_cast<uint16_t*>(p); }

  const Plans& plans_for(const FusedAttentionShape& shape, bool backward) {
    Plans& plans = plans_[shape];
    const DnnTarget here{handle_, ""};
    if (!std::exchange(plans.asked_forward, true)) plans.forward = plan_attention(library_, shape, here);
    if (backward && !std::exchange(plans.asked_backward, true))
      plans.backward = plan_attention_backward(library_, shape, here);
    return plans;
  }

  void start(const Run& run, const DnnPlan& plan, const std::vector<std::pair<int64_t, void*>>& pointers) const {
    plan.run(handle_, pointers, run.bytes(std::max<int64_t>(1, plan.workspace_bytes())), run.stream);
  }

  const DnnLibrary& library_;
  cudnnHandle_t handle_;
  std::mutex mutex_;
  std::map<FusedAttentionShape, Plans> plans_;
};

}  // namespace

FusedAttention* fused_attention() {
  // Never destroyed: when a process ends the driver may be gone before its last library.
  static FusedAttention* const one = [] {
    const DnnLibrary* library = DnnLibrary::find();
    cudnnHandle_t handle = nullptr;
    const bool starts = library && library->create(&handle) == CUDNN_STATUS_SUCCESS;
    return starts ? new DnnAttention(*library, handle) : nullptr;
  }();
  return one;
}

int cudnn_version() {
  const DnnLibrary* library = DnnLibrary::find();
  return library ? static_cast<int>(library->version()) : 0;
}

}  // namespace moescope::cuda
