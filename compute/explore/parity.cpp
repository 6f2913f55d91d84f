// The first test images through the GPU program and through the CPU engine, layer beside layer.
#include "compute/eval/parity.h"

#include "compute/core/error.h"
#include "compute/eval/device_inference.h"
#include "compute/explore/image_walk.h"
#include "compute/explore/jobs.h"
#include "compute/records/config_fields.h"

namespace moescope {
namespace {

/// Two slices: the model goes to the device, and both compute.
class ParityJob : public ReportJob {
 public:
  ParityJob(Replica& replica, const ReportRequest& request)
      : replica_(replica),
        options_(options_of(replica, request)),
        dataset_(dataset_of(replica, request)),
        batches_(dataset_, Split::test, options_.micro_batch, options_.scale) {}

  bool slice() override {
    if (!device_)
      open();
    else if (parity_.layers.empty())
      compare();
    return parity_.layers.empty();
  }
  double progress() const override { return parity_.layers.empty() ? (device_ ? 0.5 : 0) : 1; }
  Answer answer() const override { return parity_.layers.empty() ? Answer() : Answer(parity_); }

 private:
  void open() {
    device_ = DeviceModel::make(replica_.config.compute, *replica_.model);
    if (device_) return;
    const std::string missing = replica_.config.compute.device == DeviceKind::cpu ? "" : missing_for_cuda();
    throw ConfigError("the parity read-out compares a GPU with the CPU, and " +
                      (missing.empty() ? "this model is computed on the CPU alone; set compute.device=cuda"
                                       : "there is none: " + missing));
  }
  void compare() {
    const Batch* batch = batches_.next();
    const RouterConfig knobs = knobs_under(options_.what_if, options_.router);
    const int64_t group = knobs.kind == RouterKind::dense ? 1 : group_images(knobs);
    const int64_t images = batch ? batch->size() / group * group : 0;
    if (images == 0)
      throw ConfigError("a group of " + std::to_string(group) + " images is routed together, and the test split has " +
                        std::to_string(dataset_->size(Split::test)));
    parity_ = compare_layers(*device_, *replica_.model, batch->images.rows(0, images), knobs,
                             replica_.config.compute.precision);
    parity_.device = device_->description();
    parity_.set = "test images 0 to " + std::to_string(images - 1);
    if (!options_.what_if.is_nothing()) parity_.set += " (" + describe(options_.what_if) + ")";
  }

  Replica& replica_;
  EvalOptions options_;
  std::shared_ptr<const Dataset> dataset_;
  EvalBatches batches_;
  std::shared_ptr<DeviceModel> device_;
  Parity parity_;
};

}  // namespace

std::unique_ptr<ReportJob> parity_job(Replica& replica, const ReportRequest& request) {
  if (intervenes(request.what_if))
    throw ConfigError("the parity read-out compares the model as it is (" + describe(request.what_if) +
                      "); ask without interventions");
  return std::make_unique<ParityJob>(replica, request);
}

}  // namespace moescope
