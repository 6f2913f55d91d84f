// The table of all keys, as a sheet and as commands.
#include "widgets/panels/help_sheet.h"

#include <algorithm>
#include <string_view>

#include "widgets/ui/draw.h"
#include "widgets/ui/keys.h"
#include "widgets/ui/sheet.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

struct Entry {
  std::string_view keys, what;
};
struct Group {
  int column;
  std::string_view page, title;  // page "": of every page
  std::initializer_list<Entry> entries;
};

constexpr float kColumn = 430, kTitle = 30, kRow = 25, kSpace = 8;

const Group kGroups[] = {
    {0,
     "",
     "Run",
     {{"T", "start or pause"},
      {"S", "one step, while paused"},
      {"E", "evaluate now"},
      {"Ctrl+S", "save a checkpoint"},
      {"<  >", "look through the stored step before, after"},
      {"Ctrl+B", "a new run from the stored step on view"}}},
    {0,
     "Explore",
     "Look",
     {{"J  K", "image before, after"},
      {"1 to 9", "pinned image, or image of the gallery"},
      {"I", "pin the image, or let it go"},
      {",  .", "MoE layer before, after"},
      {"[  ]", "expert before, after"},
      {"wheel, drag", "zoom to the pixel, move"},
      {"F", "fit the whole image"},
      {"A", "Soft MoE: one slot, or all slots"},
      {"N", "Soft MoE: scale from zero, or stretched"},
      {"W", "sparse: what was wanted"},
      {"L", "sparse: experts' numbers in the patches"},
      {"B hold  Q", "blink, or split: wanted or dispatch; or as it is"},
      {"H", "histogram of the pixels"},
      {"click", "pin a patch, an expert or a slot"},
      {"Esc", "unpin everything"}}},
    {1,
     "Explore",
     "Ask",
     {{"X hold", "what if the pointed expert were off"},
      {"eye", "turn an expert off until it is turned on again"},
      {"Shift hold", "the model as it is, while something is changed"},
      {"Z hold", "what if the pointed patch were occluded"},
      {"C", "knobs of training, or of the look"},
      {"R", "reset what was asked"},
      {"Ctrl+Z", "take a knob's change back"},
      {"Ctrl+Y", "do it again"}}},
    {1,
     "",
     "Window",
     {{"F1  F3", "the run in training, stored runs side by side"},
      {"F4", "agents at play while they learn"},
      {"F5  F6", "figures to publish, findings"},
      {"V", "the next study, the next view"},
      {"M", "study, table or figure large, or small again"},
      {"D", "dark or light"},
      {"O", "experts' colours: all, or colour-blind safe"},
      {"P", "save a picture of the window"},
      {"Ctrl+K", "find a command, an image, a link"},
      {"Ctrl+L", "copy a link to what is on view"},
      {"Ctrl+V", "open the image file whose path was copied"},
      {"Ctrl+0", "panels back to their first sizes"},
      {"?", "this sheet"},
      {"Tab, arrows", "move between controls"}}},
    {0,
     "Compare",
     "Runs",
     {{"J  K", "run before, after"},
      {"X  click", "choose it for comparison, or let it go"},
      {"Y", "star"},
      {"R", "rename"},
      {"N", "note"},
      {"G", "tag"},
      {"A", "archive, or take out again"},
      {"Del", "to the trash, or out of it"},
      {"Ctrl+Z", "undo what was done to runs"},
      {"/", "filter"},
      {"+", "new runs: a sweep, or twins"}}},
    {1,
     "Compare",
     "Curves and two runs",
     {{"drag", "zoom into a box"},
      {"F", "all again"},
      {"Ctrl+E", "save the figure, its path to the clipboard"},
      {"Shift hold", "blink: the other run in each place"},
      {",  .", "MoE layer before, after"},
      {"[  ]", "test image before, after"},
      {"W", "side by side, split, difference"},
      {"L", "experts' numbers raw, or matched"}}},
    {0,
     "Agents",
     "Game",
     {{"G", "play or pause the game"},
      {",  .", "step back, or one step on"},
      {"N", "new episode"},
      {"H", "play by hand, or let the agent play"},
      {"arrows, Space", "by hand: move, fire"},
      {"A", "the expert of each place over the frame"},
      {"Ctrl+E", "keep the episode as a file"}}},
    {1,
     "Agents",
     "Experts",
     {{"X hold", "the pointed expert off during play"},
      {"eye", "an expert off until it is turned on again"},
      {"R", "all experts on"},
      {"[  ]", "expert before, after"},
      {"V", "the next page below the game"}}},
    {0,
     "Figures",
     "Figures",
     {{"J  K", "figure before, after"},
      {"N", "a new one"},
      {"Ctrl+E", "keep the new one, or write the kept one's files"},
      {"R", "make it again and compare"},
      {"F", "all of the plot again"}}},
    {0,
     "Findings",
     "Findings",
     {{"J  K", "claim before, after"},
      {"R", "run it with the budget and seeds on view"},
      {"B", "the other budget"},
      {"[  ]", "norm by hand: experts fewer, more"},
      {"F", "all of the figure again"},
      {"Ctrl+E", "write the report with its figures"}}},
};

