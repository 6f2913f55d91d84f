// The handler sets a flag; whoever trains looks at it ten times a second.
#include "app/terminal/stop_signals.h"

namespace moescope {
namespace {

volatile std::sig_atomic_t g_asked_to_stop = 0;

extern "C" void ask_to_stop(int) { g_asked_to_stop = 1; }

}  // namespace

StopSignals::StopSignals() {
  g_asked_to_stop = 0;
  struct sigaction action {};
  action.sa_handler = ask_to_stop;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, &old_interrupt_);
  sigaction(SIGTERM, &action, &old_terminate_);
  sigaction(SIGHUP, &action, &old_hang_up_);
  if (old_hang_up_.sa_handler == SIG_IGN) sigaction(SIGHUP, &old_hang_up_, nullptr);
}

StopSignals::~StopSignals() {
  sigaction(SIGINT, &old_interrupt_, nullptr);
  sigaction(SIGTERM, &old_terminate_, nullptr);
  sigaction(SIGHUP, &old_hang_up_, nullptr);
}

bool StopSignals::asked() const { return g_asked_to_stop != 0; }

}  // namespace moescope
