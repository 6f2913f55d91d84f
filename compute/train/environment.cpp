// Asks the processor, the backend, the data set and the system.
#include "compute/train/environment.h"

#include <unistd.h>

#include <cstdio>

#include "compute/backends/cpu_features.h"
#include "compute/backends/implementations.h"
#include "compute/backends/thread_pool.h"
#include "compute/core/version.h"
#include "compute/models/device_model.h"
#include "compute/records/config_fields.h"

namespace moescope {

std::string computing_device(const Backend& backend, const DeviceModel* device) {
  return device ? device->description() : backend.description();
}

Environment describe_environment(const std::string& device, const DatasetInfo& data, double peak_gflops) {
  InstructionSet set = instruction_set();
  if (set == InstructionSet::automatic) set = best_instruction_set();
  char peak[32];
  std::snprintf(peak, sizeof peak, "%.1f", peak_gflops);
  Environment facts{
      {"program", "moescope " + program_version()},
      {"cpu", cpu_features().name},
      {"device", device},
      {"threads", std::to_string(cpu_pool().num_threads())},
      {"instructions", std::string(choice_name(set))},
      {"dataset", data.name},
      {"dataset_hash", data.content_hash},
      {"dataset_images", std::to_string(data.num_train) + " train, " + std::to_string(data.num_test) + " test"},
      {"compiler", __VERSION__},
      {"peak_gflops", peak},
  };
  if (std::string left_out = warnings_text(data); !left_out.empty())
    facts.emplace_back("dataset_warnings", std::move(left_out));
  return facts;
}

std::string warnings_text(const DatasetInfo& data) {
  if (data.warnings.empty()) return "";
  const size_t more = data.warnings.size() - 1;
  return data.warnings.front() + (more == 0 ? "" : " (and " + std::to_string(more) + " more of the kind)");
}

bool is_measured(std::string_view fact) { return fact == "peak_gflops"; }

int64_t resident_bytes() {
  // Second number of statm: pages in memory (proc(5)).
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (!file) return 0;
  long long total = 0, resident = 0;
  const int read = std::fscanf(file, "%lld %lld", &total, &resident);
  std::fclose(file);
  return read == 2 ? resident * sysconf(_SC_PAGESIZE) : 0;
}

}  // namespace moescope
