// Run loops that take turns on one thread, and one connection that records them all.
#include "app/runs/twins.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>

#include "app/options/store_path.h"
#include "app/runs/event_backlog.h"
#include "app/runs/run_request.h"
#include "compute/records/test_image.h"
#include "compute/train/run_loop.h"
#include "sessions/run_edits.h"
#include "sessions/run_writer.h"
#include "sessions/store_error.h"

namespace moescope {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kWriteEvery = std::chrono::milliseconds(500);
constexpr int64_t kMostWaitingBytes = int64_t{256} << 20;  // of each twin, while the store refuses

class Twin {
 public:
  Twin(RunConfig config, const TwinsSetup& setup, std::shared_ptr<const Dataset> dataset, const SessionStore& store)
      : name_(config.name), writer_(store), loop_(setup_of(std::move(config), setup, std::move(dataset)), channels()) {}

  void prepare() { loop_.prepare(); }
  void turn() {
    const int64_t before = steps();
    going_ = loop_.turn();
    // A diverged loop waits for somebody to bring it back, which nobody will.
    if (loop_.state() == RunState::diverged) finish();
    if (steps() == before) return;
    const StepReport& report = loop_.trainer().report();
    const uint64_t both[] = {batches_hash_, report.batch_hash};
    batches_hash_ = checksum(std::as_bytes(std::span(both)));
  }
  void finish() { commands_.push(Finish{}); }
  bool going() const { return going_; }
  bool is_at_work() const { return going_ && loop_.state() == RunState::running; }
  bool evaluating() const { return loop_.evaluating(); }
  int64_t steps() const { return loop_.trainer().steps_done(); }
  uint64_t batches_hash() const { return batches_hash_; }

  /// Stores what came since the last time, or keeps it when the store refuses for now.
  void record() {
    for (Event& event : events_.drain()) waiting_.add(std::move(event));
    if (waiting_.empty()) return;
    try {
      writer_.write(waiting_.events());
      waiting_.clear();
    } catch (const StoreError& error) {
      if (!error.retryable() || !going_) throw;
    }
  }
  int64_t run_id() const { return writer_.run_id(); }

  TwinState state() {
    std::shared_ptr<const Snapshot> latest;
    if (snapshots_.take(latest))
      test_accuracy_ = latest->test_accuracy, message_ = latest->message, total_steps_ = latest->total_steps;
    return {.name = name_,
            .run_id = run_id(),
            .step = steps(),
            .total_steps = total_steps_,
            .batches_hash = batches_hash_,
            .state = loop_.state(),
            .message = message_,
            .loss = loop_.trainer().report().loss,
            .test_accuracy = test_accuracy_};
  }

 private:
  RunChannels channels() { return {commands_, snapshots_, events_}; }
  static RunSetup setup_of(RunConfig config, const TwinsSetup& twins, std::shared_ptr<const Dataset> dataset) {
    RunSetup setup;
    setup.config = std::move(config);
    lengthen_schedule(setup.config.train, twins.stop_rule);
    setup.dataset = std::move(dataset);
    setup.facts = {{"twins", twins.group}};
    if (!twins.stop_rule.empty()) setup.stop_rule = twins.stop_rule;
    setup.leave_when_finished = true;
    setup.look_between_evaluations = false;
    setup.watched = kept_test_images();
    return setup;
  }

  std::string name_, message_;
  Queue<Command> commands_;
  Mailbox<std::shared_ptr<const Snapshot>> snapshots_;
  Queue<Event> events_;
  RunWriter writer_;
  RunLoop loop_;
  EventBacklog waiting_{kMostWaitingBytes};
  bool going_ = true;
  uint64_t batches_hash_ = 0;
  int64_t total_steps_ = 0;
  double test_accuracy_ = -1;
};

using Twins = std::vector<std::unique_ptr<Twin>>;

std::vector<TwinState> states_of(const Twins& twins) {
  std::vector<TwinState> states;
  for (const auto& twin : twins) states.push_back(twin->state());
  return states;
}

int64_t steps_together(const Twins& twins) {
  int64_t fewest = twins.front()->steps();
  for (const auto& twin : twins) fewest = std::min(fewest, twin->steps());
  return fewest;
}

/// Whoever is at work and has done the fewest steps; evaluations are done before the next step is. Once one has ended,
/// the others go as far as it went, their evaluations of that step included; then there is nobody: null.
Twin* next_of(const Twins& twins) {
  int64_t last_step = std::numeric_limits<int64_t>::max();
  for (const auto& twin : twins)
    if (!twin->is_at_work()) last_step = std::min(last_step, twin->steps());
  Twin* next = nullptr;
  for (const auto& twin : twins) {
    const bool has_work = twin->is_at_work() && (twin->steps() < last_step || twin->evaluating());
    if (has_work && (!next || twin->steps() < next->steps())) next = twin.get();
  }
  return next;
}

void require_same_batches(const Twins& twins) {
  for (const auto& twin : twins) {
    if (twin->steps() == twins.front()->steps() && twin->batches_hash() != twins.front()->batches_hash())
      throw std::logic_error("the twins were given different images by step " + std::to_string(twin->steps()));
  }
}

void record_all(const Twins& twins) {
  for (const auto& twin : twins) twin->record();
}

void finish_all(const Twins& twins) {
  for (const auto& twin : twins) {
    twin->finish();
    while (twin->going()) twin->turn();
  }
}

}  // namespace

std::vector<RunConfig> twin_configs(std::vector<RunConfig> configs) {
  if (configs.size() < 2) throw ConfigError("twins are two or more; name another preset");
  const RunConfig& first = configs.front();
  for (RunConfig& config : configs) {
    config.data = first.data;
    config.train.seed = first.train.seed;
    config.train.batch_size = first.train.batch_size;
    config.train.epochs = first.train.epochs;
    config.train.eval_every = first.train.eval_every;
    config.train.flip = first.train.flip;
    config.train.shift = first.train.shift;
    config.train.crop = first.train.crop;
    config.train.mixup = first.train.mixup;
  }
  return configs;
}

std::vector<TwinState> train_twins(const TwinsSetup& setup,
                                   const std::function<bool(const std::vector<TwinState>&)>& progress) {
  make_store_folder(setup.store);
  const SessionStore store(setup.store, setup.beside ? SessionStore::Access::beside : SessionStore::Access::write);
  const std::shared_ptr<const Dataset> dataset =
      setup.dataset ? setup.dataset : open_dataset(setup.configs.front().data);
  Twins twins;  // with their writers before any run begins: a new writer takes running runs for lost ones
  for (const RunConfig& config : setup.configs) twins.push_back(std::make_unique<Twin>(config, setup, dataset, store));
  for (const auto& twin : twins) twin->prepare();
  record_all(twins);
  for (const auto& twin : twins) RunEditor(store).tag(std::vector<int64_t>{twin->run_id()}, setup.group, true);

  Clock::time_point last_write = Clock::now();
  int64_t told = 0;
  while (Twin* next = next_of(twins)) {
    next->turn();
    if (Clock::now() - last_write >= kWriteEvery) {
      record_all(twins);
      last_write = Clock::now();
    }
    if (const int64_t together = steps_together(twins); together > told) {
      told = together;
      require_same_batches(twins);
      if (!progress(states_of(twins))) break;
    }
  }
  finish_all(twins);
  record_all(twins);
  return states_of(twins);
}

}  // namespace moescope
