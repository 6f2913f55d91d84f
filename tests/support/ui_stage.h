// A stage for widgets without a window: an ImGui context, a mouse and a keyboard that tests move.
#pragma once

#include <imgui.h>
#include <imgui_internal.h>

#include <functional>
#include <string>

#include "widgets/ui/fonts.h"
#include "widgets/ui/keys.h"
#include "widgets/ui/look.h"
#include "widgets/ui/rect.h"
#include "widgets/ui/textures.h"

namespace moescope::demo {

/// Pictures of nothing: widgets draw, no GPU is there.
class NoTextures : public ui::Textures {
 public:
  ImTextureID image(uint64_t, const ImagePixels&) override { return reinterpret_cast<ImTextureID>(1); }
  ImTextureID heat_map(uint64_t, uint64_t version, const ui::HeatValues& heat) override {
    last_version = version;
    last.assign(heat.values.begin(), heat.values.end());
    low = heat.low, high = heat.high;
    return reinterpret_cast<ImTextureID>(2);
  }
  ImTextureID color_map() override { return reinterpret_cast<ImTextureID>(3); }
  uint64_t last_version = 0;
  std::vector<float> last;  // values of the heat map drawn last
  float low = 0, high = 0;
};

class Stage {
 public:
  explicit Stage(float width = 1600, float height = 900, float scale = 1) {
    context_ = ImGui::CreateContext();
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.DisplaySize = {width, height};
    io.DeltaTime = 1.f / 60;
    io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
    io.MousePos = {-1, -1};
    // As ImGui's GLFW back end numbers them.
    io.KeyMap[ImGuiKey_Escape] = 256, io.KeyMap[ImGuiKey_Enter] = 257, io.KeyMap[ImGuiKey_Tab] = 258;
    io.KeyMap[ImGuiKey_Backspace] = 259, io.KeyMap[ImGuiKey_RightArrow] = 262, io.KeyMap[ImGuiKey_LeftArrow] = 263;
    io.KeyMap[ImGuiKey_A] = 'A', io.KeyMap[ImGuiKey_Space] = 32;
    look.scale = scale;
    ui::use(look);
    ui::load_fonts(look);
    io.Fonts->SetTexID(reinterpret_cast<ImTextureID>(9));
    ui::apply_to_imgui(look);
  }
  ~Stage() { ImGui::DestroyContext(context_); }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  ui::Rect screen() const { return {0, 0, ImGui::GetIO().DisplaySize.x, ImGui::GetIO().DisplaySize.y}; }

  /// What each frame draws, in a window that fills the stage (or in windows of its own).
  void show(std::function<void()> draw, bool own_windows = false) {
    draw_ = std::move(draw), own_windows_ = own_windows;
  }

  void frame(int count = 1) {
    for (int i = 0; i < count; ++i) {
      ui::look().redraw_in = 1e9;
      ImGui::NewFrame();
      if (!own_windows_) {
        ImGui::SetNextWindowPos({0, 0});
        ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
        ImGui::Begin("stage", nullptr,
                     ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
      }
      draw_();
      if (!own_windows_) ImGui::End();
      ImGui::Render();
    }
  }
  void move(float x, float y) {
    ImGui::GetIO().MousePos = {x, y};
    frame(2);
  }
  void press() {
    ImGui::GetIO().MouseDown[0] = true;
    frame();
  }
  void release() {
    ImGui::GetIO().MouseDown[0] = false;
    frame();
  }
  void click(float x, float y) {
    move(x, y);
    press();
    release();
  }
  void drag(float x0, float y0, float x1, float y1, int steps = 4) {
    move(x0, y0);
    press();
    for (int i = 1; i <= steps; ++i) {
      const float t = static_cast<float>(i) / static_cast<float>(steps);
      ImGui::GetIO().MousePos = {x0 + (x1 - x0) * t, y0 + (y1 - y0) * t};
      frame();
    }
    release();
  }
  void type(const std::string& text) {
    for (const char c : text) ImGui::GetIO().AddInputCharacter(static_cast<unsigned char>(c));
    frame();
  }
  void key(int code, bool down) {
    ImGui::GetIO().KeysDown[code] = down;
    frame();
  }
  void tap(int code) {
    key(code, true);
    key(code, false);
  }

  ui::Look look;
  NoTextures textures;

 private:
  ImGuiContext* context_;
  std::function<void()> draw_;
  bool own_windows_ = false;
};

}  // namespace moescope::demo
