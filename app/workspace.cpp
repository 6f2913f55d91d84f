// The one screen.
#include "app/workspace.h"

#include <algorithm>
#include <cmath>

#include "widgets/panels/help_sheet.h"
#include "widgets/panels/status_bar.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/keys.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope {
namespace {

using ui::px;
using ui::Rect;

constexpr float kTopBar = 48, kStatusBar = 64;
constexpr float kWideFrom = 1280;  // design units; below, the side panels share one column of tabs

/// A gutter that can be dragged: changes `size` (design units) by the mouse's way along the axis.
void splitter(const char* id, const Rect& gutter, bool upright, float sign, float low, float high, float& size) {
  const ui::Hit h = ui::hit(id, gutter);
  if (h.hovered || h.held) {
    ImGui::SetMouseCursor(upright ? ImGuiMouseCursor_ResizeEW : ImGuiMouseCursor_ResizeNS);
    const Rect line = upright ? Rect{gutter.x + gutter.w / 2 - 1, gutter.y, px(2), gutter.h}
                              : Rect{gutter.x, gutter.y + gutter.h / 2 - 1, gutter.w, px(2)};
    ui::fill(line, h.held ? ui::theme().accent : ui::theme().line, px(1));
  }
  if (!h.held) return;
  const ImVec2 moved = ImGui::GetIO().MouseDelta;
  size = std::clamp(size + sign * (upright ? moved.x : moved.y) / ui::look().scale, low, high);
}

}  // namespace

void Workspace::settle(const panels::Seen& seen, const panels::GallerySource& gallery, std::vector<Command>& out) {
  if (!seen.snapshot) return;
  selection_.run = seen.snapshot->run_id;
  panels::settle_layer(seen.snapshot->config, selection_);
  if (gallery.own.size() > own_images_) panels::Gallery::choose(gallery.own.back(), selection_, out);  // just dropped
  own_images_ = gallery.own.size();
  if (selection_.has_image) return;
  if (!seen.snapshot->images.empty()) {
    selection_.image = seen.snapshot->images.front().image;
    selection_.has_image = true;
  } else if (gallery.count > 0) {
    panels::Gallery::choose(panels::Gallery::test_image(0), selection_, out);
  }
}

void Workspace::take_keys(const panels::Seen& seen, const panels::GallerySource& gallery, std::vector<Command>& out) {
  experts_.take_keys(seen, selection_);  // also while a sheet is open: X must be let go
  if (help_open_ || leaving_) return;
  panels::WhatIfPanel::take_keys(seen, selection_);
  transport_.take_keys(seen, out);
  routing_.take_keys(seen, selection_);
  gallery_.take_keys(gallery, selection_, out);
  if (ui::typed('e') > 0 && seen.snapshot) out.emplace_back(EvaluateNow{});
  if (ui::ctrl_typed('s') && seen.snapshot) out.emplace_back(SaveCheckpoint{});
  if (ui::typed('c') % 2 == 1) controls_tab_ = 1 - controls_tab_;
  for (int i = 0; i < ui::typed('v'); ++i) study_.open_next();
  if (ui::typed('m') % 2 == 1) study_large_ = !study_large_;
  if (ui::typed('p') > 0) screenshot_wanted = true;
  if (ui::typed('d') % 2 == 1 || transport_.theme_clicked) dark = !dark;
  if (ui::typed('o') % 2 == 1) safe_colors = !safe_colors;
  if (ui::typed('?') > 0 || transport_.help_clicked) help_open_ = true;
  transport_.theme_clicked = transport_.help_clicked = false;
  if (!ImGui::GetIO().WantTextInput && ui::pressed(ui::Key::escape)) selection_.pinned = {};
}

