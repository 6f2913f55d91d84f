// The knobs that act on a running model: shown as pending until a snapshot's configuration confirms them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "compute/records/config_fields.h"
#include "widgets/panels/selection.h"
#include "widgets/panels/sources.h"
#include "widgets/ui/controls.h"

namespace moescope::panels {

/// One row of the panel. Range, help, formula and source come from the tables of settings; the track covers the part of
/// the range in which people work, and the number beside it takes any value of the full range.
struct Knob {
  std::string_view key, label;
  ui::SliderScale track;
  bool is_toggle = false;
};

/// The knobs that matter for this router, in the order in which they are shown.
std::vector<Knob> knobs_for(const RunConfig& config);

class Knobs {
 public:
  /// Draws the rows into a panel's inside.
  void draw_ui(const ui::Rect& inside, const Seen& seen, std::vector<Command>& out);
  /// Sends a change that was decided elsewhere (undo), and shows it as pending.
  void set(const SetField& change, double now, std::vector<Command>& out);
  /// "live, applied at the next step", "pending", or why a value was refused.
  struct Remark {
    std::string text;
    ImU32 color = 0;
  };
  Remark remark() const;
  /// Height at which all rows of this router have room, in pixels.
  static float preferred_height(const Seen& seen);
  /// The same with the rows as close as they may stand.
  static float least_height(const Seen& seen);
  bool is_pending(std::string_view key) const { return pending_.find(key) != pending_.end(); }

 private:
  struct Pending {
    std::string text;
    double asked_at = 0, sent_at = -1;
    std::string sent;
  };
  void draw_row(ui::Rect row, const Knob& knob, const RunConfig& config, double now, std::vector<Command>& out);
  void draw_value(const ui::Rect& area, const Knob& knob, const RunConfig& config, double value, bool pending,
                  double now, std::vector<Command>& out);
  /// Notes the wish; sends it when `now_too` or, for what redraws routing, ten times a second while it is dragged.
  void ask(const Knob& knob, const RunConfig& config, const std::string& text, bool now_too, double now,
           std::vector<Command>& out);
  void draw_router(ui::Rect row, const RunConfig& config, double now, std::vector<Command>& out);
  void forget_confirmed(const RunConfig& config, double now);

  std::map<std::string, Pending, std::less<>> pending_;
  std::string edited_key_, edited_text_, refusal_;
  std::string wanted_router_;  // chosen, and not yet confirmed
  std::string run_message_;    // why the run could not obey
  bool focus_edit_ = false;
};

}  // namespace moescope::panels
