// What shall become of the run, and what becomes of everything else.
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

namespace {

std::string about_the_run(const Seen& seen) {
  const Snapshot& s = *seen.snapshot;
  return s.config.name + " is at step " + ui::grouped(s.step) +
         (s.eta_secs >= 0 ? ", " + ui::duration(s.eta_secs) + " before its end" : "") +
         ". It can go on in the terminal, or be saved and stop here; a saved run can be resumed.";
}

std::string about_the_others(const std::vector<std::string>& others) {
  std::string names;
  for (const std::string& name : others) names += (names.empty() ? "" : ", ") + name;
  return (others.size() == 1 ? "This ends with the window: " : "These end with the window: ") + names +
         ". What is done is stored; begun again, the rest goes on from there.";
}

}  // namespace

Leave draw_leave_sheet(const Rect& screen, const Seen& seen, const AtWork& work) {
  const ui::Theme& t = ui::theme();
  const ui::Sheet sheet("leave", screen, 520, work.run && !work.others.empty() ? 250 : 190);
  Rect inside = sheet.inside();
  ui::text_in(inside.cut_top(px(30)), Face::title, t.text,
              work.run ? "The run is training" : "Something is still under way");
  if (work.run) ui::text_block(inside.cut_top(px(56)), Face::body, t.dim, about_the_run(seen));
  if (!work.others.empty()) ui::text_block(inside.cut_top(px(56)), Face::body, t.dim, about_the_others(work.others));
  Rect buttons = inside.cut_bottom(px(32));
  Leave answer = Leave::undecided;
  const char* const leave = work.run ? "Stop and save" : "Stop and close";
  ui::tip(
      Rect(buttons).cut_right(px(150)),
      {leave, work.run ? "Writes a checkpoint; `--resume latest` goes on, bit for bit." : "What is done is stored."});
  if (ui::button("save", buttons.cut_right(px(150)), leave, ui::ButtonKind::primary)) answer = Leave::save;
  buttons.cut_right(px(10));
  if (work.run) {
    ui::tip(Rect(buttons).cut_right(px(150)),
            {"Training goes on", "Without a window, in the terminal; Ctrl+C saves and leaves."});
    if (ui::button("go on", buttons.cut_right(px(150)), "Training goes on")) answer = Leave::go_on;
    buttons.cut_right(px(10));
  }
  if (ui::button("stay", buttons.cut_right(px(90)), "Cancel", ui::ButtonKind::quiet)) answer = Leave::stay;
  if (answer != Leave::undecided) return answer;
  if (ui::pressed(ui::Key::enter)) return Leave::save;
  return sheet.dismissed() ? Leave::stay : Leave::undecided;
}

}  // namespace moescope::panels
