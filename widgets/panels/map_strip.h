// All maps of a layer side by side, small: one a slot (Soft MoE) or one an expert (sparse routers).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "widgets/panels/sources.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

struct StripMaps {
  int64_t count = 0, grid_width = 0, grid_height = 0;
  float low = 0, high = 1;
  std::string low_name, high_name;  // beside a colour bar at the right end; none: there is no bar
  uint64_t key = 0, version = 0;    // of the texture
  float cell = 30;                  // side of a map in design units, at most
  std::function<float(int64_t item, int64_t patch)> value;
  const DeviceMaps* device = nullptr;           // that has the values too; null: none
  MapTexels texels;                             // of item 0
  std::function<int64_t(int64_t item)> expert;  // whose line stands below it; -1: none
  std::function<bool(int64_t item)> lit;        // drawn with a light frame
  int64_t shown = -1;                           // drawn with an accent frame
};

class MapStrip {
 public:
  struct Result {
    int64_t hovered = -1;
    bool clicked = false;
    float height = 0;  // used
  };
  Result draw_ui(const ui::Rect& area, const Seen& seen, const StripMaps& maps);

 private:
  void colour_all(const StripMaps& maps, int64_t columns, int64_t rows);

  std::vector<float> values_;
  uint64_t version_ = 0;
};

}  // namespace moescope::panels
