// Figures of stored runs: built from a spec, written as files, kept in the store, and made again.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/comparison.h"
#include "app/figure_spec.h"
#include "figure/draw.h"
#include "figure/scene.h"

namespace moescope {

/// Reads what the spec names. Throws UserError: no such run, a metric that none of them has, no stored routing.
figure::Scene build_figure(const RunReader& reader, const FigureSpec& spec);

/// The scene's hash in base 16: 64 bits over everything that scene_json says.
std::string scene_hash(const figure::Scene& scene);

/// The program's colour map, assets/colormaps/magma.txt.
figure::ColorMap load_color_map();

/// As an element that an HTML page can hold.
std::string figure_img(const figure::Scene& scene);

/// By the file's ending: .svg, .pdf, .png, .csv, .json, .tex. Throws UserError for another one and when it cannot be
/// written.
void write_figure(const figure::Scene& scene, const std::filesystem::path& file);

}  // namespace moescope
