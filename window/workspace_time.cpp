// What the panels see while a stored step is looked through.
#include "window/workspace_time.h"

#include "widgets/panels/routing_view.h"

namespace moescope {

void TimeTravel::rebuild(const panels::Seen& live, const Look& look) {
  past_.config = look.config;
  past_.step = look.model.step;
  past_.run_id = look.model.run_id;
  past_.class_names = live.snapshot->class_names;
  past_.images.clear();
  past_.layers.clear();
  for (const ImageLook& one : look.images) past_.images.push_back(one.as_is);
  if (past_.images.empty()) return;
  for (const RoutingMap& map : past_.images.front().routing) past_.layers.push_back(panels::load_of(map));
}

panels::Seen TimeTravel::view(const panels::Seen& live, const std::optional<panels::StoredStep>& chosen) {
  panels::Seen seen = live;
  const Look* look = live.look;
  if (look && !chosen) {
    if (!look->model.live) seen.look = nullptr;  // of the step that was left
    return seen;
  }
  if (!chosen || !live.snapshot) return seen;
  const bool right = look && look->model.checkpoint_id == chosen->checkpoint.checkpoint_id;
  seen.model_awaited = !right;
  if (look && !right && !look->refusal.empty() && look->images.empty() && live.look_serial != refused_) {
    refused_ = live.look_serial;
    refusal_ = look->refusal;
  }
  if (!look || look->model.live) return seen;  // the first look is on its way
  if (made_of_ != live.look_serial) rebuild(live, *look);
  made_of_ = live.look_serial;
  past_.state = live.snapshot->state;
  seen.snapshot = &past_;
  seen.serial = ui::texture_key({0x7057, live.look_serial});  // never one of the run's own
  seen.stored_model = look->model.text;
  return seen;
}

}  // namespace moescope
