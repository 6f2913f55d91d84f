// Turn after turn; the recorder's thread does the storing.
#include "app/agents/rl_headless.h"

#include <iostream>

#include "app/options/store_path.h"
#include "app/terminal/progress_printer.h"
#include "app/terminal/text_table.h"

namespace moescope {
namespace {

std::string progress_text(const rl::RlProgress& p, const StopRule& stop) {
  std::string text = "step " + std::to_string(p.steps);
  if (stop.steps) text += "/" + std::to_string(*stop.steps);
  text += "  episodes " + std::to_string(p.episodes) + "  return " + fixed(p.recent_return, 2);
  if (p.updates > 0) text += "  loss " + fixed(p.loss, 4) + "  Q " + fixed(p.q, 2);
  return text + "  " + with_unit(p.steps_per_sec) + " steps/s  " + duration(p.wall_secs);
}

}  // namespace

void print_agent_result(const rl::RlRun& run, int64_t run_id, const std::string& store) {
  const rl::RlProgress& p = run.progress();
  const RlConfig& config = run.agent().config();
  const rl::QNetworkSize size = rl::measure(run.agent().learner().online());
  std::cout << "run " << run_id << " " << config.name << " on " << config.game << ": " << p.steps << " steps, "
            << p.updates << " updates, " << p.episodes << " episodes, " << duration(p.wall_secs);
  std::cout << (p.message.empty() ? "" : " (" + p.message + ")") << "\n";
  std::cout << "mean return of the last 100 episodes " << fixed(p.recent_return, 2) << "\n";
  std::cout << with_unit(static_cast<double>(size.parameters)) << " parameters, "
            << with_unit(static_cast<double>(size.penultimate_parameters)) << " in the penultimate layer, "
            << with_unit(static_cast<double>(size.output_parameters)) << " in the output; "
            << fixed(size.forward_mflop, 2) << " MFLOP a state\n";
  // Nothing that decides what it computes can change when it goes on, so it would come to the same numbers.
  const std::string next = p.state == RunState::diverged
                               ? "it would diverge again: begin a new run with a smaller learning_rate"
                               : "go on with rl train --resume " + std::to_string(run_id);
  std::cout << "stored in " << store << "; " << next << std::endl;
}

RunState run_agent(rl::RlSetup setup, const RecorderOptions& recording, const StopSignals& signals,
                   const AgentTeller& tell) {
  make_store_folder(recording.store);
  Queue<Event> events;
  rl::RlRun run(std::move(setup), events);
  run.prepare();
  Recorder recorder(events, recording);
  try {
    for (bool going = true; going;) {
      going = run.turn();
      if (going && signals.asked()) {
        run.finish(rl::kStoppedByRequest);
        going = false;
      }
      tell.turned(run.progress());
    }
  } catch (const std::exception& error) {
    run.fail(error.what());
    recorder.close();
    throw;
  }
  recorder.close();
  if (const RecorderState state = recorder.state(); state.num_waiting > 0) throw UserError(state.banner);
  tell.ended(run, recorder.run_id());
  return run.progress().state;
}

RunState run_agent(rl::RlSetup setup, const RecorderOptions& recording, const StopSignals& signals) {
  const StopRule stop = setup.stop_rule;
  ProgressPrinter printer;
  return run_agent(std::move(setup), recording, signals,
                   {[&](const rl::RlProgress& progress) { printer.show(progress_text(progress, stop)); },
                    [&](const rl::RlRun& run, int64_t run_id) {
                      printer.end_line();
                      if (run.progress().state == RunState::diverged)
                        printer.say("Diverged: " + run.progress().message);
                      print_agent_result(run, run_id, recording.store.string());
                    }});
}

}  // namespace moescope
