// The pinned images side by side.
#include "widgets/panels/pinned_row.h"

#include <algorithm>

#include "widgets/panels/gallery.h"
#include "widgets/panels/image_view.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/expert_mark.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr size_t kMostPins = 9;  // as many as there are digit keys

}  // namespace

void draw_pinned_row(const Rect& area, const Seen& seen, Selection& selection, std::vector<Command>& out) {
  if (!seen.snapshot || area.h < px(50)) return;
  Rect rest = area;
  ui::text_in(rest.cut_top(px(20)), Face::small, ui::theme().dim, "pinned: image, and the main expert of each patch");
  const float side = rest.h - px(4);
  for (size_t i = 0; i < selection.pins.size() && rest.w > 2 * side; ++i) {
    const WatchedImage& pin = selection.pins[i];
    const ImageView* view = find_view(*seen.snapshot, pin);
    Rect pair = rest.cut_left(2 * side + px(2));
    rest.cut_left(px(12));
    const bool over = ui::hovering(pair), chosen = selection.has_image && selection.image == pin;
    if (over && ImGui::IsMouseClicked(0)) Gallery::choose(pin, selection, out);
    const Rect whole = pair;
    if (!view) {
      ui::fill(pair, ui::theme().raised, px(4));
    } else {
      const Rect left = fit_image({pair.x, pair.y, side, side}, view->pixels);
      Rect right = left;
      right.x += left.w + px(2);
      draw_image({left, left}, *view, *seen.textures);
      draw_image({right, right}, *view, *seen.textures);
      if (const RoutingMap* map = find_map(*view, selection.layer))
        for (int64_t patch = 0; patch < num_patches(*map); ++patch) {
          const Rect box = patch_rect({right, right}, *map, patch);
          const int64_t expert = main_expert_of_patch(*map, patch);
          if (expert < 0)
            ui::fill(box, ui::fade(ui::theme().panel, 0.9f));
          else
            ui::fill(box, ui::fade(ui::expert_color(expert), 0.55f));
        }
    }
    if (chosen || over)
      ui::frame(whole.inset(-px(2)), chosen ? ui::theme().accent : ui::fade(ui::theme().text, 0.6f), px(4), px(1.5f));
    ui::tip(whole, {pin.label, "key " + std::to_string(i + 1)});
  }
}

void toggle_pin(Selection& selection, std::vector<Command>& out) {
  if (!selection.has_image) return;
  if (std::erase(selection.pins, selection.image) == 0) {
    if (selection.pins.size() == kMostPins) selection.pins.erase(selection.pins.begin());
    selection.pins.push_back(selection.image);
  }
  Gallery::choose(selection.image, selection, out);
}

}  // namespace moescope::panels
