// Lines and bands of any length.
#include "widgets/plots/polyline.h"

#include <algorithm>

namespace moescope::plots {
namespace {
constexpr size_t kPiece = 4096;
}

void draw_polyline(ImDrawList& list, std::span<const ImVec2> points, ImU32 color, float width) {
  for (size_t begin = 0; begin + 1 < points.size(); begin += kPiece - 1) {
    const size_t count = std::min(kPiece, points.size() - begin);
    list.AddPolyline(points.data() + begin, static_cast<int>(count), color, ImDrawFlags_None, width);
  }
}

void draw_band(ImDrawList& list, std::span<const ImVec2> upper, std::span<const ImVec2> lower, ImU32 color) {
  const ImVec2 white = ImGui::GetFontTexUvWhitePixel();
  const size_t total = std::min(upper.size(), lower.size());
  for (size_t begin = 0; begin + 1 < total; begin += kPiece - 1) {
    const size_t count = std::min(kPiece, total - begin);
    list.PrimReserve(static_cast<int>(6 * (count - 1)), static_cast<int>(2 * count));
    const auto first = static_cast<ImDrawIdx>(list._VtxCurrentIdx);
    for (size_t i = 0; i < count; ++i) {
      list.PrimWriteVtx(upper[begin + i], white, color);
      list.PrimWriteVtx(lower[begin + i], white, color);
    }
    for (size_t i = 0; i + 1 < count; ++i) {
      const auto corner = static_cast<ImDrawIdx>(first + 2 * i);
      for (const int offset : {0, 1, 2, 2, 1, 3}) list.PrimWriteIdx(static_cast<ImDrawIdx>(corner + offset));
    }
  }
}

}  // namespace moescope::plots
