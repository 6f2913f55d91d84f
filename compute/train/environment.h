// Facts about where a run happens, for whoever wants to repeat it.
#pragma once

#include <string_view>

#include "compute/backends/backend.h"
#include "compute/data/dataset.h"
#include "compute/records/event.h"

namespace moescope {

class DeviceModel;

/// ("program", "moescope 0.1.0+58d3dffa0"), ("cpu", "AMD EPYC 7B13"), ("device", "CPU oneDNN AVX2, 2 threads"),
/// ("threads", "2"), ("instructions", "avx2"), ("dataset", "Fashion-MNIST"), ("dataset_hash", ...),
/// ("dataset_images", "60000 train, 10000 test"), ("compiler", ...), ("peak_gflops", "170.2"), and "dataset_warnings"
/// where something was left out.
/// device: what computes the steps.
Environment describe_environment(const std::string& device, const DatasetInfo& data, double peak_gflops);

/// What opening the data set has to tell, in a sentence: the first of its warnings, and how many more; empty: nothing.
std::string warnings_text(const DatasetInfo& data);

/// Of these facts: one that each process measures anew, so that no two say the same.
bool is_measured(std::string_view fact);

/// The GPU that holds the model, or the CPU where there is none (null).
std::string computing_device(const Backend& backend, const DeviceModel* device);

/// Memory of this process that is in use now, in bytes; 0 where the system does not say.
int64_t resident_bytes();

}  // namespace moescope
