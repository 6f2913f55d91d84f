// The program as a person meets it: words in, text and exit status out, without a process of its own.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "app/commands/cli.h"

namespace moescope {

struct Outcome {
  int status;
  std::string out, err;
};

inline Outcome run_program(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv{"moescope"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int status = run_cli(static_cast<int>(argv.size()), argv.data());
  std::fflush(stdout);
  return {status, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

}  // namespace moescope
