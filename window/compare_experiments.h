// The sheet in which a sweep or twins are asked for: what they will do and cost is said before they begin.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "widgets/ui/rect.h"
#include "window/session_door.h"

namespace moescope {

class ExperimentSheet {
 public:
  void open() { open_ = true, planned_.reset(); }
  bool is_open() const { return open_; }
  /// Over everything, outside of other windows; asks the door for the plan of what is written.
  void draw_ui(const ui::Rect& screen, SessionDoor& door);
  /// True when a plan came.
  bool take_news(SessionDoor& door) { return door.take_plan(plan_); }

  /// As the fields say it.
  ExperimentAsk asked() const;
  const ExperimentPlan* plan() const { return plan_.get(); }

  // the fields
  int kind = 0;  // ExperimentAsk::Kind
  std::string preset = "default";
  std::vector<std::string> twins = {"vmoe-s", "default"};
  std::array<std::string, 3> axes;
  std::string seeds, settings, stop = "epochs=1", sweep_name = "sweep", twins_name = "twins";

 private:
  void draw_presets(ui::Rect& inside);
  void draw_axes(ui::Rect& inside);
  void draw_plan(ui::Rect inside) const;

  bool open_ = false;
  std::optional<ExperimentAsk> planned_;  // what the door was asked
  std::shared_ptr<const ExperimentPlan> plan_;
};

}  // namespace moescope
