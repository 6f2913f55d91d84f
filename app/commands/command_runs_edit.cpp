// `moescope runs note`, `rename`, `star`, `tag`, `trash`, `undo` and their kind.
#include <iostream>

#include "app/commands/command_runs_parts.h"
#include "app/options/run_lookup.h"
#include "app/options/store_path.h"
#include "app/terminal/text_table.h"
#include "compute/records/words.h"
#include "sessions/run_edits.h"
#include "sessions/run_notes.h"

namespace moescope {

namespace {

struct EditOptions {
  std::string store, run, text;
  std::vector<std::string> runs;
  int64_t step = -1;
};

SessionStore open_to_edit(const EditOptions& options) {
  const std::filesystem::path path = open_store_for_reading(options.store).path();  // says what is wrong with it
  return {path, SessionStore::Access::edit};
}

std::vector<int64_t> find_runs(const SessionStore& store, const EditOptions& options) {
  const RunReader reader(store);
  std::vector<int64_t> ids;
  for (const std::string& run : options.runs) ids.push_back(find_run(reader, run));
  return ids;
}

int note(const EditOptions& options) {
  const SessionStore store = open_to_edit(options);
  add_note(store.database(), find_run(RunReader(store), options.run), options.step, options.text);
  return 0;
}

int rename(const EditOptions& options) {
  const SessionStore store = open_to_edit(options);
  RunEditor(store).rename(find_run(RunReader(store), options.run), options.text);
  return 0;
}

template <RunMark mark, bool on>
int mark_runs(const EditOptions& options) {
  const SessionStore store = open_to_edit(options);
  RunEditor(store).mark(find_runs(store, options), mark, on);
  if (mark == RunMark::trashed && on) std::cout << "in the trash; `moescope runs undo` brings back the last change\n";
  return 0;
}

template <bool on>
int tag_runs(const EditOptions& options) {
  const SessionStore store = open_to_edit(options);
  RunEditor(store).tag(find_runs(store, options), options.text, on);
  return 0;
}

int undo(const EditOptions& options) {
  const SessionStore store = open_to_edit(options);
  const std::string told = RunEditor(store).undo();
  std::cout << (told.empty() ? "there is nothing to undo\n" : told);
  return 0;
}

int empty_trash(const EditOptions& options) {
  const SessionStore store = open_to_edit(options);
  const RunEditor::Emptied emptied = RunEditor(store).empty_trash();
  std::cout << counted(emptied.num_runs, "run") << " removed; " << with_unit(static_cast<double>(emptied.free_bytes))
            << "B can be used again (`moescope runs compact` gives them to the disk)\n";
  return 0;
}

}  // namespace

void add_runs_edit_commands(CLI::App& runs, Action& action) {
  const auto options = std::make_shared<EditOptions>();
  const auto add = [&](const char* name, const char* help, int (*run)(const EditOptions&)) {
    CLI::App* command = runs.add_subcommand(name, help);
    add_store_option(*command, options->store);
    command->callback([&action, options, run] { action = [options, run] { return run(*options); }; });
    return command;
  };
  const auto of_runs = [&](CLI::App* command) {
    command->add_option("RUN", options->runs, kRunHelp)->required()->expected(1, 100000);
  };
  const auto of_one = [&](CLI::App* command, const char* what, const char* help) {
    command->add_option("RUN", options->run, kRunHelp)->required();
    command->add_option(what, options->text, help)->required();
  };
  const auto of_word = [&](CLI::App* command, const char* what, const char* help) {
    command->add_option(what, options->text, help)->required();
    of_runs(command);
  };

  CLI::App* command = add("note", "writes a note about a run", note);
  of_one(command, "TEXT", "what to remember");
  command->add_option("--step", options->step, "about this step; default: about the run")
      ->check(CLI::NonNegativeNumber);
  of_one(add("rename", "gives a run another name", rename), "NAME", "the new name");
  of_runs(add("star", "marks runs with a star", mark_runs<RunMark::starred, true>));
  of_runs(add("unstar", "takes the star away", mark_runs<RunMark::starred, false>));
  of_runs(add("archive", "lists runs only when --archived asks for them", mark_runs<RunMark::archived, true>));
  of_runs(add("unarchive", "lists them again", mark_runs<RunMark::archived, false>));
  of_word(add("tag", "gives runs a tag", tag_runs<true>), "TAG", "one word");
  of_word(add("untag", "takes a tag away", tag_runs<false>), "TAG", "one word");
  of_runs(add("trash", "puts runs into the trash", mark_runs<RunMark::trashed, true>));
  of_runs(add("restore", "takes runs out of the trash", mark_runs<RunMark::trashed, false>));
  add("undo", "takes back the latest change of a name, mark, tag or the trash; again: the one before", undo);
  add("empty-trash", "removes the runs in the trash for good", empty_trash);
}

}  // namespace moescope