bool belongs(const Group& group, std::string_view page) { return group.page.empty() || group.page == page; }

/// "J  K" -> "J", "K".
std::vector<std::string_view> split_keys(std::string_view keys) {
  std::vector<std::string_view> parts;
  for (size_t end = 0; end != keys.npos; keys.remove_prefix(std::min(keys.size(), end + 2))) {
    end = keys.find("  ");
    parts.push_back(keys.substr(0, end));
    if (end == keys.npos) break;
  }
  return parts;
}

bool is_among(std::string_view key, const std::vector<std::string_view>& keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

}  // namespace

std::vector<std::string> split_names(std::string_view what, size_t count) {
  const size_t comma = what.rfind(", ");
  if (count != 2 || comma == what.npos) return std::vector<std::string>(count, std::string(what));
  const std::string_view first = what.substr(0, comma);
  std::string_view second = what.substr(comma + 2);
  if (second.starts_with("or ")) second.remove_prefix(3);
  // One word stands for the last one of the first name: "before, after".
  const size_t space = first.rfind(' ');
  const bool one_word = second.find(' ') == second.npos && space != first.npos;
  return {std::string(first),
          one_word ? std::string(first.substr(0, space + 1)) + std::string(second) : std::string(second)};
}

std::vector<KeyCommand> key_commands(std::string_view page, const std::vector<ui::KeyHint>& hints) {
  std::vector<KeyCommand> commands;
  for (const Group& group : kGroups) {
    if (!belongs(group, page)) continue;
    for (const Entry& entry : group.entries) {
      const std::vector<std::string_view> keys = split_keys(entry.keys);
      const std::vector<std::string> names = split_names(entry.what, keys.size());
      for (size_t i = 0; i < keys.size(); ++i) {
        const bool idle = std::any_of(hints.begin(), hints.end(), [&](const ui::KeyHint& hint) {
          return !hint.works && is_among(keys[i], split_keys(hint.keys));
        });
        if (const std::optional<ui::Press> press = ui::press_of(keys[i]))
          commands.push_back({names[i], std::string(keys[i]), *press, !idle});
      }
    }
  }
  return commands;
}

bool draw_help_sheet(const Rect& screen, std::string_view page) {
  const ui::Theme& t = ui::theme();
  // Two columns of groups; the taller one gives the height.
  float heights[2] = {0, 0};
  for (const Group& group : kGroups) {
    if (!belongs(group, page)) continue;
    heights[group.column] += kTitle + kSpace + static_cast<float>(group.entries.size()) * kRow;
  }
  const ui::Sheet sheet("help", screen, 2 * kColumn + 80, std::max(heights[0], heights[1]) + 62);
  Rect columns[2] = {sheet.inside(), sheet.inside()};
  ui::text_in(columns[1].cut_bottom(px(20)), Face::small, t.faint,
              "Layers (blocks), experts, slots, patches and test images count from 0, here as in commands and links.");
  columns[0] = columns[1].cut_left(columns[1].w / 2 - px(12));
  columns[1].cut_left(px(24));
  for (const Group& group : kGroups) {
    if (!belongs(group, page)) continue;
    Rect& column = columns[group.column];
    ui::text_in(column.cut_top(px(kTitle)), Face::title, t.text, group.title);
    for (const Entry& entry : group.entries) {
      Rect row = column.cut_top(px(kRow));
      ui::text_in(row.cut_left(px(108)), Face::mono, t.accent, entry.keys);
      ui::text_in(row, Face::body, t.dim, entry.what);
    }
    column.cut_top(px(kSpace));
  }
  return sheet.dismissed() || ui::typed('?') > 0;
}

}  // namespace moescope::panels
