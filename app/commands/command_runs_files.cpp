// `moescope runs export` and `moescope runs import`.
#include <filesystem>
#include <iostream>

#include "app/commands/command_runs_parts.h"
#include "app/models/weights_file.h"
#include "app/options/run_lookup.h"
#include "app/options/store_path.h"
#include "compute/records/output_file.h"
#include "sessions/export.h"
#include "sessions/import.h"
#include "sessions/tensorboard.h"

namespace moescope {

namespace {

struct FileOptions {
  std::string store, run, format = "csv", to, from, name;
};

int export_json_to(const RunReader& reader, int64_t run_id, const std::string& to) {
  if (to == "-") {
    export_json(reader, run_id, std::cout);
    return 0;
  }
  OutputFile file(to, FileKind::text);
  export_json(reader, run_id, file.stream());
  file.keep();
  std::cout << to << "\n";
  return 0;
}

int export_run(const FileOptions& options) {
  const SessionStore store = open_store_for_reading(options.store);
  const RunReader reader(store);
  const int64_t run_id = find_run(reader, options.run);
  const std::string own = "run-" + std::to_string(run_id);
  const auto place = [&](const char* ending) { return options.to.empty() ? own + ending : options.to; };
  if (options.format == "json") return export_json_to(reader, run_id, place(".json"));
  if (options.format == "safetensors") {
    export_weights(options.store, options.run, place(".safetensors"));
    std::cout << place(".safetensors") << "\n";
    return 0;
  }
  if (options.format == "tensorboard") {
    std::cout << export_tensorboard(reader, run_id, place("")).string() << "\n";
    return 0;
  }
  for (const auto& file : export_csv(reader, run_id, place(""))) std::cout << file.string() << "\n";
  return 0;
}

int import_run(const FileOptions& options) {
  const std::filesystem::path from = options.from, path = store_path(options.store);
  if (!std::filesystem::exists(from)) throw UserError(options.from + " does not exist; check the path");
  make_store_folder(path);
  const SessionStore store(path, SessionStore::Access::write);
  const auto tell = [](int64_t run_id) { std::cout << "run " << run_id << "\n"; };
  if (std::filesystem::exists(from / "run.csv")) {
    tell(import_csv(store, from, options.name));
  } else if (from.extension() == ".json") {
    tell(import_json(store, from, options.name));
  } else if (from.extension() == ".safetensors") {
    tell(import_weights(store, from, options.name));
  } else {
    const TensorboardImport done =
        import_tensorboard(store, from, options.name.empty() ? from.filename().string() : options.name);
    std::cout << "run " << done.run_id << ", " << done.num_values << " values";
    if (done.num_left_out > 0) std::cout << "; " << done.num_left_out << " that are no scalars were left out";
    std::cout << "\n";
  }
  return 0;
}

}  // namespace

void add_runs_file_commands(CLI::App& runs, Action& action) {
  const auto options = std::make_shared<FileOptions>();
  CLI::App* command =
      runs.add_subcommand("export", "a run as CSV tables, JSON, TensorBoard scalars, or its weights as safetensors");
  add_store_option(*command, options->store);
  command->add_option("RUN", options->run, kRunHelp)->required();
  command->add_option("--format", options->format, "csv, json, tensorboard or safetensors")
      ->check(CLI::IsMember({"csv", "json", "tensorboard", "safetensors"}));
  command->add_option("--to", options->to,
                      "folder (csv, tensorboard) or file (json, - for the terminal; safetensors); default: run-NUMBER");
  command->callback([&action, options] { action = [options] { return export_run(*options); }; });

  command = runs.add_subcommand("import", "a new run from such a file or folder");
  add_store_option(*command, options->store);
  command->add_option("FROM", options->from, "run-1 (CSV), run-1.json, run-1.safetensors, or TensorBoard's event files")
      ->required();
  command->add_option("--name", options->name, "of the run; default: the one in the file, or the file's own");
  command->callback([&action, options] { action = [options] { return import_run(*options); }; });
}

}  // namespace moescope
