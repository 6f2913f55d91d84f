// Replays a folder of golden files and prints a line for each; the exit status is the verdict.
#include "app/commands/command_conform.h"

#include <iostream>

#include "app/commands/inspect_text.h"
#include "app/options/backend_option.h"
#include "compute/backends/implementations.h"
#include "compute/conform/conform.h"
#include "compute/records/error.h"

namespace moescope {

namespace {

struct ConformOptions {
  std::string folder, backend = "cpu";
  bool layers = false;
};

std::vector<InstructionSet> sets_for(const std::string& backend) {
  if (backend == "cpu-ref") return {InstructionSet::reference};
  return runnable_instruction_sets();
}

int conform(const ConformOptions& options) {
  const auto tell = [&](const ConformLine& line) {
    std::cout << describe(line) << std::endl;
    if (options.layers && line.parity) std::cout << to_text(line.parity->layers) << verdict(*line.parity) << std::endl;
  };
  const bool on_device = use_backend(options.backend);
  if (options.layers && !on_device) throw UserError("--layers compares a GPU with the CPU; add --backend cuda");
  const ConformSummary summary =
      on_device ? run_conform(options.folder, device_plugin(DeviceKind::cuda), options.backend, tell)
                : run_conform(options.folder, sets_for(options.backend), tell);
  std::cout << describe(summary) << std::endl;
  return summary.ok() ? 0 : 1;
}

}  // namespace

void add_conform_command(CLI::App& program, Action& action) {
  CLI::App* command =
      program.add_subcommand("conform", "replays golden files of the papers' code, forward and backward");
  const auto options = std::make_shared<ConformOptions>();
  command->add_option("DIR", options->folder, "the folder, with its INDEX.md; tests/reference/golden in the source")
      ->required();
  command
      ->add_option("--backend", options->backend,
                   "cpu: every kernel that this CPU runs; cpu-ref: the plain ones; cuda: a GPU; cuda-host: the GPU "
                   "program on this host, the CUDA libraries faked")
      ->check(CLI::IsMember({"cpu", "cpu-ref", "cuda", "cuda-host"}));
  command->add_flag("--layers", options->layers,
                    "with cuda or cuda-host: how far each layer of a whole model stands from the CPU's");
  command->callback([&action, options] { action = [options] { return conform(*options); }; });
}

}  // namespace moescope
