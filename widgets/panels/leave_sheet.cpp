// What shall become of the run?
#include "widgets/panels/leave_sheet.h"

#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"
#include "widgets/ui/keys.h"
#include "widgets/ui/sheet.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {

using ui::Face;
using ui::px;
using ui::Rect;

Leave draw_leave_sheet(const Rect& screen, const Seen& seen) {
  const ui::Theme& t = ui::theme();
  const ui::Sheet sheet("leave", screen, 520, 190);
  Rect inside = sheet.inside();
  ui::text_in(inside.cut_top(px(30)), Face::title, t.text, "The run is training");
  std::string where = "Close the window, and it can go on in the terminal, or be saved and stop here.";
  if (seen.snapshot) {
    const Snapshot& s = *seen.snapshot;
    where = s.config.name + " is at step " + ui::grouped(s.step) +
            (s.eta_secs >= 0 ? ", " + ui::duration(s.eta_secs) + " before its end" : "") +
            ". It can go on in the terminal, or be saved and stop here; a saved run can be resumed.";
  }
  ui::text_block(inside.cut_top(px(56)), Face::body, t.dim, where);
  Rect buttons = inside.cut_bottom(px(32));
  Leave answer = Leave::undecided;
  ui::tip(Rect(buttons).cut_right(px(150)),
          {"Stop and save", "Writes a checkpoint; `--resume latest` goes on, bit for bit."});
  if (ui::button("save", buttons.cut_right(px(150)), "Stop and save", ui::ButtonKind::primary)) answer = Leave::save;
  buttons.cut_right(px(10));
  ui::tip(Rect(buttons).cut_right(px(150)),
          {"Training goes on", "Without a window, in the terminal; Ctrl+C saves and leaves."});
  if (ui::button("go on", buttons.cut_right(px(150)), "Training goes on")) answer = Leave::go_on;
  buttons.cut_right(px(10));
  if (ui::button("stay", buttons.cut_right(px(90)), "Cancel", ui::ButtonKind::quiet)) answer = Leave::stay;
  if (answer != Leave::undecided) return answer;
  if (ui::pressed(ui::Key::enter)) return Leave::save;
  return sheet.dismissed() ? Leave::stay : Leave::undecided;
}

}  // namespace moescope::panels
