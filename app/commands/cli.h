// The command line: which commands there are, and how each kind of failure ends.
#pragma once

namespace moescope {

/// Exit statuses: 0 done; 1 a check failed (conform past its tolerance, runs check) or the program has a defect;
/// 2 the request cannot be met, with one sentence on stderr.
int run_cli(int argc, const char* const* argv);

}  // namespace moescope
