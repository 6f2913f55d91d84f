// The panel in the middle: where every patch of the chosen image goes in one MoE layer.
#pragma once

#include <string>
#include <vector>

#include "widgets/panels/selection.h"
#include "widgets/panels/soft_picture.h"
#include "widgets/panels/sparse_picture.h"

namespace moescope::panels {

class RoutingPicture {
 public:
  /// Draws the panel. Returns the strip at its bottom that is left for the patch detail (empty when there is no map).
  ui::Rect draw_ui(const ui::Rect& area, const Seen& seen, Selection& selection, std::vector<Command>& out);
  /// `,` and `.` step through the MoE layers, F fits the image, B held and Q compare in place, H: the histogram. Soft
  /// MoE: N switches the scale, A one slot or all; sparse: W hides what was wanted, L shows the experts' numbers.
  void take_keys(const Seen& seen, Selection& selection);
  /// The colours of a soft map follow its own range instead of starting at zero.
  bool is_stretched() const { return soft_.stretched; }
  void stretch(bool on) { soft_.stretched = on; }

 private:
  void draw_header(ui::Rect header, const Seen& seen, const RoutingMap* map, Selection& selection);
  InPlace in_place_;
  SoftPicture soft_;
  SparsePicture sparse_;
};

/// "V-MoE top-1   capacity 1.05   196 tokens, 7 dropped": what the map is, in the words of its paper.
std::string describe_map(const RoutingMap& map);
/// The same in fewer words: "top-2, 7 dropped".
std::string describe_map_briefly(const RoutingMap& map);
/// Chooses the last MoE layer when none is chosen or the chosen one does not exist in this model.
void settle_layer(const RunConfig& config, Selection& selection);

}  // namespace moescope::panels
