// Other people's programs that read our files: what they print, and whether they are here.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace moescope {

struct Printed {
  int status = -1;   // of the process; -1: it did not end by itself
  std::string text;  // both streams
};

inline Printed printed_by(const std::string& command) {
  Printed printed;
  std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return printed;
  char buffer[4096];
  for (size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) printed.text.append(buffer, n);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) printed.status = WEXITSTATUS(status);
  return printed;
}

/// A Python that has `package`: the one that ./test makes from PyPI, or the system's. Empty: neither has it.
inline std::string python_with(const std::string& package) {
  for (const std::string python : {MOESCOPE_PEER_PYTHON, "python3"}) {
    if (printed_by("'" + python + "' -c 'import " + package + "'").status == 0) return python;
  }
  return "";
}

/// Runs a script that is kept at `file`.
inline Printed run_python(const std::string& python, const std::filesystem::path& file, const std::string& script) {
  std::ofstream(file) << script;
  return printed_by("'" + python + "' '" + file.string() + "'");
}

}  // namespace moescope
