// Figures of stored runs: built from a spec, written as files, kept in the store, and made again.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/runs/comparison.h"
#include "compute/records/run_table.h"
#include "figure/draw.h"
#include "figure/figure_spec.h"
#include "figure/scene.h"

namespace moescope {

/// Reads what the spec names. Throws UserError: no such run, a metric that none of them has, no stored routing.
figure::Scene build_figure(const RunReader& reader, const FigureSpec& spec);

/// Accuracy against cost (x as in a pareto figure) of every run that the question finds, and which run each point is.
figure::Scene scatter_of_all(const RunReader& reader, const RunTableQuestion& question, const std::string& x,
                             std::vector<int64_t>& run_of_point);

/// The scene's hash in base 16: 64 bits over everything that scene_json says.
std::string scene_hash(const figure::Scene& scene);

/// As an element that an HTML page can hold.
std::string figure_img(const figure::Scene& scene);

/// The curves of a comparison and its accuracy against compute, as pictures in their sections.
void add_pictures(const RunReader& reader, const std::vector<ComparedRun>& runs, const std::vector<std::string>& keys,
                  ReportPage& page);

/// By the file's ending: .svg, .pdf, .png, .csv, .json, .tex. Throws UserError for another one and when it cannot be
/// written. note: kept inside the file.
void write_figure(const figure::Scene& scene, const std::filesystem::path& file, const std::string& note = {});

}  // namespace moescope
