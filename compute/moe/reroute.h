// Where an image's patches go under other knobs, from the map of where they went: a sort and a mask, no model.
#pragma once

#include "compute/records/routing_map.h"
#include "compute/records/what_if.h"

namespace moescope {

/// The layer's routing of the same tokens under `what_if`, whose layers are block indices and whose edits are not
/// looked at. Exact for the first layer that changes; deeper layers would see other tokens, which only a look through
/// the model can tell. `map` must be of the model as it is and of an image routed in a group of its own
/// (ImageView::routing); `router` are the knobs that it was made with; image: its number, for what is drawn at random.
///   temperature        gates and weights to the power of old / new temperature, normalised again
///   k, capacity, BPR   as the router assigns
///   experts off, kept, patches forced, fewer slots  as in a pass; experts replaced change no routing
/// Throws ConfigError for knobs that leave no capacity. Some 0.1 ms for 49 tokens and 16 experts.
RoutingMap rerouted(const RoutingMap& map, const WhatIf& what_if, const RouterConfig& router, int64_t image = 0);

}  // namespace moescope
