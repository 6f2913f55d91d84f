// The look of the window: the tokens of the house's dark and light themes.
#include "widgets/ui/look.h"

#include <cmath>

namespace moescope::ui {
namespace {

constexpr ImU32 rgb(uint32_t hex) { return IM_COL32((hex >> 16) & 255, (hex >> 8) & 255, hex & 255, 255); }

constexpr std::array<uint32_t, kPaletteSize> kExperts = {0x4E9BE6, 0xF2A541, 0x5FBF77, 0xE0607E, 0x9B7EDE, 0x35B8B1,
                                                         0xC9B458, 0xD97CB3, 0x7DA3B8, 0xB98A5E, 0x8BC34A, 0xEF8354,
                                                         0x6C7BD9, 0x4DB6AC, 0xD4A5A5, 0xA0A83C};

constexpr std::array<uint32_t, kSafePaletteSize> kSafe = {0xE69F00, 0x56B4E9, 0x009E73, 0xF0E442,
                                                          0x0072B2, 0xD55E00, 0xCC79A7};

Look* current = nullptr;

ImVec4 vec(ImU32 color) { return ImGui::ColorConvertU32ToFloat4(color); }

}  // namespace

const Theme& dark_theme() {
  static const Theme theme{true,          rgb(0x14171C), rgb(0x1B1F26), rgb(0x252A33), rgb(0x2C323C),
                           rgb(0xE6E9EE), rgb(0x98A2B0), rgb(0x5C6675), rgb(0x5B9DFF), rgb(0x54C282),
                           rgb(0xE0A84A), rgb(0xEF6A74), rgb(0x0D1117)};
  return theme;
}

const Theme& light_theme() {
  static const Theme theme{false,         rgb(0xF4F5F7), rgb(0xFFFFFF), rgb(0xEEF0F3), rgb(0xDDE1E6),
                           rgb(0x1C2128), rgb(0x5A6472), rgb(0x98A1AD), rgb(0x2F6FDE), rgb(0x2E9E5B),
                           rgb(0xB7791F), rgb(0xD64550), rgb(0xFFFFFF)};
  return theme;
}

int64_t palette_size() { return look().palette == Palette::safe ? kSafePaletteSize : kPaletteSize; }

ImU32 expert_color(int64_t expert) {
  const auto place = static_cast<size_t>(expert < 0 ? 0 : expert % palette_size());
  return rgb(look().palette == Palette::safe ? kSafe[place] : kExperts[place]);
}

Look& look() {
  IM_ASSERT(current && "ui::use() comes before the first widget");
  return *current;
}
void use(Look& look) { current = &look; }

float px(float units) { return std::round(units * look().scale); }
ImFont* font(Face face) { return look().fonts[static_cast<size_t>(face)]; }

ImU32 fade(ImU32 color, float alpha) {
  const auto a = static_cast<ImU32>(static_cast<float>(color >> IM_COL32_A_SHIFT) * alpha + 0.5f);
  return (color & ~IM_COL32_A_MASK) | (a << IM_COL32_A_SHIFT);
}

ImU32 mix(ImU32 a, ImU32 b, float t) {
  const ImVec4 x = vec(a), y = vec(b);
  return ImGui::ColorConvertFloat4ToU32(
      {x.x + (y.x - x.x) * t, x.y + (y.y - x.y) * t, x.z + (y.z - x.z) * t, x.w + (y.w - x.w) * t});
}

void redraw_in(double secs) {
  if (secs < look().redraw_in) look().redraw_in = secs;
}

void apply_to_imgui(const Look& l) {
  const Theme& t = l.theme;
  ImGuiStyle style;  // pristine, so that a change of scale never multiplies twice
  style.WindowPadding = style.FramePadding = {0, 0};
  style.WindowBorderSize = style.ChildBorderSize = style.FrameBorderSize = 0;
  style.PopupBorderSize = 1;
  style.PopupRounding = 8;
  style.FrameRounding = 5;
  style.ScrollbarSize = 8;
  style.ScrollbarRounding = 4;
  style.AntiAliasedLinesUseTex = true;
  style.ScaleAllSizes(l.scale);
  style.CircleTessellationMaxError = 0.2f;
  auto set = [&](ImGuiCol which, ImU32 color) { style.Colors[which] = vec(color); };
  set(ImGuiCol_Text, t.text), set(ImGuiCol_TextDisabled, t.faint);
  set(ImGuiCol_WindowBg, t.background), set(ImGuiCol_ChildBg, 0), set(ImGuiCol_PopupBg, t.raised);
  set(ImGuiCol_Border, t.line), set(ImGuiCol_FrameBg, t.raised), set(ImGuiCol_FrameBgHovered, t.raised);
  set(ImGuiCol_FrameBgActive, t.raised), set(ImGuiCol_TextSelectedBg, fade(t.accent, 0.35f));
  set(ImGuiCol_ScrollbarBg, 0), set(ImGuiCol_ScrollbarGrab, t.line);
  set(ImGuiCol_ScrollbarGrabHovered, t.faint), set(ImGuiCol_ScrollbarGrabActive, t.dim);
  set(ImGuiCol_NavHighlight, t.accent);
  ImGui::GetStyle() = style;
}

}  // namespace moescope::ui
