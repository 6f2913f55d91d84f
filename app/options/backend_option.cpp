// One flag, two settings.
#include "app/options/backend_option.h"

#include "compute/backends/cuda/plugin.h"

namespace moescope {

bool use_backend(const std::string& backend) {
  if (backend != "cuda" && backend != "cuda-host") return false;
  choose_cuda_backend(backend == "cuda" ? CudaBackend::gpu : CudaBackend::on_host);
  return true;
}

void add_backend_option(CLI::App& command, std::vector<std::string>& settings) {
  command
      .add_option_function<std::string>(
          "--backend",
          [&settings](const std::string& backend) {
            settings.push_back(use_backend(backend) ? "compute.device=cuda" : "compute.device=cpu");
          },
          "cpu, cuda, or cuda-host: the GPU program on this host, the CUDA libraries faked (from a build tree; for "
          "checking, not for speed)")
      ->check(CLI::IsMember({"cpu", "cuda", "cuda-host"}));
}

}  // namespace moescope
