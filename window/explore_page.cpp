// The panels of the run in training.
#include "window/explore_page.h"

#include <algorithm>
#include <cmath>

#include "compute/records/test_image.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope {
namespace {

using ui::px;
using ui::Rect;

constexpr float kWideFrom = 1280;  // design units; below, the side panels share one column of tabs

}  // namespace

void ExplorePage::settle(const PageInput& input, std::vector<Command>& out) {
  const panels::Seen& seen = input.seen;
  const panels::GallerySource& gallery = input.gallery;
  if (!seen.snapshot) return;
  selection_.run = seen.snapshot->run_id;
  panels::settle_layer(seen.snapshot->config, selection_);
  if (gallery.own.size() > own_images_) panels::Gallery::choose(gallery.own.back(), selection_, out);  // just dropped
  own_images_ = gallery.own.size();
  first_patch_ = seen.snapshot->config.model.head == HeadKind::token ? 1 : 0;
  if (wanted_ && gallery.count > 0 && !seen.snapshot->images.empty())
    go(input, *std::exchange(wanted_, std::nullopt), out);
  if (selection_.has_image) return;
  if (!seen.snapshot->images.empty()) {
    selection_.image = seen.snapshot->images.front().image;
    selection_.has_image = true;
  } else if (gallery.count > 0) {
    panels::Gallery::choose(test_image(0), selection_, out);
  }
}

void ExplorePage::describe(ViewLink& link) const {
  if (selection_.has_image) link.image = selection_.image.test_index;
  link.layer = selection_.layer;
  link.expert = selection_.pinned.expert;
  link.slot = selection_.pinned.slot;
  if (selection_.pinned.token >= first_patch_) link.patch = selection_.pinned.token - first_patch_;
  if (routing_.is_stretched()) link.stretch = 1;
}

void ExplorePage::go(const PageInput& input, const ViewLink& link, std::vector<Command>& out) {
  const RunConfig& config = input.seen.snapshot->config;
  const auto missing = [&](const char* what, int64_t number, const std::string& instead) {
    if (aloud_) trouble_.push_back(std::string("there is no ") + what + " " + std::to_string(number) + "; " + instead);
  };
  if (link.image >= input.gallery.count)
    missing("test image", link.image, "the last one is " + std::to_string(input.gallery.count - 1));
  else if (link.image >= 0)
    panels::Gallery::choose(test_image(link.image), selection_, out);
  const std::vector<int64_t> layers = panels::moe_layer_list(config);
  if (std::find(layers.begin(), layers.end(), link.layer) != layers.end())
    selection_.layer = link.layer;
  else if (link.layer >= 0)
    missing("MoE layer", link.layer, ", and . walk through those that there are");
  if (link.expert >= config.router.num_experts)
    missing("expert", link.expert, "the last one is " + std::to_string(config.router.num_experts - 1));
  else if (link.expert >= 0)
    selection_.pinned.expert = link.expert;
  const int64_t slots = config.router.num_experts * panels::slots_per_expert(*input.seen.snapshot);
  if (link.slot >= slots)
    missing("slot", link.slot, "the last one is " + std::to_string(slots - 1));
  else if (link.slot >= 0)
    selection_.pinned.slot = link.slot;
  const ImagePixels& pixels = input.seen.snapshot->images.front().pixels;
  const int64_t patches = (pixels.height / config.model.patch) * (pixels.width / config.model.patch);
  if (link.patch >= patches)
    missing("patch", link.patch, "the last one is " + std::to_string(patches - 1));
  else if (link.patch >= 0)
    selection_.pinned.token = link.patch + first_patch_;
  if (link.stretch >= 0) routing_.stretch(link.stretch != 0);
}

void ExplorePage::visit_layout(const LayoutVisitor& visit) {
  visit("explore.gallery", layout_.gallery);
  visit("explore.right", layout_.right);
  visit("explore.curves", layout_.curves);
  visit("explore.curves_share", layout_.curves_share);
  visit("explore.knobs", layout_.knobs);
}

void ExplorePage::take_keys(const PageInput& input, std::vector<Command>& out) {
  experts_.take_keys(input.seen, selection_);  // also while a sheet is open: X must be let go
  if (!input.has_keyboard) return;
  panels::WhatIfPanel::take_keys(input.seen, selection_);
  routing_.take_keys(input.seen, selection_);
  gallery_.take_keys(input.gallery, selection_, out);
  if (std::optional<SetField> change = ui::ctrl_typed('z')   ? knob_undo_.undo()
                                       : ui::ctrl_typed('y') ? knob_undo_.redo()
                                                             : std::nullopt)
    knobs_.set(*change, input.seen.now_secs, out);
  if (ui::typed('c') % 2 == 1) controls_tab_ = 1 - controls_tab_;
  for (int i = 0; i < ui::typed('v'); ++i) study_.open_next();
  if (ui::typed('m') % 2 == 1) study_large_ = !study_large_;
  if (!ImGui::GetIO().WantTextInput && ui::pressed(ui::Key::escape)) selection_.pinned = {};
}

std::vector<ui::KeyHint> ExplorePage::key_hints(const PageInput& input) const {
  const Snapshot* s = input.seen.snapshot;
  const size_t layers = s ? panels::moe_layer_list(s->config).size() : 0;
  const bool soft = s && s->config.router.kind == RouterKind::soft;
  return {{"X hold", "expert off", layers > 0 && selection_.expert() >= 0},
          {"C", "what if", layers > 0},
          {"R", "as it is", !selection_.asking.lasting.is_nothing()},
          {"Shift hold", "as it is", !selection_.asking.now().is_nothing()},
          {",  .", "layer", layers > 1},
          {"[  ]", "expert", layers > 0},
          {"J  K", "image", s != nullptr},
          {"I", "pin", s != nullptr},
          {"F", "fit", !selection_.zoom.is_fitted()},
          {"N", "stretch scale", soft},
          {"A", "all slots", soft},
          {"W", "wanted", layers > 0 && !soft},
          {"B hold", "blink", layers > 0},
          {"Q", "split", layers > 0},
          {"Ctrl+Z", "undo knob", knob_undo_.can_undo()},
          {"Ctrl+Y", "redo knob", knob_undo_.can_redo()}};
}

