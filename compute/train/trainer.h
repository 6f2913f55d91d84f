// Training, one step at a time: micro-batches forward and back, then clip and update. No threads, no queues, no screen.
//
// Everything random is a function of (seed, step), so a step can be thrown away half done and done again, and a run
// that is stopped and resumed repeats the numbers of one that is not, bit for bit.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compute/backends/backend.h"
#include "compute/data/loader.h"
#include "compute/models/vision_transformer.h"
#include "compute/records/expert_load.h"
#include "compute/records/metric.h"
#include "compute/train/checkpoint.h"
#include "compute/train/optimizer.h"

namespace moescope {

class DeviceModel;
class DeviceTraining;
class LoadObserver;
class Watcher;
struct ImageView;

/// What one update came to.
struct StepReport {
  int64_t step = 0;     // updates done, this one included: the first is 1
  double loss = 0;      // mean over the batch, without auxiliary losses
  double aux_loss = 0;  // weighted sum over layers, mean over groups
  double accuracy = 0;  // share of the batch; under mixup against the class of the larger weight
  double learning_rate = 0;
  double gradient_norm = 0;        // before clipping
  double step_secs = 0;            // spent inside advance()
  double gflop = 0;                // done, counted by the ops
  uint64_t batch_hash = 0;         // of the numbers of its images, in their order
  std::vector<ExpertLoad> layers;  // MoE layers in order
};

/// The report as rows: train/..., speed/..., layerN/..., all at report.step. peak_gflops 0: unknown.
std::vector<Metric> to_metrics(const StepReport& report, int64_t batch_size, double wall_secs, double peak_gflops);

class Trainer {
 public:
  enum class Advance {
    working,   // more micro-batches to do
    stepped,   // an update was made; report() is about it
    diverged,  // a loss or gradient is not finite; nothing was updated, the step is thrown away. See divergence()
  };

  /// Builds the model with its first values. Throws ConfigError and DataError. `memory` must outlive it.
  Trainer(const RunConfig& config, std::shared_ptr<const Dataset> dataset, Memory& memory = host_memory());
  ~Trainer();

  /// The next piece of the present step: one micro-batch, and after the last the update.
  Advance advance();
  /// All of a step.
  Advance step();
  /// Throws away what the present step has done; the next advance() begins it again, to the same numbers.
  void abandon_step();
  bool mid_step() const { return next_part_ > 0; }

  /// Sets a live field, effective with the next step; a step in progress is begun again. Throws ConfigError for fields
  /// that are not live, unknown ones, and values that cannot be; the configuration is unchanged then.
  void set_field(const std::string& key, const std::string& value);

  /// Goes on where `before`, a trainer on the same data, stands: its steps, and each parameter with its moments that
  /// this model has too (same name and shape). The rest, such as new routers, keeps its first values and is a
  /// beginner to Adam's bias correction.
  void take_over(const Trainer& before);

  /// Everything needed to go on from here. `place.step` is filled in.
  std::vector<std::byte> save(RunPlace place) const;
  /// Goes back (or forward) to the checkpoint. Throws FormatError, changing nothing, when it does not fit: another
  /// model, or, unless other_data, other images than it saw.
  void restore(const Checkpoint& checkpoint, bool other_data = false);

  const RunConfig& config() const { return config_; }  // with live changes
  const StepReport& report() const { return report_; }
  const std::string& divergence() const { return divergence_; }
  int64_t steps_done() const { return step_; }
  int64_t steps_per_epoch() const { return loader_.steps_per_epoch(); }
  int64_t schedule_steps() const { return schedule_steps_; }
  const std::shared_ptr<const Dataset>& dataset() const { return dataset_; }
  /// Its values are the latest, wherever they were trained. (The optimiser's moments are not: see save().)
  VisionTransformer& model();
  const VisionTransformer& model() const;
  /// The model on the GPU that computes the steps; null: the CPU does.
  std::shared_ptr<DeviceModel> device() const;
  /// What `watcher` sees at the present weights. On a GPU between two steps there, without bringing its weights back;
  /// on the CPU when the GPU has no room for it.
  std::vector<ImageView> look(Watcher& watcher);
  /// On a GPU: begins such a look at the present weights, beside the steps that follow. False: there is no GPU, or no
  /// room on it for this; nothing was begun. One that had begun before is forgotten.
  bool begin_look(Watcher& watcher);
  void forget_look();
  /// What the begun look saw; waits for it. Nothing: none had begun.
  std::optional<std::vector<ImageView>> end_look(Watcher& watcher);
  /// Empty between advances: evaluations may use it.
  Arena& arena() { return arena_; }

 private:
  void begin_step();
  /// A whole step where the parameters' latest values are: on a GPU. False when it diverged.
  bool step_on_device();
  void stage_next();
  /// The batch of step_. The one fetched before it is gone.
  const Batch& fetch_batch();
  void describe_device_divergence();
  void take_report(double loss, double aux_loss, double rate, double norm);
  void forget_batches();
  /// Loss and gradients of micro-batch `part`; false when its loss is not finite.
  bool micro_batch(int64_t part);
  /// Clip and update; false when a gradient is not finite.
  bool finish_step();
  Tensor targets_of(const Batch& batch, int64_t begin, int64_t end) const;

  RunConfig config_;
  std::shared_ptr<const Dataset> dataset_;
  VisionTransformer model_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<DeviceTraining> device_;  // null: the CPU computes
  BatchLoader loader_;
  Arena arena_;
  Buffer one_hot_;  // (micro_batch, classes)
  std::unique_ptr<LoadObserver> loads_;
  int64_t schedule_steps_ = 0;

  int64_t step_ = 0;              // updates done
  int64_t next_part_ = 0;         // micro-batch to do next; 0: the step has not begun
  const Batch* batch_ = nullptr;  // of step_, once fetched
  const Batch* next_ = nullptr;   // of step_ + 1, fetched while a GPU works on step_: batch_ is gone then
  uint64_t batch_hash_ = 0;
  double loss_sum_ = 0, aux_sum_ = 0, secs_ = 0;
  int64_t num_correct_ = 0, flops_ = 0;
  StepReport report_;
  std::string divergence_;
  struct BegunLook;
  std::unique_ptr<BegunLook> look_;  // on the GPU, beside the steps
};

/// "image" of a data set as the model's shape.
ImageShape image_shape(const DatasetInfo& info);

}  // namespace moescope
