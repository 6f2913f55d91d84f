// A figure that is kept: its files, and its spec as a row of the store, so that it can be made again.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "app/figures/figures.h"
#include "figure/kept_figure.h"

namespace moescope {

/// Runs by their number and step, so that neither a newer run of the same name nor more training changes the figure;
/// labels are set anew.
void pin_runs(const RunReader& reader, FigureSpec& spec);

/// What a file of this figure says about itself: the command that makes it again, and the spec.
std::string rebuild_note(int64_t figure_id, const FigureSpec& spec);

/// Makes the figure, writes the files (in none given: figure-NUMBER.svg here) and keeps the spec. `files` are told
/// whole, with their endings. Returns the figure's number. Throws UserError: what build_figure and write_figure throw.
int64_t keep_figure(const std::filesystem::path& store, FigureSpec spec, std::vector<std::string>& files);

/// The same under names of its own: FOLDER/figure-NUMBER.svg, .pdf, .png, .csv, .json and .tex.
int64_t keep_figure_in(const std::filesystem::path& store, FigureSpec spec, const std::filesystem::path& folder,
                       std::vector<std::string>& files);

/// Newest first.
std::vector<KeptFigure> kept_figures(const RunReader& reader);

/// A kept figure, made again from the store.
struct RebuiltFigure {
  FigureSpec spec;
  figure::Scene scene;
  bool same = false;    // to the last bit
  std::string verdict;  // the same as a sentence
};
/// Throws StoreError (missing) when there is none, and what build_figure throws.
RebuiltFigure rebuild_figure(const RunReader& reader, int64_t figure_id);

}  // namespace moescope
