// The makers of single kinds of figure, which figures.cpp chooses from.
#pragma once

#include "app/figures.h"

namespace moescope {

/// The runs of a spec under the labels that it gives them.
std::vector<ComparedRun> runs_of(const RunReader& reader, const FigureSpec& spec);

figure::Panel load_panel(const RunReader& reader, const FigureSpec& spec);
figure::Panel ridge_panel(const RunReader& reader, const FigureSpec& spec);
figure::Panel routing_panel(const RunReader& reader, const FigureSpec& spec);

}  // namespace moescope
