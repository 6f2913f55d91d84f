// Host memory, and the choice of threads and kernels.
#include "compute/backends/backend.h"

#include "compute/backends/cpu_features.h"
#include "compute/backends/cuda/plugin.h"
#include "compute/backends/implementations.h"
#include "compute/backends/precision.h"
#include "compute/backends/thread_pool.h"

namespace moescope {
namespace {

const char* kernels_name() {
  InstructionSet set = instruction_set();
  if (set == InstructionSet::automatic) set = best_instruction_set();
  return set == InstructionSet::avx512 ? "AVX-512" : set == InstructionSet::avx2 ? "AVX2" : "plain reference";
}

class CpuBackend : public Backend {
 public:
  explicit CpuBackend(bool tf32_asked) : tf32_asked_(tf32_asked) {}
  std::string name() const override { return "cpu"; }
  std::string description() const override {
    const int threads = cpu_pool().num_threads();
    return std::string("CPU oneDNN ") + kernels_name() + ", " + std::to_string(threads) +
           (threads == 1 ? " thread" : " threads") +
           (matmul_precision() == Precision::bfloat16 ? ", bfloat16"
            : tf32_asked_                             ? ", float32 (tf32 is a GPU's)"
                                                      : "");
  }
  Device device() const override { return Device::cpu; }
  void* allocate(int64_t bytes) override { return host_memory().allocate(bytes); }
  void release(void* p) noexcept override { host_memory().release(p); }

 private:
  bool tf32_asked_;
};

}  // namespace

void check_cpu_precision(Precision precision) {
  if (precision == Precision::bfloat16 && !cpu_features().avx512_bf16)
    throw ConfigError("compute.precision=bfloat16: this CPU (" + cpu_features().name +
                      ") has no bfloat16 units; use compute.precision=float32");
}

std::unique_ptr<Backend> make_backend(const ComputeConfig& config) {
  // A GPU that is asked for and missing is told at once; one that is there may take over the precision.
  if (!device_plugin(config.device)) check_cpu_precision(config.precision);
  set_matmul_precision(cpu_features().avx512_bf16 ? cpu_precision(config.precision) : Precision::float32);
  set_instruction_set(config.instructions);
  set_cpu_threads(config.threads > 0 ? static_cast<int>(config.threads) : cpu_features().physical_threads);
  return std::make_unique<CpuBackend>(config.precision == Precision::tf32);
}

std::unique_ptr<Backend> backend_beside() { return std::make_unique<CpuBackend>(false); }

}  // namespace moescope
