// Images to choose from.
#include "widgets/panels/gallery.h"

#include <algorithm>
#include <cmath>

#include "compute/records/test_image.h"
#include "widgets/panels/image_filter.h"
#include "widgets/panels/image_view.h"
#include "widgets/panels/pinned_row.h"
#include "widgets/panels/states.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"
#include "widgets/ui/keys.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kThumb = 58, kGap = 6;

std::string class_name(const Snapshot* snapshot, int64_t label) {
  if (!snapshot || label < 0 || static_cast<size_t>(label) >= snapshot->class_names.size()) return {};
  return snapshot->class_names[static_cast<size_t>(label)];
}

float thumb_size(float width, int columns) {
  return std::floor((width - px(kGap) * static_cast<float>(columns - 1)) / static_cast<float>(columns));
}

int column_count(float width) {
  return std::max(1, static_cast<int>((width + px(kGap)) / (px(kThumb - 8) + px(kGap))));
}

/// An own image, however it is fitted.
bool is_chosen(const WatchedImage& own, const Selection& selection) {
  return selection.has_image && selection.image.own && selection.image.own == own.own;
}

}  // namespace

void Gallery::choose(const WatchedImage& image, Selection& selection, std::vector<Command>& out) {
  selection.image = image;
  if (const auto fit = selection.fits.find(image.own); fit != selection.fits.end()) selection.image.fit = fit->second;
  selection.has_image = true;
  selection.pinned = Pointed{-1, selection.pinned.expert, selection.pinned.slot};
  std::vector<WatchedImage> watched{selection.image};
  for (const WatchedImage& pin : selection.pins)
    if (!(pin == selection.image)) watched.push_back(pin);
  out.emplace_back(Watch{std::move(watched), -1});
}

void Gallery::take_keys(const GallerySource& source, Selection& selection, std::vector<Command>& out) {
  if (ui::typed('i') % 2 == 1) toggle_pin(selection, out);
  for (char digit = '1'; digit <= '9'; ++digit) {
    if (ui::typed(digit) == 0) continue;
    const auto place = static_cast<size_t>(digit - '1');
    if (place < selection.pins.size())
      choose(WatchedImage(selection.pins[place]), selection, out);
    else if (selection.pins.empty() && static_cast<int64_t>(place) < shown_count(source))
      choose(test_image(shown_index(static_cast<int64_t>(place))), selection, out);
  }
  const int move = ui::typed('k') - ui::typed('j');
  if (move == 0) return;
  const auto own = static_cast<int64_t>(source.own.size());
  const int64_t count = own + shown_count(source);
  if (count == 0) return;
  // Places: own images first, then the (filtered) test set.
  int64_t place = own - 1;
  for (int64_t i = 0; i < own; ++i)
    if (is_chosen(source.own[static_cast<size_t>(i)], selection)) place = i;
  if (selection.has_image && selection.image.test_index >= 0) {
    place = own + selection.image.test_index;
    if (!filter_.empty())
      place = own +
              (std::lower_bound(matches_.begin(), matches_.end(), selection.image.test_index) - matches_.begin()) -
              (move > 0 && !std::binary_search(matches_.begin(), matches_.end(), selection.image.test_index) ? 1 : 0);
  }
  place = std::clamp<int64_t>(place + move, 0, count - 1);
  choose(place < own ? source.own[static_cast<size_t>(place)] : test_image(shown_index(place - own)), selection, out);
  follow_ = true;
}

void Gallery::refilter(const Seen& seen, const GallerySource& source) {
  const Report* report = newest_verdicts(seen);
  wants_verdicts = !filter_.empty() && !report && parse_image_filter(filter_).needs_verdicts();
  if (filter_ == matched_filter_ && matched_count_ == source.count && report == matched_report_) return;
  matched_filter_ = filter_, matched_count_ = source.count, matched_report_ = report;
  const Mistakes* verdicts = report ? std::get_if<Mistakes>(&report->answer) : nullptr;
  wrong_.assign(verdicts ? static_cast<size_t>(source.count) : 0, false);
  for (const ImageVerdict& v : verdicts ? verdicts->images : std::vector<ImageVerdict>{})
    if (v.image >= 0 && v.image < source.count) wrong_[static_cast<size_t>(v.image)] = v.predicted != v.label;
  matches_.clear();
  if (filter_.empty() || !source.label) return;
  const ImageFilter filter = parse_image_filter(filter_);
  std::vector<const ImageVerdict*> by_image(static_cast<size_t>(source.count), nullptr);
  for (size_t i = 0; verdicts && i < verdicts->images.size(); ++i) {
    const ImageVerdict& v = verdicts->images[i];
    if (v.image >= 0 && v.image < source.count) by_image[static_cast<size_t>(v.image)] = &v;
  }
  for (int64_t i = 0; i < source.count; ++i)
    if (filter.passes(i, class_name(seen.snapshot, source.label(i)), by_image[static_cast<size_t>(i)], verdicts))
      matches_.push_back(i);
}

