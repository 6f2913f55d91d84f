// What a number on the command line must be, in words of our own: CLI11's name bounds of 300 digits.
#pragma once

#include <CLI/CLI.hpp>

namespace moescope {

/// Above 0, and neither infinite nor NaN.
CLI::Validator above_zero();

}  // namespace moescope
