// Keys and the line that names them.
#include "widgets/ui/keys.h"

#include <algorithm>
#include <cctype>

namespace moescope::ui {

int typed(char character) {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.WantTextInput) return 0;
  int count = 0;
  for (const ImWchar c : io.InputQueueCharacters)
    if (c < 128 && std::tolower(static_cast<int>(c)) == std::tolower(character)) ++count;
  return count;
}

std::string typed_text() {
  const ImGuiIO& io = ImGui::GetIO();
  std::string text;
  for (const ImWchar c : io.InputQueueCharacters)
    if (c < 128 && !io.WantTextInput) text += static_cast<char>(std::tolower(static_cast<int>(c)));
  return text;
}

bool key_held(char letter) {
  const ImGuiIO& io = ImGui::GetIO();
  return !io.WantTextInput && !io.KeyCtrl && !io.KeyAlt && ImGui::IsKeyDown(std::toupper(letter));
}

bool pressed(Key key) {
  const int code = static_cast<int>(key);
  const auto& noted = look().key_presses;
  return std::any_of(noted.begin(), noted.end(), [&](const KeyPress& press) { return press.key == code; }) ||
         ImGui::IsKeyPressed(code, false);
}

bool ctrl_typed(char letter) {
  const ImGuiIO& io = ImGui::GetIO();
  const int code = std::toupper(letter);
  const auto& noted = look().key_presses;
  return std::any_of(noted.begin(), noted.end(),
                     [&](const KeyPress& press) { return press.ctrl && press.key == code; }) ||
         (io.KeyCtrl && !io.KeyAlt && ImGui::IsKeyPressed(code, false));
}

bool shift_held() {
  const ImGuiIO& io = ImGui::GetIO();
  return io.KeyShift && !io.WantTextInput;
}

std::optional<Press> press_of(std::string_view label) {
  constexpr std::string_view kCtrl = "Ctrl+";
  if (label == "Esc") return Press{.key = static_cast<int>(Key::escape)};
  if (label == "Del") return Press{.key = static_cast<int>(Key::del)};
  if (label.size() == 2 && label[0] == 'F' && label[1] >= '1' && label[1] <= '9')
    return Press{.key = static_cast<int>(Key::f1) + label[1] - '1'};
  if (label.size() == kCtrl.size() + 1 && label.starts_with(kCtrl)) return Press{.key = label.back(), .ctrl = true};
  if (label.size() == 1 && label[0] > ' ') return Press{.character = label[0]};
  return std::nullopt;
}

void press(const Press& press) {
  if (press.character != 0) ImGui::GetIO().AddInputCharacter(static_cast<unsigned char>(press.character));
  if (press.key != 0) look().key_presses.push_back({press.key, press.ctrl});
}

void key_hints(const Rect& area, const std::vector<KeyHint>& hints) {
  const auto width_of = [](const KeyHint& hint) {
    return text_width(Face::mono, hint.keys) + px(6) + text_width(Face::small, hint.what);
  };
  float x = area.x;
  for (size_t i = 0; i < hints.size(); ++i) {
    const KeyHint& hint = hints[i];
    if (!hint.works) continue;
    const float width = width_of(hint);
    const bool last = i + 1 == hints.size();  // all keys: shown in any case
    if (!last && x + width + px(20) + width_of(hints.back()) > area.right()) continue;
    Rect cell{x, area.y, width + 1, area.h};
    const float end = text_in(cell, Face::mono, theme().dim, hint.keys);
    cell.cut_left(end - x + px(6));
    text_in(cell, Face::small, theme().faint, hint.what);
    x += width + px(20);
  }
}

}  // namespace moescope::ui
