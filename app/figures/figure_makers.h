// The makers of single kinds of figure, which figures.cpp chooses from.
#pragma once

#include "app/figures/figures.h"
#include "compute/data/dataset.h"
#include "compute/records/routing_map.h"

namespace moescope {

/// The runs of a spec under the labels that it gives them.
std::vector<ComparedRun> runs_of(const RunReader& reader, const FigureSpec& spec);

figure::Panel parallel_panel(const RunReader& reader, const FigureSpec& spec);
figure::Panel load_panel(const RunReader& reader, const FigureSpec& spec);
figure::Panel ridge_panel(const RunReader& reader, const FigureSpec& spec);
figure::Panel routing_panel(const RunReader& reader, const FigureSpec& spec);

/// A picture of a data set's size; with a map, the expert of each patch over it.
figure::GridImage grid_image(const DatasetInfo& info, const uint8_t* pixels, const std::string& label);
figure::GridImage routed_image(figure::GridImage image, const RoutingMap& map);

}  // namespace moescope
