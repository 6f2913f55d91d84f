// Starts trainer and recorder, watches them ten times a second, and says how it ended.
#include "app/runs/headless.h"

#include <chrono>
#include <iostream>
#include <thread>

#include "app/options/store_path.h"
#include "app/runs/recorder.h"
#include "app/terminal/progress_line.h"
#include "app/terminal/progress_printer.h"
#include "app/terminal/stop_signals.h"
#include "app/terminal/text_table.h"
#include "app/tools/exit_status.h"
#include "compute/records/test_image.h"
#include "compute/train/trainer_thread.h"

namespace moescope {

namespace {

constexpr auto kLook = std::chrono::milliseconds(100);

/// Until the run has left. Returns the last snapshot.
std::shared_ptr<const Snapshot> watch(TrainerThread& trainer, Recorder& recorder, const StopSignals& signals,
                                      ProgressPrinter& printer) {
  std::shared_ptr<const Snapshot> latest;
  std::string banner, note;
  bool finishing = false;
  const auto finish = [&](const std::string& sentence) {
    if (finishing) return;
    finishing = true;
    printer.say(sentence);
    trainer.commands().push(Finish{});
  };
  for (bool over = false; !over;) {
    over = trainer.events().closed();  // before the last look, so that nothing posted earlier is missed
    if (trainer.snapshots().take(latest)) {
      printer.show(*latest);
      const bool running = latest->state == RunState::running;
      if (running && !latest->message.empty() && latest->message != note) printer.say(latest->message);
      if (running) note = latest->message;
    }
    if (signals.asked()) finish("Saving; Ctrl+C again leaves at once.");
    if (latest && latest->state == RunState::diverged) finish("Diverged: " + latest->message);
    if (const std::string now = recorder.state().banner; now != banner) {
      banner = now;
      if (!banner.empty()) printer.say(banner);
    }
    if (!over) std::this_thread::sleep_for(kLook);
  }
  return latest;
}

/// What can be done with the run next.
std::string next_words(const Snapshot& last, int64_t run_id) {
  const std::string run = std::to_string(run_id);
  if (last.state == RunState::diverged)
    return "as it is it would diverge again: --resume " + run +
           " --set train.learning_rate=RATE goes on from its last checkpoint otherwise, --branch " + run +
           "@STEP from an earlier one";
  const bool by_rule = last.state == RunState::finished && last.message.ends_with(" reached");
  return "go on with --resume " + run + (by_rule ? " --stop RULE, where the rule goes further" : "");
}

}  // namespace

void print_result(const Snapshot& last, int64_t run_id, const std::filesystem::path& store) {
  std::cout << "run " << run_id << " " << last.config.name << ": " << last.step << " steps, epoch "
            << fixed(last.epoch, 2) << ", " << duration(last.wall_secs);
  if (has_stepped(last)) std::cout << ", training loss " << fixed(last.loss, 4);
  std::cout << (last.message.empty() ? "" : " (" + last.message + ")") << "\n";
  if (last.test_accuracy >= 0) {
    std::cout << "test accuracy " << fixed(last.test_accuracy, 4) << ", test loss " << fixed(last.test_loss, 4)
              << " at step " << last.test_step << "\n";
  }
  std::cout << "stored in " << store.string() << "; " << next_words(last, run_id) << std::endl;
}

HeadlessRun run_headless(PreparedRun run) {
  make_store_folder(run.store);
  if (!run.setup.dataset) run.setup.dataset = open_dataset(run.setup.config.data);
  run.setup.leave_when_finished = true;
  run.setup.look_between_evaluations = false;
  run.setup.watched = kept_test_images();
  const StopSignals signals;
  ProgressPrinter printer(run.tell_often);
  for (const std::string& note : notes_before(run, run.setup.dataset->info())) printer.say("note: " + note);
  TrainerThread trainer(std::move(run.setup));
  RecorderOptions recording;
  recording.store = run.store;
  recording.resume = run.resume;
  recording.beside = run.beside;
  Recorder recorder(trainer.events(), recording);

  const std::shared_ptr<const Snapshot> last = watch(trainer, recorder, signals, printer);
  trainer.join();
  recorder.close();
  printer.end_line();
  if (last && last->state == RunState::failed) throw UserError(last->message);
  if (const RecorderState state = recorder.state(); state.num_waiting > 0) throw UserError(state.banner);
  return {recorder.run_id(), last, signals.asked()};
}

int train_headless(PreparedRun run) {
  const std::filesystem::path store = run.store;
  const HeadlessRun done = run_headless(std::move(run));
  if (done.last) print_result(*done.last, done.run_id, store);
  return done.last ? exit_status_of(done.last->state) : 0;
}

}  // namespace moescope