std::vector<ui::KeyHint> Workspace::key_hints(const panels::Seen& seen) const {
  const Snapshot* s = seen.snapshot;
  const size_t layers = s ? panels::moe_layer_list(s->config).size() : 0;
  const bool stands = s && (s->state == RunState::paused || s->state == RunState::finished);
  const bool usable = s && s->state != RunState::failed && s->state != RunState::diverged;
  const bool soft = s && s->config.router.kind == RouterKind::soft;
  return {{"T", s && s->state == RunState::running ? "pause" : "start", usable},
          {"S", "step", stands},
          {"X", "hold: expert off", layers > 0 && selection_.expert() >= 0},
          {"C", "what if", layers > 0},
          {"R", "as it is", !selection_.asking.lasting.is_nothing()},
          {"Shift", "hold: as it is", !selection_.asking.now().is_nothing()},
          {",  .", "layer", layers > 1},
          {"[  ]", "expert", layers > 0},
          {"J  K", "image", s != nullptr},
          {"I", "pin", s != nullptr},
          {"F", "fit", !selection_.zoom.is_fitted()},
          {"N", "stretch scale", soft},
          {"A", "all slots", soft},
          {"W", "wanted", layers > 0 && !soft},
          {"E", "evaluate", s != nullptr},
          {"Ctrl+S", "checkpoint", s != nullptr},
          {"D", dark ? "light" : "dark"},
          {"P", "picture"},
          {"?", "all keys"}};
}

void Workspace::draw_middle(Rect area, const panels::Seen& seen, const panels::GallerySource& gallery,
                            std::vector<Command>& out) {
  const float gutter = px(ui::kGutter);
  if (study_large_) return study_.draw_ui(area, seen, gallery, selection_, report_asks_, out);
  if (area.h > px(560)) {
    const float height = std::min(px(layout_.curves), area.h * (area.h > px(700) ? 0.5f : 0.28f));
    const Rect row = area.cut_bottom(height), gap = area.cut_bottom(gutter);
    splitter("rows", gap, false, -1, 140, 420, layout_.curves);
    Rect right = row;
    const Rect left = right.cut_left(std::floor((right.w - gutter) * layout_.curves_share));
    const Rect between = right.cut_left(gutter);
    float width = left.w / ui::look().scale;
    splitter("curves", between, true, 1, 200, (row.w - gutter) / ui::look().scale - 200, width);
    if (ImGui::IsItemActive()) layout_.curves_share = width * ui::look().scale / (row.w - gutter);
    curves_.draw_ui(left, seen, history_, selection_);
    study_.draw_ui(right, seen, gallery, selection_, report_asks_, out);
  }
  const Rect detail = routing_.draw_ui(area, seen, selection_, out);
  patch_.draw_ui(detail, seen, selection_);
}

void Workspace::draw_controls(const Rect& area, const panels::Seen& seen, std::vector<Command>& out) {
  static constexpr std::string_view kTabs[] = {"Knobs", "What if"};
  ImGui::PushID("controls");
  const panels::Knobs::Remark remark = knobs_.remark();
  const Rect inside = ui::tab_panel(area, kTabs, controls_tab_);
  Rect header{area.x + px(150), area.y + px(1), area.w - px(150 + ui::kInset), px(ui::kHeader)};
  const std::string text = controls_tab_ == 0 ? remark.text : "the image on view only, training goes on as it is";
  const ImU32 color = controls_tab_ == 0 ? remark.color : ui::theme().dim;
  ui::text_in(header, ui::Face::small, color,
              ui::fitting(ui::Face::small, header.w, {text, controls_tab_ == 0 ? "refused" : "the image on view"}),
              ui::Align::right);
  ui::tip(header, {controls_tab_ == 0 ? "Knobs" : "What if", text});
  if (controls_tab_ == 0)
    knobs_.draw_ui(inside, seen, out);
  else
    what_if_.draw_ui(inside, seen, selection_);
  ImGui::PopID();
}

/// Turns what the panels want to know into requests, each once.
void Workspace::ask_explorer(const panels::Seen& seen) {
  if (std::optional<LookRequest> request = look_asker_.ask(seen, selection_, study_.attention_block(selection_)))
    look_request_ = std::move(request);
  if (gallery_.wants_verdicts && !verdicts_asked_ && seen.snapshot) {
    ReportRequest request = study_.question_of(panels::Page::mistakes, seen, selection_);
    request.what_if = {};
    request.max_images = 0;
    report_asks_.reports.push_back(std::move(request));
    verdicts_asked_ = true;
  }
  if (!gallery_.wants_verdicts) verdicts_asked_ = false;
}

