// When to look, and what to show meanwhile.
#include "window/explore_look.h"

#include <algorithm>

#include "compute/records/error.h"
#include "widgets/panels/shown.h"

namespace moescope {

std::optional<LookRequest> LookAsker::ask(const panels::Seen& seen, const panels::Selection& selection,
                                          int64_t attention_block, bool stored) {
  LookRequest wanted;
  wanted.what_if = selection.asking.now();
  wanted.attention_block = attention_block;
  if (!seen.snapshot || !selection.has_image || (wanted.what_if.is_nothing() && attention_block < 0 && !stored)) {
    rest();
    return std::nullopt;
  }
  wanted.images = {selection.image};
  if (stored)  // the run's own snapshots have the others only as they are now
    for (const WatchedImage& pin : selection.pins)
      if (!(pin == selection.image)) wanted.images.push_back(pin);
  if (asked_) {
    wanted.id = asked_->id;
    if (wanted == *asked_) return std::nullopt;
  }
  wanted.id = next_id_++;
  asked_ = wanted;
  stop_ = false;
  return wanted;
}

const RoutingMap* QuickRoute::update(const panels::Seen& seen, const panels::Selection& selection,
                                     const Reroute& reroute) {
  const WhatIf asked = selection.asking.now();
  if (!reroute || !seen.snapshot || !panels::is_waiting(seen, selection) || !asked.edits.empty()) return nullptr;
  if (seen.model_awaited) return nullptr;  // the layer on view is another model's
  const ImageLook* look = panels::shown_look(seen, selection);
  const ImageView* view = look ? &look->as_is : panels::find_view(*seen.snapshot, selection.image);
  const RoutingMap* as_is = view ? panels::find_map(*view, selection.layer) : nullptr;
  if (!as_is) return nullptr;
  const bool same = map_ && made_for_ == asked && made_step_ == as_is->step && made_layer_ == as_is->layer &&
                    made_image_ == selection.image;
  if (same) return &*map_;
  try {
    map_ = reroute(*as_is, asked, seen.snapshot->config.router, std::max<int64_t>(0, selection.image.test_index));
  } catch (const UserError&) { return nullptr; }  // the look says why in its refusal
  made_for_ = asked, made_step_ = as_is->step, made_layer_ = as_is->layer, made_image_ = selection.image;
  ++serial_;
  return &*map_;
}

}  // namespace moescope
