// Text and shapes placed by rectangle.
#include "widgets/ui/draw.h"

#include <cfloat>
#include <cmath>

namespace moescope::ui {

ImDrawList& canvas() { return *ImGui::GetWindowDrawList(); }

float text_width(Face face, std::string_view text) {
  if (text.empty()) return 0;  // ImGui takes a null pointer for text that ends at a zero byte
  ImFont* f = font(face);
  return f->CalcTextSizeA(f->FontSize, FLT_MAX, 0, text.data(), text.data() + text.size()).x;
}

float line_height(Face face) { return font(face)->FontSize; }

std::string fit_text(Face face, std::string_view text, float width) {
  if (text_width(face, text) <= width) return std::string(text);
  size_t length = text.size();
  std::string cut;
  while (length > 0) {
    --length;
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;  // whole characters only
    cut = std::string(text.substr(0, length)) + "…";
    if (text_width(face, cut) <= width) return cut;
  }
  return {};
}

std::string_view fitting(Face face, float width, std::initializer_list<std::string_view> candidates) {
  for (const std::string_view text : candidates)
    if (text_width(face, text) <= width) return text;
  return {};
}

float text_at(ImVec2 pos, Face face, ImU32 color, std::string_view text) {
  if (text.empty()) return pos.x;
  ImFont* f = font(face);
  pos = {std::round(pos.x), std::round(pos.y)};
  canvas().AddText(f, f->FontSize, pos, color, text.data(), text.data() + text.size());
  return pos.x + text_width(face, text);
}

float text_in(const Rect& area, Face face, ImU32 color, std::string_view text, Align align) {
  if (area.empty() || text.empty()) return area.x;
  float width = text_width(face, text);
  std::string cut;
  if (width > area.w + 0.5f) {
    cut = fit_text(face, text, area.w);
    ++look().cut_texts;
    text = cut;
    width = text_width(face, text);
  }
  const float free = area.w - width;
  const float x = area.x + (align == Align::left ? 0 : align == Align::center ? free / 2 : free);
  return text_at({x, area.y + (area.h - line_height(face)) / 2}, face, color, text);
}

float text_block(const Rect& area, Face face, ImU32 color, std::string_view text) {
  if (text.empty()) return 0;
  ImFont* f = font(face);
  const char* end = text.data() + text.size();
  canvas().AddText(f, f->FontSize, {std::round(area.x), std::round(area.y)}, color, text.data(), end, area.w);
  return f->CalcTextSizeA(f->FontSize, FLT_MAX, area.w, text.data(), end).y;
}

void fill(const Rect& area, ImU32 color, float rounding) {
  if (!area.empty()) canvas().AddRectFilled(area.min(), area.max(), color, rounding);
}

void fill_surface(const Rect& area, ImU32 color, float rounding) {
  Look& l = look();
  if (!l.clear_rect || area.w < 4 * rounding || area.h < 4 * rounding) return fill(area, color, rounding);
  Rect middle = area;
  if (rounding > 0) {  // the rounded ends are drawn, what lies between is cleared
    Rect top = middle.cut_top(rounding), bottom = middle.cut_bottom(rounding);
    top.h += 2, bottom.y -= 2, bottom.h += 2;  // their soft edges come to lie below what is cleared
    canvas().AddRectFilled(top.min(), top.max(), color, rounding, ImDrawFlags_RoundCornersTop);
    canvas().AddRectFilled(bottom.min(), bottom.max(), color, rounding, ImDrawFlags_RoundCornersBottom);
  }
  l.opaque_fills.push_back({middle.x, middle.y, middle.w, middle.h, color});
  canvas().AddCallback(l.clear_rect, &l.opaque_fills.back());
}

void frame(const Rect& area, ImU32 color, float rounding, float width) {
  if (!area.empty()) canvas().AddRect(area.min(), area.max(), color, rounding, 0, width);
}

void hline(float x0, float x1, float y, ImU32 color) {
  canvas().AddRectFilled({std::round(x0), std::round(y)}, {std::round(x1), std::round(y) + 1}, color);
}

void vline(float x, float y0, float y1, ImU32 color, float width) {
  canvas().AddRectFilled({std::round(x), y0}, {std::round(x) + width, y1}, color);
}

}  // namespace moescope::ui
