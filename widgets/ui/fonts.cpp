// Typefaces: chosen by file, rendered by FreeType with light hinting.
#include "widgets/ui/fonts.h"

#include <imgui_freetype.h>

#include <cmath>
#include <filesystem>

namespace moescope::ui {
namespace {

float face_size(Face face) {
  switch (face) {
    case Face::body:
    case Face::title: return 15;
    case Face::display: return 20;
    case Face::small:
    case Face::mono: return 13;
  }
  return 15;
}

// Latin with accents, Greek and Cyrillic for file names, punctuation, arrows and the mathematics used in labels.
constexpr ImWchar kGlyphs[] = {0x0020, 0x017F, 0x0370, 0x03FF, 0x0400, 0x045F, 0x2009, 0x2026, 0x202F, 0x202F, 0x2070,
                               0x209C, 0x20AC, 0x20AC, 0x2190, 0x2199, 0x2200, 0x2265, 0x25A0, 0x25FF, 0};

ImFont* load_face(ImFontAtlas& atlas, Face face, float scale, std::string& used) {
  ImFontConfig config;
  config.OversampleH = config.OversampleV = 1;
  config.PixelSnapH = face == Face::mono;  // digits fall on whole pixels, so columns line up
  const float size = std::round(face_size(face) * scale);
  for (const std::string& path : font_candidates(face)) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) continue;
    if (ImFont* font = atlas.AddFontFromFileTTF(path.c_str(), size, &config, kGlyphs)) {
      used = path;
      return font;
    }
  }
  used.clear();
  config.SizePixels = size;
  return atlas.AddFontDefault(&config);
}

}  // namespace

std::vector<std::string> font_candidates(Face face) {
  const std::string inter = "/usr/share/fonts/opentype/inter/Inter-", truetype = "/usr/share/fonts/truetype/";
  switch (face) {
    case Face::body:
    case Face::small: return {inter + "Regular.otf", truetype + "dejavu/DejaVuSans.ttf"};
    case Face::title:
    case Face::display: return {inter + "SemiBold.otf", truetype + "dejavu/DejaVuSans-Bold.ttf"};
    case Face::mono:
      return {truetype + "jetbrains-mono/JetBrainsMono-Regular.ttf", truetype + "dejavu/DejaVuSansMono.ttf"};
  }
  return {};
}

std::vector<std::string> load_fonts(Look& look) {
  ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
  atlas.Clear();
  atlas.FontBuilderIO = ImGuiFreeType::GetBuilderForFreeType();
  atlas.FontBuilderFlags = ImGuiFreeTypeBuilderFlags_LightHinting;
  atlas.Flags |= ImFontAtlasFlags_NoMouseCursors;
  std::vector<std::string> used(kNumFaces);
  for (size_t i = 0; i < kNumFaces; ++i) look.fonts[i] = load_face(atlas, static_cast<Face>(i), look.scale, used[i]);
  atlas.Build();
  for (ImFont* font : look.fonts)  // a face without a thin space (U+2009) shows an ordinary one
    if (!font->FindGlyphNoFallback(0x2009)) font->AddRemapChar(0x2009, ' ');
  ImGui::GetIO().FontDefault = look.fonts[0];
  return used;
}

}  // namespace moescope::ui
