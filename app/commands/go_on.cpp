// Looks ten times a second, like training without a window.
#include "app/commands/go_on.h"

#include <chrono>
#include <thread>

#include "app/runs/headless.h"
#include "app/terminal/progress_printer.h"
#include "app/terminal/stop_signals.h"
#include "app/tools/exit_status.h"
#include "compute/records/error.h"

namespace moescope {
namespace {

constexpr auto kLook = std::chrono::milliseconds(100);

bool trains(const Snapshot& s) { return s.state == RunState::running || s.state == RunState::preparing; }

}  // namespace

int go_on_in_terminal(LiveRun& run, std::shared_ptr<const Snapshot> latest, const std::filesystem::path& store) {
  const StopSignals signals;
  ProgressPrinter printer;
  printer.say("The window is closed, training goes on here; Ctrl+C saves and leaves.");
  while (!signals.asked()) {
    if (run.take(latest)) printer.show(*latest);
    run.take_news();  // nobody draws it; the recorder has its own
    for (const std::string& notice : run.drain_notices()) printer.say(notice);
    if (latest && !trains(*latest)) break;
    std::this_thread::sleep_for(kLook);
  }
  printer.end_line();
  if (signals.asked()) printer.say("Saving; Ctrl+C again leaves at once.");
  if (latest && latest->state == RunState::failed) throw UserError(latest->message);
  if (!latest) return 0;
  if (latest->state == RunState::diverged) printer.say("Diverged: " + latest->message);
  print_result(*latest, latest->run_id, store);
  return exit_status_of(latest->state);
}

}  // namespace moescope
