// `moescope figure make`, `list`, `rebuild`, `kinds`, `movie`: parses the flags, builds the scene, writes files.
#include "app/commands/command_figure.h"

#include <iostream>

#include "app/figures/figure_keeping.h"
#include "app/figures/movie.h"
#include "app/options/store_path.h"
#include "app/terminal/text_table.h"

namespace moescope {

namespace {

struct FigureOptions {
  std::string store;
  FigureSpec spec;
  std::vector<std::string> to;
  int64_t figure_id = 0;
  bool check = false;
  MovieRequest movie;
  std::string movie_to;
  double frame_secs = 0.4, scale = 1;
};

int make(FigureOptions options) {
  FigureSpec& spec = options.spec;
  require_figure_kind(spec.kind);
  if (spec.x.empty()) spec.x = spec.kind == "pareto" ? "gflops" : "step";
  const std::filesystem::path path = open_store_for_reading(options.store).path();
  const int64_t id = keep_figure(path, spec, options.to);
  for (const std::string& file : options.to) std::cout << file << "\n";
  std::cout << "figure " << id << "; `moescope figure rebuild " << id << " --check` proves that it can be made again\n";
  return 0;
}

int list(const FigureOptions& options) {
  const SessionStore store = open_store_for_reading(options.store);
  TextTable table({">figure", "kind", "runs", "title", "made"});
  std::vector<KeptFigure> kept = kept_figures(RunReader(store));
  for (auto figure = kept.rbegin(); figure != kept.rend(); ++figure) {
    std::string runs;
    for (const std::string& run : figure->spec.runs) runs += (runs.empty() ? "" : " ") + run;
    table.add({std::to_string(figure->figure_id), figure->spec.kind, figure->trouble.empty() ? runs : figure->trouble,
               figure->title, figure->made_at});
  }
  std::cout << table.aligned();
  return 0;
}

int rebuild(const FigureOptions& options) {
  const SessionStore store = open_store_for_reading(options.store);
  const RebuiltFigure rebuilt = rebuild_figure(RunReader(store), options.figure_id);
  for (const std::string& file : options.to) {
    write_figure(rebuilt.scene, file, rebuild_note(options.figure_id, rebuilt.spec));
    std::cout << file << "\n";
  }
  if (options.check || !rebuilt.same) std::cout << rebuilt.verdict << "\n";
  return rebuilt.same || !options.check ? 0 : 1;
}

int kinds(const FigureOptions&) {
  TextTable table({"kind", "what it shows"});
  for (const auto& [name, about] : figure_kinds()) table.add({name, about});
  std::cout << table.aligned();
  return 0;
}

int movie(const FigureOptions& options) {
  const SessionStore store = open_store_for_reading(options.store);
  const std::vector<MovieFrame> frames = movie_frames(RunReader(store), options.movie);
  for (const auto& file : write_movie(frames, options.movie_to, options.frame_secs, options.scale))
    std::cout << file.string() << "\n";
  std::cout << frames.size() << " pictures, step " << frames.front().step << " to " << frames.back().step << "\n";
  return 0;
}

void add_movie_options(CLI::App& command, FigureOptions& options) {
  MovieRequest& movie = options.movie;
  command.add_option("RUN", movie.run, "a run's number, its name, or latest")->required();
  command.add_option("-o,--to", options.movie_to, "a file that ends in .gif, or a folder of PNG files")->required();
  command.add_option("--image", movie.image, "of the test set; default: the first whose routing was stored");
  command.add_option("--layer", movie.layer, "the block, from 0; default: the first with experts");
  command.add_option("--from", movie.first_step, "first step");
  command.add_option("--until", movie.last_step, "last step");
  command.add_flag("--checkpoints", movie.checkpoints,
                   "looks through the stored checkpoints: any test image. Default: the routing stored in training");
  command.add_option("--seconds", options.frame_secs, "a picture")
      ->check(CLI::Range(0.02, 60.0))
      ->capture_default_str();
  command.add_option("--scale", options.scale, "pixels a point")->check(CLI::Range(1, 8))->capture_default_str();
}

void add_make_options(CLI::App& command, FigureOptions& options) {
  FigureSpec& spec = options.spec;
  spec.x.clear();
  command.add_option("KIND", spec.kind, "curves, pareto, bars, parallel, load, ridge or routing")->required();
  command.add_option("RUN", spec.runs, "a run's number, its name, or latest; RUN@STEP: as it was then")
      ->required()
      ->expected(1, 100);
  command.add_option("--key", spec.key, "curves: the metric; several, apart by spaces, are a panel each")
      ->capture_default_str();
  command.add_option("--x", spec.x, "curves: step, images or gflops; pareto: gflops, ms or parameters");
  command.add_flag("--log-x", spec.log_x, "logarithmic x axis");
  command.add_flag("--log-y", spec.log_y, "logarithmic y axis");
  command.add_option("--layer", spec.layer, "load, ridge, routing: the block, from 0; default: the first with experts");
  command.add_option("--title", spec.title, "above the figure");
  command.add_option("--caption", spec.caption, "below the figure");
  command.add_option("--width", spec.width, "in points of 1/72 inch")
      ->check(CLI::Range(50, 5000))
      ->capture_default_str();
  command.add_option("--height", spec.height, "in points of 1/72 inch")
      ->check(CLI::Range(50, 5000))
      ->capture_default_str();
}

void add_to_option(CLI::App& command, FigureOptions& options, const char* help) {
  command.add_option("--to", options.to, help)->type_name("FILE")->expected(1)->take_all();
}

}  // namespace

void add_figure_command(CLI::App& program, Action& action) {
  CLI::App* figures = program.add_subcommand("figure", "figures of stored runs, made without a window and made again");
  figures->require_subcommand(1);
  const auto options = std::make_shared<FigureOptions>();
  const auto add = [&](const char* name, const char* help, int (*run)(FigureOptions)) {
    CLI::App* command = figures->add_subcommand(name, help);
    add_store_option(*command, options->store);
    command->callback([&action, options, run] { action = [options, run] { return run(*options); }; });
    return command;
  };
  CLI::App* command =
      add("make", "makes a figure and keeps its recipe", [](FigureOptions o) { return make(std::move(o)); });
  add_make_options(*command, *options);
  add_to_option(*command, *options,
                ".svg, .pdf, .png, .csv, .json or .tex; may be repeated. Default: figure-NUMBER.svg");
  add("list", "the figures that were made", [](FigureOptions o) { return list(o); });
  command = add("rebuild", "makes a figure again from its recipe", [](FigureOptions o) { return rebuild(o); });
  command->add_option("FIGURE", options->figure_id, "its number")->required();
  command->add_flag("--check", options->check, "is it the same, to the last bit? Exit status 1 when it is not");
  add_to_option(*command, *options, "as make; default: nothing is written");
  command =
      add("movie", "where the patches of one image went, over training", [](FigureOptions o) { return movie(o); });
  add_movie_options(*command, *options);
  add("kinds", "what figures there are", [](FigureOptions o) { return kinds(o); });
}

}  // namespace moescope