void Workspace::draw_wide(Rect area, const panels::Seen& seen, const panels::GallerySource& gallery,
                          std::vector<Command>& out) {
  const float gutter = px(ui::kGutter);
  gallery_.draw_ui(area.cut_left(px(layout_.gallery)), seen, gallery, selection_, out);
  splitter("left", area.cut_left(gutter), true, 1, 150, 420, layout_.gallery);
  Rect right = area.cut_right(px(layout_.right));
  splitter("right", area.cut_right(gutter), true, -1, 380, 640, layout_.right);
  draw_middle(area, seen, gallery, out);
  const float least = panels::Knobs::least_height(seen);
  const float room = right.h - gutter - panels::Experts::preferred_height(seen, selection_);  // what the experts leave
  const float wanted =
      layout_.knobs > 0 ? px(layout_.knobs) : std::clamp(room, least, panels::Knobs::preferred_height(seen));
  const Rect knobs = right.cut_bottom(std::min(wanted, right.h * 0.6f)), gap = right.cut_bottom(gutter);
  float height = knobs.h / ui::look().scale;
  splitter("experts", gap, false, -1, 150, 560, height);
  if (ImGui::IsItemActive()) layout_.knobs = height;
  experts_.draw_ui(right, seen, selection_);
  draw_controls(knobs, seen, out);
}

void Workspace::draw_narrow(Rect area, const panels::Seen& seen, const panels::GallerySource& gallery,
                            std::vector<Command>& out) {
  Rect side = area.cut_left(std::min(px(400), area.w * 0.42f));
  area.cut_left(px(ui::kGutter));
  const std::string tabs[] = {"Gallery", "Experts", "Knobs"};
  const int clicked = ui::segmented("tabs", side.cut_top(px(26)), tabs, narrow_tab_);
  if (clicked >= 0) narrow_tab_ = clicked;
  side.cut_top(px(8));
  if (narrow_tab_ == 0) gallery_.draw_ui(side, seen, gallery, selection_, out);
  if (narrow_tab_ == 1) experts_.draw_ui(side, seen, selection_);
  if (narrow_tab_ == 2) draw_controls(side, seen, out);
  draw_middle(area, seen, gallery, out);
}

void Workspace::draw_ui(const Rect& screen, const panels::Seen& given, const panels::GallerySource& gallery,
                        const panels::StoreStatus& store, std::vector<Command>& out) {
  selection_.begin_frame();
  panels::Seen seen = given;
  help_was_open_ = help_open_;
  ImGui::SetNextWindowPos(screen.min());
  ImGui::SetNextWindowSize(screen.size());
  ImGui::Begin("moescope", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoBackground |
                   ImGuiWindowFlags_NoScrollWithMouse);
  settle(seen, gallery, out);
  take_keys(seen, gallery, out);
  seen.rerouted = quick_route_.update(given, selection_, reroute);
  seen.look_serial = ui::texture_key({given.look_serial, seen.rerouted ? quick_route_.serial() : 0});
  Rect area = screen;
  const Rect top = area.cut_top(px(kTopBar)), bottom = area.cut_bottom(px(kStatusBar));
  transport_.draw_ui(top, seen, history_, out);
  panels::draw_status_bar(bottom, seen, store, key_hints(seen));
  area = area.inset(px(ui::kGutter));
  const float banner = banner_.height(seen, store);
  if (banner > 0) banner_.draw_ui(area.cut_top(std::min(banner, area.h / 2)), seen, store, out);
  if (area.w >= px(kWideFrom) - 2 * px(ui::kGutter))
    draw_wide(area, seen, gallery, out);
  else
    draw_narrow(area, seen, gallery, out);
  ImGui::End();
  ask_explorer(seen);
  if (help_was_open_ && panels::draw_help_sheet(screen)) help_open_ = false;
  leave_ = leaving_ ? panels::draw_leave_sheet(screen, seen) : panels::Leave::undecided;
  if (leave_ != panels::Leave::undecided) leaving_ = false;
}

}  // namespace moescope
