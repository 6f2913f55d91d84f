// What the person looks at, shared by all panels: hovering in one lights the same thing in another.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "compute/records/command.h"
#include "widgets/panels/asking.h"
#include "widgets/panels/zoom.h"

namespace moescope::panels {

/// -1 means nothing in every field.
struct Pointed {
  int64_t token = -1;  // of the chosen image, counted as in RoutingMap (a class token is token 0)
  int64_t expert = -1;
  int64_t slot = -1;  // Soft MoE, 0 .. E*p-1
};

struct Selection {
  int64_t run = 0;
  int64_t layer = -1;  // block index of the MoE layer looked at
  WatchedImage image;  // what the routing picture shows; test_index -1 and no pixels: nothing chosen yet
  bool has_image = false;
  Zoom zoom;                       // of every picture of the image
  bool histogram = false;          // H: of the pixels, over the image
  std::vector<WatchedImage> pins;  // looked at besides
  std::map<std::shared_ptr<const ImagePixels>, ImageFit>
      fits;                                       // of own images, where another than the first was chosen
  Asking asking;                                  // counterfactuals
  Pointed pinned;                                 // clicked: stays
  Pointed hovered;                                // under the mouse in the previous frame: what every panel draws
  Pointed hovering;                               // under the mouse in this frame: what panels report
  int64_t hovered_step = -1, hovering_step = -1;  // shared crosshair of the plots

  void begin_frame() {
    hovered = hovering, hovering = Pointed{};
    hovered_step = hovering_step, hovering_step = -1;
  }
  /// True when what panels report differs from what they drew: another frame is due.
  bool moved() const {
    return hovered.token != hovering.token || hovered.expert != hovering.expert || hovered.slot != hovering.slot ||
           hovered_step != hovering_step;
  }
  int64_t token() const { return hovered.token >= 0 ? hovered.token : pinned.token; }
  int64_t expert() const { return hovered.expert >= 0 ? hovered.expert : pinned.expert; }
  int64_t slot() const { return hovered.slot >= 0 ? hovered.slot : pinned.slot; }
};

}  // namespace moescope::panels
