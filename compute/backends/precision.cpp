// One process-wide choice.
#include "compute/backends/precision.h"

#include <atomic>

namespace moescope {
namespace {

std::atomic<Precision> chosen{Precision::float32};

}  // namespace

Precision matmul_precision() { return chosen.load(std::memory_order_relaxed); }
void set_matmul_precision(Precision precision) { chosen.store(precision, std::memory_order_relaxed); }

}  // namespace moescope
