// The engine's own errors and the check that opens each public call.
#pragma once

#include <string>

#include "compute/records/error.h"

namespace moescope {

/// Operands whose shapes disagree. The message names the op, both operands and what was expected.
struct ShapeError : std::logic_error {
  using std::logic_error::logic_error;
};

/// A library or device refused: names the call and its status.
struct BackendError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A data set or image cannot be read: names the file, the place in it and the remedy.
struct DataError : UserError {
  using UserError::UserError;
};

/// A checkpoint or golden file is damaged or does not fit.
struct FormatError : UserError {
  using UserError::UserError;
};

/// Shapes are checked at the door so that kernels stay bare:  check_shape(x.size() == y.size(), [&] { return "..."; });
template <class Message>
void check_shape(bool ok, Message&& message) {
  if (!ok) throw ShapeError(message());
}

}  // namespace moescope
