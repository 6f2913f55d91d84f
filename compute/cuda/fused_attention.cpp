// Plans by shape, made once.
#include "compute/cuda/fused_attention.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "compute/cuda/attention_graphs.h"
#include "compute/cuda/run.h"

namespace moescope::cuda {
namespace {

struct Plans {
  std::unique_ptr<DnnPlan> forward, backward;
};

class DnnAttention : public FusedAttention {
 public:
  explicit DnnAttention(const DnnLibrary& library) : library_(library) {
    check_dnn(library, library.create(&handle_), "cudnnCreate");
  }
  ~DnnAttention() override { library_.destroy(handle_); }
  DnnAttention(const DnnAttention&) = delete;
  DnnAttention& operator=(const DnnAttention&) = delete;

  bool takes(const FusedAttentionShape& shape) override {
    const Plans& plans = plans_for(shape);
    return plans.forward && plans.backward;
  }

  void forward(const Run& run, const FusedAttentionShape& shape, const FusedOperands& o) override {
    float scale = 1 / std::sqrt(static_cast<float>(shape.width));
    start(run, *plans_for(shape).forward,
          {{kQ, writable(o.q)},
           {kK, writable(o.k)},
           {kV, writable(o.v)},
           {kScale, &scale},
           {kOut, o.out},
           {kLogSums, o.log_sums}});
  }

  void backward(const Run& run, const FusedAttentionShape& shape, const FusedOperands& o, const uint16_t* dout,
                const FusedGradients& g) override {
    float scale = 1 / std::sqrt(static_cast<float>(shape.width));
    start(run, *plans_for(shape).backward,
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

  const Plans& plans_for(const FusedAttentionShape& shape) {
    const auto known = plans_.find(shape);
    if (known != plans_.end()) return known->second;
    const DnnTarget here{handle_, ""};
    return plans_[shape] = {plan_attention(library_, shape, here), plan_attention_backward(library_, shape, here)};
  }

  void start(const Run& run, const DnnPlan& plan, const std::vector<std::pair<int64_t, void*>>& pointers) const {
    plan.run(handle_, pointers, run.bytes(std::max<int64_t>(1, plan.workspace_bytes())), run.stream);
  }

  const DnnLibrary& library_;
  cudnnHandle_t handle_ = nullptr;
  std::map<FusedAttentionShape, Plans> plans_;
};

}  // namespace

std::unique_ptr<FusedAttention> make_fused_attention() {
  const DnnLibrary* library = DnnLibrary::find();
  return library ? std::make_unique<DnnAttention>(*library) : nullptr;
}

}  // namespace moescope::cuda
