// A scene to a file, by its ending.
#include <cctype>
#include <cinttypes>
#include <cstdio>

#include "app/figures/figures.h"
#include "assets/assets.h"
#include "compute/records/output_file.h"
#include "compute/train/checkpoint.h"
#include "figure/cairo_files.h"
#include "figure/scene_data.h"

namespace moescope {

std::string scene_hash(const figure::Scene& scene) {
  const std::string text = figure::scene_json(scene);
  char digits[20];
  std::snprintf(digits, sizeof digits, "%016" PRIx64, checksum(std::as_bytes(std::span(text))));
  return digits;
}

std::string figure_img(const figure::Scene& scene) {
  // As an address rather than an inline element: the glyphs of two inline figures would share their names.
  std::string address = "data:image/svg+xml,";
  for (const char c : figure::as_svg(scene, load_color_map())) {
    char escaped[4];
    std::snprintf(escaped, sizeof escaped, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) || std::string_view(" .-/:;=,()").find(c) != std::string_view::npos;
    address += plain ? std::string(1, c) : escaped;
  }
  return "<img alt=\"figure\" src=\"" + address + "\">\n";
}

void write_figure(const figure::Scene& scene, const std::filesystem::path& file, const std::string& note) {
  const std::string ending = file.extension().string();
  std::string bytes;
  if (ending == ".svg") {
    bytes = figure::as_svg(scene, load_color_map(), note);
  } else if (ending == ".pdf") {
    bytes = figure::as_pdf(scene, load_color_map(), note);
  } else if (ending == ".png") {
    bytes = figure::as_png(scene, load_color_map(), 2, note);
  } else if (ending == ".csv") {
    bytes = figure::scene_csv(scene, note);
  } else if (ending == ".json") {
    bytes = figure::scene_json(scene, note);
  } else if (ending == ".tex") {
    bytes = figure::scene_pgfplots(scene, note);
  } else {
    throw UserError(file.string() + ": a figure's file ends in .svg, .pdf, .png, .csv, .json or .tex");
  }
  write_file(file, bytes);
}

}  // namespace moescope
