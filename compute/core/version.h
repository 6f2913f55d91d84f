// Which moescope this is, for whatever outlives the process: runs, figures, benchmark lines, doctor.
#pragma once

#include <string>

namespace moescope {

/// "0.1.0+58d3dffa0", the commit that was built; with ".modified" behind it when files differed from that commit, and
/// "0.1.0" alone when the sources are no git clone. Written by cmake/version.cmake at each build.
const std::string& program_version();

}  // namespace moescope