bool Gallery::thumbnail(const Rect& box, const Seen& seen, const WatchedImage& image, const ImagePixels* pixels,
                        bool chosen) {
  const ui::Theme& t = ui::theme();
  if (pixels && seen.textures) {
    // A thumbnail is square: the middle of an oblong image.
    const auto w = static_cast<float>(pixels->width), h = static_cast<float>(pixels->height);
    const float u = w > h ? (1 - h / w) / 2 : 0, v = h > w ? (1 - w / h) / 2 : 0;
    ui::canvas().AddImageRounded(seen.textures->image(image_key(image, *pixels), *pixels), box.min(), box.max(), {u, v},
                                 {1 - u, 1 - v}, IM_COL32_WHITE, px(4));
  } else {
    ui::fill(box, t.raised, px(4));
    ui::redraw_in(0.1);  // decoded elsewhere, look again soon
  }
  const auto index = static_cast<size_t>(std::max<int64_t>(0, image.test_index));
  if (image.test_index >= 0 && index < wrong_.size() && wrong_[index])
    ui::canvas().AddCircleFilled({box.right() - px(6), box.y + px(6)}, px(4), t.bad, 16);
  const bool over = ui::hovering(box);
  if (chosen)
    ui::frame(box.inset(-px(1)), t.accent, px(5), px(2));
  else if (over)
    ui::frame(box, ui::fade(t.text, 0.6f), px(4), px(1));
  return over;
}

void Gallery::draw_test_images(const Rect& area, const Seen& seen, const GallerySource& source, Selection& selection,
                               std::vector<Command>& out) {
  const int64_t count = shown_count(source);
  if (count == 0) {
    const bool loading = source.count == 0;
    draw_state(area, loading ? Mood::loading : Mood::empty, loading ? "Loading" : "No match",
               loading          ? "Reading the data set."
               : wants_verdicts ? "Looking through the test set for this filter."
                                : "No image passes this filter.");
    return;
  }
  const int columns = column_count(area.w);
  const float size = thumb_size(area.w - px(10), columns), row_height = size + px(kGap);
  const int64_t rows = (count + columns - 1) / columns;
  const Rect wide{area.x - px(2), area.y, area.w + px(4), area.h};
  const ui::ScrollArea scroll("images", wide, static_cast<float>(rows) * row_height);
  if (follow_ && selection.image.test_index >= 0) {
    const auto place =
        filter_.empty()
            ? selection.image.test_index
            : std::lower_bound(matches_.begin(), matches_.end(), selection.image.test_index) - matches_.begin();
    scroll.bring_into_view(place / columns, row_height);
  }
  follow_ = false;
  const auto [first, last] = scroll.rows_in_view(rows, row_height);
  for (int64_t place = first * columns; place < std::min(count, last * columns); ++place) {
    const int64_t index = shown_index(place);
    const float x = scroll.content().x + px(2) + static_cast<float>(place % columns) * (size + px(kGap));
    const Rect box{x, scroll.content().y + px(2) + static_cast<float>(place / columns) * row_height, size, size};
    const auto pixels = source.pixels ? source.pixels(index) : nullptr;
    const WatchedImage image = test_image(index);
    if (!thumbnail(box, seen, image, pixels.get(), selection.has_image && selection.image == image)) continue;
    if (ImGui::IsMouseClicked(0)) choose(image, selection, out);
    ui::tip(box, {image.label, class_name(seen.snapshot, source.label ? source.label(index) : -1)});
  }
}

void Gallery::draw_own(Rect area, const Seen& seen, const GallerySource& source, Selection& selection,
                       std::vector<Command>& out) {
  const ui::Theme& t = ui::theme();
  ui::text_in(area.cut_bottom(px(22)), Face::small, t.faint, "drop images or a folder here");
  if (source.own.empty()) return;
  ui::text_in(area.cut_top(px(24)), Face::small, t.dim, "Your images");
  const int columns = column_count(area.w);
  const float size = thumb_size(area.w - px(10), columns);
  const auto count = static_cast<int64_t>(source.own.size());
  const float row_height = size + px(kGap);
  const ui::ScrollArea scroll("own", area, static_cast<float>((count + columns - 1) / columns) * row_height);
  for (int64_t i = 0; i < count; ++i) {
    const WatchedImage& image = source.own[static_cast<size_t>(i)];
    const Rect box{scroll.content().x + static_cast<float>(i % columns) * (size + px(kGap)),
                   scroll.content().y + px(2) + static_cast<float>(i / columns) * row_height, size, size};
    if (!thumbnail(box, seen, image, image.own.get(), is_chosen(image, selection))) continue;
    if (ImGui::IsMouseClicked(0) && !is_chosen(image, selection)) choose(image, selection, out);
    ui::tip(box, {image.label, image.own ? std::to_string(image.own->width) + " × " +
                                               std::to_string(image.own->height) + " as the model sees it"
                                         : ""});
  }
}

void Gallery::draw_ui(const Rect& area, const Seen& seen, const GallerySource& source, Selection& selection,
                      std::vector<Command>& out) {
  refilter(seen, source);
  ImGui::PushID("gallery");
  Rect inside = ui::panel(area, "Gallery", source.count > 0 ? ui::grouped(shown_count(source)) : "");
  Rect filter = inside.cut_top(px(28));
  ui::text_box("##filter", filter, filter_, "filter: class, wrong, dropped>0.2", Face::small);
  inside.cut_top(px(10));
  const float own_height =
      source.own.empty() ? px(24) : px(24) + px(22) + thumb_size(inside.w - px(10), column_count(inside.w)) + px(8);
  Rect own = inside.cut_bottom(std::min(inside.h * 0.5f, own_height));
  inside.cut_bottom(px(6));
  draw_test_images(inside, seen, source, selection, out);
  draw_own(own, seen, source, selection, out);
  ImGui::PopID();
}

}  // namespace moescope::panels
