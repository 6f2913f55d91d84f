// Soft MoE over the image: the dispatch and combine map of one slot in units of the uniform weight, or what all slots
// together take from each token and how widely each token reads; and a strip of all slots.
#pragma once

#include <string>
#include <vector>

#include "widgets/panels/image_view.h"
#include "widgets/panels/in_place.h"
#include "widgets/panels/map_strip.h"
#include "widgets/panels/selection.h"

namespace moescope::panels {

class SoftPicture {
 public:
  /// Draws image, dispatch map, combine map, colour bar and slot strip. Reports patch, slot and expert under the mouse
  /// to the selection; clicks pin. Returns the area that was used. `in_place` compares both maps with the model as it
  /// is while something is asked, else the combine map with the dispatch map.
  ui::Rect draw_ui(const ui::Rect& area, const Seen& seen, const ImageView& view, const RoutingMap& map,
                   InPlace& in_place, Selection& selection);
  /// The scale follows the data's own range instead of starting at 0: shows structure in a nearly flat map, and says
  /// so.
  bool stretched = false;
  /// Instead of one slot: the token weight summed over all slots, and the entropy of each token's combine weights.
  bool all_slots = false;
  /// Which slot is shown: under the mouse, pinned, the sharpest of the pointed expert, or the sharpest of all.
  static int64_t shown_slot(const RoutingMap& map, const Selection& selection);

 private:
  struct Scale {
    float low = 0, high = 2;
  };
  enum class Quantity { dispatch, combine, token_weight, entropy };
  /// What a picture shows: one quantity of one slot.
  struct Side {
    const ImageView* view = nullptr;
    const RoutingMap* map = nullptr;
    int64_t slot = 0;
    Quantity quantity = Quantity::dispatch;
    uint64_t version = 0;
    bool as_is = false;
  };
  static Side other_side(const Side& own, const Seen& seen, const Selection& selection);
  float value_of(const Side& side, int64_t token) const;
  /// The same of all patches, for a GPU.
  static MapTexels texels_of(const Side& side);
  void draw_map(const Picture& picture, const Seen& seen, const Side& side, Scale scale, bool other);
  /// The picture of a quantity, compared in place with its other side where there is one, and its caption.
  void draw_sides(const Picture& picture, const Seen& seen, const Side& own, Scale scale, InPlace& in_place,
                  const Selection& selection);
  std::string caption(const Side& side) const;
  void draw_readout(const Picture& picture, const Side& side) const;
  /// `clipped`: some weights lie above the scale and take its last colour. `unit` stands behind the numbers.
  void draw_color_bar(const ui::Rect& area, const Seen& seen, Scale scale, bool clipped, const char* unit);
  void draw_head(ui::Rect head, const RoutingMap& map, const SoftRange& range);
  float draw_strip(const ui::Rect& area, const Seen& seen, const ImageView& view, const RoutingMap& map, int64_t slot,
                   Scale scale, Selection& selection);

  std::vector<float> values_;
  MapStrip strip_;
};

}  // namespace moescope::panels
