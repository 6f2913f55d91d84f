// The errors a person can act on: one sentence with what happened, where, and what to do.
#pragma once

#include <stdexcept>
#include <string>

namespace moescope {

/// Base of every error whose message may be shown to a person as it is. The command line prints it and exits with 2,
/// the window shows it as a banner. Anything else that is thrown is a defect of the program.
struct UserError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A setting is unknown, out of range, or contradicts another one. Names the field and the remedy.
struct ConfigError : UserError {
  using UserError::UserError;
};

}  // namespace moescope
