// The flags of a program that works for another one.
#include "app/options/child_options.h"

#include <signal.h>
#include <sys/prctl.h>

namespace moescope {

void add_child_options(CLI::App& command, bool& beside, bool& progress) {
  command.add_flag("--beside", beside,
                   "writes to the store beside the program that started this one, and ends when that one ends");
  command.add_flag("--progress", progress, "a line for every tenth of a second, for other programs");
}

void end_with_parent() { prctl(PR_SET_PDEATHSIG, SIGTERM); }

}  // namespace moescope
