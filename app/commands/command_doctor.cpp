// Prints what this machine offers: processor, engine, display, store, disk, libraries.
#include "app/commands/command_doctor.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "app/commands/library_versions.h"
#include "app/options/store_path.h"
#include "app/tools/display_probe.h"
#include "assets/assets.h"
#include "compute/backends/backend.h"
#include "compute/backends/cpu_features.h"
#include "compute/backends/cuda/plugin.h"
#include "compute/backends/implementations.h"
#include "compute/core/version.h"
#include "compute/records/config_fields.h"
#include "compute/rl/atari.h"
#include "sessions/check.h"
#include "sessions/store_error.h"

namespace moescope {

namespace {

namespace fs = std::filesystem;

void line(const char* subject, const std::string& words) { std::printf("%-12s %s\n", subject, words.c_str()); }

std::string gibibytes(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GiB", bytes / (1 << 30));
  return text;
}

void report_processor() {
  const CpuFeatures& cpu = cpu_features();
  std::string can;
  for (const auto& [has, name] : {std::pair{cpu.avx2, "AVX2"},
                                  {cpu.avx512, "AVX-512"},
                                  {cpu.avx512_bf16, "AVX-512 bf16"},
                                  {cpu.amx_bf16, "AMX bf16"}}) {
    if (has) can += (can.empty() ? "" : ", ") + std::string(name);
  }
  line("processor", cpu.name + ", " + std::to_string(cpu.physical_threads) + " threads for this process");
  line("vectors", can.empty() ? "none that the fast kernels know; the plain reference will run" : can);
  const double pages = static_cast<double>(sysconf(_SC_PHYS_PAGES)), page = static_cast<double>(sysconf(_SC_PAGESIZE));
  line("memory", gibibytes(pages * page));
}

std::string gpu_words() {
  if (const std::string missing = missing_for_cuda(); !missing.empty()) return "none: " + missing;
  const std::shared_ptr<const DevicePlugin> plugin = device_plugin(DeviceKind::cuda);
  const device_api::DeviceFacts facts = plugin->facts();
  return plugin->description() + ", " + gibibytes(static_cast<double>(facts.free_bytes)) + " of " +
         gibibytes(static_cast<double>(facts.memory_bytes)) + " free" +
         (facts.devices > 1 ? "; the first of " + std::to_string(facts.devices) : "");
}

/// Who computes attention on the GPU; shapes that cuDNN has no plan for are left to our own kernels all the same.
std::string attention_words() {
  const int32_t version = device_plugin(DeviceKind::cuda)->functions().cudnn();
  if (version == 0) return "our own kernels: no cuDNN 9.13 or later was found";
  return "in bfloat16 cuDNN " + std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) +
         " where it has a plan, otherwise our own kernels";
}

void report_engine() {
  line("engine", make_backend(ComputeConfig{})->description());
  line("GPU", gpu_words());
  if (missing_for_cuda().empty()) line("attention there", attention_words());
  line("kernels", std::string(choice_name(best_instruction_set())) + " (compute.instructions chooses others)");
}

void report_display() {
  const auto plugin = missing_for_cuda().empty() ? device_plugin(DeviceKind::cuda) : nullptr;
  std::string hindrance;
  const DisplayProbe probe = probe_display([&] {
    if (plugin) hindrance = plugin->gl_hindrance();
  });
  line("display", probe.words);
  if (plugin && probe.usable) line("heat maps", heat_map_road(hindrance, probe.renderer));
}

/// False when the store is there and not sound.
bool report_store(const fs::path& store) {
  fs::path existing = store;
  std::error_code error;
  while (!existing.empty() && !fs::exists(existing, error)) existing = existing.parent_path();
  const fs::space_info space = fs::space(existing.empty() ? "." : existing, error);
  const bool there = fs::exists(store, error);
  line("store", store.string() + (there ? "" : " (not there yet; the first run makes it)"));
  line("disk", error ? "unknown: " + error.message()
                     : gibibytes(static_cast<double>(space.available)) + " free where the store is");
  if (!there) return true;
  try {
    const std::vector<std::string> findings = check_store(store);
    const std::string more = findings.size() > 1 ? " (`moescope runs check` tells all)" : "";
    line("integrity", findings.empty() ? "sound" : findings.front() + more);
    return findings.empty();
  } catch (const StoreError& trouble) {  // locked, denied, no store at all: what follows is told all the same
    line("integrity", trouble.what());
    return false;
  }
}

void report_assets() {
  line("presets", asset_path("presets").string());
  for (const auto& [name, version] : library_versions()) line(name.c_str(), version);
  line("atari", rl::probe_atari().words);
}

int doctor(const fs::path& store) {
  line("moescope", program_version());
  report_processor();
  report_engine();
  report_display();
  const bool sound = report_store(store);
  report_assets();
  return sound ? 0 : 1;
}

}  // namespace

void add_doctor_command(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand("doctor", "what this machine offers and what the program makes of it");
  const auto store = std::make_shared<std::string>();
  add_store_option(*command, *store);
  command->callback([&action, store] { action = [store] { return doctor(store_path(*store)); }; });
}

}  // namespace moescope
