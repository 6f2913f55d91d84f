// What a device must provide: memory and a name. It knows nothing of operations: each op keeps its own list of
// implementations (implementations.h), to which a plug-in adds its own at load time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compute/core/arena.h"
#include "compute/records/run_config.h"

namespace moescope {

class Backend : public Memory {
 public:
  virtual std::string name() const = 0;         // "cpu", "cuda"
  virtual std::string description() const = 0;  // for people: "CPU oneDNN AVX-512, 2 threads"
};

/// The backend that the configuration asks for, with its threads and kernels chosen. Throws ConfigError, naming what
/// is missing, when it cannot be had on this machine: an explicit wish never falls back silently.
std::unique_ptr<Backend> make_backend(const ComputeConfig& config);

/// The CPU with the threads, kernels and precision that the process uses already: for work beside a run, whose bits
/// must not change under it.
std::unique_ptr<Backend> backend_beside();

}  // namespace moescope