void ExplorePage::draw_middle(Rect area, const PageInput& input, std::vector<Command>& out) {
  const float gutter = px(ui::kGutter);
  if (study_large_) return study_.draw_ui(area, input.seen, input.gallery, selection_, report_asks_, out);
  if (area.h > px(560)) {
    const float height = std::min(px(layout_.curves), area.h * (area.h > px(700) ? 0.5f : 0.28f));
    const Rect row = area.cut_bottom(height), gap = area.cut_bottom(gutter);
    ui::splitter("rows", gap, false, -1, 140, 420, layout_.curves);
    Rect right = row;
    const Rect left = right.cut_left(std::floor((right.w - gutter) * layout_.curves_share));
    const Rect between = right.cut_left(gutter);
    float width = left.w / ui::look().scale;
    ui::splitter("curves", between, true, 1, 200, (row.w - gutter) / ui::look().scale - 200, width);
    if (ImGui::IsItemActive()) layout_.curves_share = width * ui::look().scale / (row.w - gutter);
    curves_.draw_ui(left, *run_, input.history, selection_);
    study_.draw_ui(right, input.seen, input.gallery, selection_, report_asks_, out);
  }
  const Rect detail = routing_.draw_ui(area, input.seen, selection_, out);
  patch_.draw_ui(detail, input.seen, selection_);
}

void ExplorePage::draw_controls(const Rect& area, const panels::Seen& seen, std::vector<Command>& out) {
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
    knobs_.draw_ui(inside, *run_, out);
  else
    what_if_.draw_ui(inside, seen, selection_);
  ImGui::PopID();
}

/// Turns what the panels want to know into requests, each once.
void ExplorePage::ask_explorer(const panels::Seen& seen, bool stored) {
  if (std::optional<LookRequest> request =
          look_asker_.ask(seen, selection_, study_.attention_block(selection_), stored))
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

void ExplorePage::draw_wide(Rect area, const PageInput& input, std::vector<Command>& out) {
  const float gutter = px(ui::kGutter);
  gallery_.draw_ui(area.cut_left(px(layout_.gallery)), input.seen, input.gallery, selection_, out);
  ui::splitter("left", area.cut_left(gutter), true, 1, 150, 420, layout_.gallery);
  Rect right = area.cut_right(px(layout_.right));
  ui::splitter("right", area.cut_right(gutter), true, -1, 380, 640, layout_.right);
  draw_middle(area, input, out);
  const float least = panels::Knobs::least_height(*run_);
  const float room =
      right.h - gutter - panels::Experts::preferred_height(input.seen, selection_);  // what the experts leave
  const float wanted =
      layout_.knobs > 0 ? px(layout_.knobs) : std::clamp(room, least, panels::Knobs::preferred_height(*run_));
  const Rect knobs = right.cut_bottom(std::min(wanted, right.h * 0.6f)), gap = right.cut_bottom(gutter);
  float height = knobs.h / ui::look().scale;
  ui::splitter("experts", gap, false, -1, 150, 560, height);
  if (ImGui::IsItemActive()) layout_.knobs = height;
  experts_.draw_ui(right, input.seen, selection_);
  draw_controls(knobs, input.seen, out);
}

void ExplorePage::draw_narrow(Rect area, const PageInput& input, std::vector<Command>& out) {
  Rect side = area.cut_left(std::min(px(400), area.w * 0.42f));
  area.cut_left(px(ui::kGutter));
  const std::string tabs[] = {"Gallery", "Experts", "Knobs"};
  const int clicked = ui::segmented("tabs", side.cut_top(px(26)), tabs, narrow_tab_);
  if (clicked >= 0) narrow_tab_ = clicked;
  side.cut_top(px(8));
  if (narrow_tab_ == 0) gallery_.draw_ui(side, input.seen, input.gallery, selection_, out);
  if (narrow_tab_ == 1) experts_.draw_ui(side, input.seen, selection_);
  if (narrow_tab_ == 2) draw_controls(side, input.seen, out);
  draw_middle(area, input, out);
}

void ExplorePage::update(const PageInput& input, bool shown, std::vector<Command>& out) {
  settle(input, out);
  if (shown) return;
  selection_.asking.held_off.reset();
  selection_.asking.held_patch.reset();
  selection_.asking.reference = false;
  look_asker_.rest();
}

void ExplorePage::draw_ui(const Rect& area, const PageInput& given, std::vector<Command>& out) {
  selection_.begin_frame();
  run_ = &given.seen;
  panels::Seen seen = given.stored ? *given.stored : given.seen;
  take_keys({seen, given.gallery, given.history, given.has_keyboard, given.stored}, out);
  seen.rerouted = quick_route_.update(seen, selection_, reroute);
  seen.look_serial = ui::texture_key({seen.look_serial, seen.rerouted ? quick_route_.serial() : 0});
  const PageInput input{seen, given.gallery, given.history, given.has_keyboard, given.stored};
  if (area.w >= px(kWideFrom) - 2 * px(ui::kGutter))
    draw_wide(area, input, out);
  else
    draw_narrow(area, input, out);
  knob_undo_.sent(out);
  ask_explorer(seen, given.stored != nullptr);
}

}  // namespace moescope
