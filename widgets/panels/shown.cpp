// What the pictures show.
#include "widgets/panels/shown.h"

namespace moescope::panels {
namespace {

bool same_image(const WatchedImage& a, const WatchedImage& b) { return a.test_index == b.test_index && a.own == b.own; }

const ImageLook* answer_for(const Look* look, const WatchedImage& image) {
  if (!look) return nullptr;
  for (const ImageLook& one : look->images)
    if (same_image(one.as_is.image, image)) return &one;
  return nullptr;
}

}  // namespace

const ImageLook* shown_look(const Seen& seen, const Selection& selection) {
  if (!selection.has_image || selection.asking.now().is_nothing()) return nullptr;
  if (seen.look && seen.look->request.what_if.is_nothing()) return nullptr;  // of a question before
  return answer_for(seen.look, selection.image);
}

const ImageView* shown_view(const Seen& seen, const Selection& selection) {
  if (const ImageLook* look = shown_look(seen, selection))
    return selection.asking.reference ? &look->as_is : &look->changed;
  return seen.snapshot && selection.has_image ? find_view(*seen.snapshot, selection.image) : nullptr;
}

const RoutingMap* shown_map(const Seen& seen, const Selection& selection) {
  if (seen.rerouted && seen.rerouted->layer == selection.layer && !selection.asking.reference) return seen.rerouted;
  const ImageView* view = shown_view(seen, selection);
  return view ? find_map(*view, selection.layer) : nullptr;
}

uint64_t shown_version(const Seen& seen, const Selection& selection) {
  return ui::texture_key(
      {seen.serial, seen.look_serial, selection.asking.reference ? 1u : 0u, shown_look(seen, selection) ? 1u : 0u});
}

bool is_waiting(const Seen& seen, const Selection& selection) {
  if (seen.model_awaited) return true;
  const WhatIf asked = selection.asking.now();
  if (asked.is_nothing() || !selection.has_image) return false;
  return !seen.look || !(seen.look->request.what_if == asked) || !answer_for(seen.look, selection.image);
}

const LayerChange* shown_change(const Seen& seen, const Selection& selection) {
  const ImageLook* look = shown_look(seen, selection);
  if (!look || selection.asking.reference || seen.rerouted) return nullptr;
  for (const LayerChange& change : look->layers)
    if (change.layer == selection.layer) return &change;
  return nullptr;
}

int64_t count_rerouted(const ImageLook& look, int64_t layer) {
  size_t count = 0;
  for (const LayerChange& change : look.layers)
    if (layer < 0 || change.layer == layer) count += change.patches.size();
  return static_cast<int64_t>(count);
}

}  // namespace moescope::panels
