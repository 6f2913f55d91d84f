// The palette: scores, what a number may mean, and the sheet.
#include "widgets/panels/palette.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "compute/records/error.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/sheet.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr int kMostLines = 12;
constexpr float kRow = 28;

int lower(char c) { return std::tolower(static_cast<unsigned char>(c)); }
bool in_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

/// The first number in what was typed.
std::optional<int64_t> number_in(std::string_view typed) {
  const size_t at = typed.find_first_of("0123456789");
  int64_t value = 0;
  if (at == typed.npos || std::from_chars(typed.data() + at, typed.data() + typed.size(), value).ec != std::errc())
    return std::nullopt;
  return value;
}

std::vector<PaletteLine> places(std::string_view typed) {
  const std::optional<int64_t> number = number_in(typed);
  if (!number) return {};
  const std::string n = std::to_string(*number);
  return {{"image " + n + " of the test set", "", true, ViewLink{.image = *number}},
          {"layer " + n, "", true, ViewLink{.layer = *number}},
          {"expert " + n, "", true, ViewLink{.expert = *number}},
          {"patch " + n, "", true, ViewLink{.patch = *number}}};
}

}  // namespace

std::optional<int> fuzzy_score(std::string_view typed, std::string_view name) {
  constexpr int kLetter = 1, kBeginsWord = 8, kBeside = 9, kMissing = -1;
  // best[j]: the best score of the letters so far, the last of them at name[j].
  std::vector<int> best(name.size(), kMissing), next;
  bool first = true;
  for (const char wanted : typed) {
    if (wanted == ' ') continue;
    next.assign(name.size(), kMissing);
    int before = first ? 0 : kMissing;  // the best that ends before j, not beside it
    for (size_t j = 0; j < name.size(); ++j) {
      if (!first && j >= 2) before = std::max(before, best[j - 2]);
      const int beside = !first && j >= 1 && best[j - 1] != kMissing ? best[j - 1] + kBeside : kMissing;
      const int reached = std::max(before, beside);
      if (reached == kMissing || lower(name[j]) != lower(wanted)) continue;
      next[j] = reached + kLetter + (j == 0 || !in_word(name[j - 1]) ? kBeginsWord : 0);
    }
    best.swap(next);
    first = false;
  }
  if (first) return 0;
  const int score = name.empty() ? kMissing : *std::max_element(best.begin(), best.end());
  if (score == kMissing) return std::nullopt;
  return score * 100 - static_cast<int>(name.size());  // of two that answer alike the shorter one
}

std::vector<PaletteLine> palette_lines(std::string_view typed, const std::vector<KeyCommand>& commands,
                                       std::span<const RunSummary> runs) {
  if (is_link(typed)) {
    try {
      return {{"go to what the link shows", "", true, link_from_text(typed)}};
    } catch (const UserError& error) { return {{error.what(), "", false, ui::Press{}}}; }
  }
  std::vector<std::pair<int, PaletteLine>> scored;
  const auto add = [&](PaletteLine line) {
    if (const std::optional<int> score = fuzzy_score(typed, line.name)) scored.emplace_back(*score, std::move(line));
  };
  for (const KeyCommand& command : commands)
    add({std::string(command.name), std::string(command.keys), command.works, command.press});
  for (PaletteLine& place : places(typed)) add(std::move(place));
  for (const RunSummary& run : runs)
    add({"run " + std::to_string(run.run_id) + " " + run.name, "F3", true, run.run_id});
  // Without a word the table's own order stays; what works comes before what does not.
  std::stable_sort(scored.begin(), scored.end(), [&](const auto& a, const auto& b) {
    if (a.second.works != b.second.works) return a.second.works;
    return !typed.empty() && a.first > b.first;
  });
  std::vector<PaletteLine> lines;
  for (auto& [score, line] : scored) lines.push_back(std::move(line));
  return lines;
}

std::optional<PaletteLine> Palette::draw_lines(Rect area, const std::vector<PaletteLine>& lines) {
  const ui::Theme& t = ui::theme();
  const int count = std::min(static_cast<int>(lines.size()), kMostLines);
  if (ImGui::IsKeyPressed(ImGui::GetKeyIndex(ImGuiKey_DownArrow))) ++chosen_;
  if (ImGui::IsKeyPressed(ImGui::GetKeyIndex(ImGuiKey_UpArrow))) --chosen_;
  chosen_ = std::clamp(chosen_, 0, std::max(0, count - 1));
  std::optional<PaletteLine> clicked;
  for (int i = 0; i < count; ++i) {
    const PaletteLine& line = lines[static_cast<size_t>(i)];
    const Rect row = area.cut_top(px(kRow));
    const bool hovered = ui::hovering(row);
    if (hovered && ImGui::GetIO().MouseDelta.y != 0) chosen_ = i;
    if (hovered && ImGui::IsMouseClicked(0) && line.works) clicked = line;
    if (i == chosen_) ui::fill(row, t.raised, px(5));
    Rect words = row.inset(px(8), 0);
    const Rect keys = words.cut_right(px(90));
    ui::text_in(words, Face::body, line.works ? t.text : t.faint, line.name);
    ui::text_in(keys, Face::mono, line.works ? t.accent : t.faint, line.keys, ui::Align::right);
  }
  if (count == 0) ui::text_in(area.cut_top(px(kRow)), Face::body, t.dim, "nothing is called so");
  return clicked;
}

std::optional<PaletteLine> Palette::draw_ui(const Rect& screen, const std::vector<KeyCommand>& commands,
                                            std::span<const RunSummary> runs) {
  const ui::Sheet sheet("palette", screen, 620, 40 + 44 + 32 + kMostLines * kRow);
  Rect inside = sheet.inside();
  if (!has_keyboard_) {
    ImGui::SetKeyboardFocusHere();  // asked again until ImGui grants it; what is typed meanwhile is not lost
    for (const ImWchar c : ImGui::GetIO().InputQueueCharacters)
      if (c >= ' ' && c < 127) typed_ += static_cast<char>(c);
    ImGui::GetIO().InputQueueCharacters.resize(0);
  }
  const ui::TextBoxResult box = ui::text_box("##typed", inside.cut_top(px(32)), typed_,
                                             "a command, a stored run, image 12, layer 5, expert 2, or a link");
  has_keyboard_ = box.active;
  // Until the box has the keyboard, the key that opened the palette is not one that closes it.
  const bool first = std::exchange(just_opened_, false);
  if (box.changed) chosen_ = 0;
  inside.cut_top(px(12));
  const std::vector<PaletteLine> lines = palette_lines(typed_, commands, runs);
  std::optional<PaletteLine> choice = draw_lines(inside.cut_top(px(kMostLines * kRow)), lines);
  ui::text_in(inside.cut_bottom(px(18)), Face::small, ui::theme().faint,
              "Enter does it, up and down choose, Esc closes");
  if (!choice && (box.entered || ui::pressed(ui::Key::enter)) && chosen_ < static_cast<int>(lines.size()) &&
      lines[static_cast<size_t>(chosen_)].works)
    choice = lines[static_cast<size_t>(chosen_)];
  if (choice || (!first && (sheet.dismissed() || ui::ctrl_typed('k')))) open_ = false;
  return choice;
}

}  // namespace moescope::panels
