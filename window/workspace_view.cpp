// Where the person is, out of the window and into it: links, the palette, and the view that is kept between two starts.
#include <algorithm>
#include <cctype>
#include <charconv>
#include <sstream>

#include "compute/records/error.h"
#include "window/workspace.h"

namespace moescope {
namespace {

constexpr std::string_view kFirstLine = "moescope view 1";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// The paths in a text, one a line, as file managers and terminals put them on the clipboard: "/home/a b.png" or
/// "file:///home/a%20b.png". Other lines are left out.
std::vector<std::string> paths_in(const std::string& text) {
  constexpr std::string_view kScheme = "file://";
  std::vector<std::string> paths;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.starts_with('/')) paths.push_back(line);
    if (!line.starts_with(kScheme)) continue;
    std::string path;
    for (size_t i = kScheme.size(); i < line.size(); ++i) {
      int code = 0;
      const bool escaped = line[i] == '%' && i + 2 < line.size() &&
                           std::from_chars(&line[i + 1], &line[i + 1] + 2, code, 16).ptr == &line[i + 1] + 2;
      path.push_back(escaped ? static_cast<char>(code) : line[i]);
      i += escaped ? 2 : 0;
    }
    paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace

void Workspace::paste() {
  const char* text = ImGui::GetClipboardText();
  pasted_ = paths_in(text ? text : "");
  if (pasted_.empty())
    banner_.notice("the clipboard holds no path of a file; copy an image file or its path, or drop it on the window");
}

ViewLink Workspace::link(const panels::Seen& seen) const {
  ViewLink link;
  if (seen.snapshot && seen.snapshot->run_id > 0) link.run = std::to_string(seen.snapshot->run_id);
  if (time().chosen())
    link.step = time().chosen()->checkpoint.step;
  else if (seen.snapshot)
    link.step = seen.snapshot->step;
  explore_.describe(link);
  link.page = lower(page().title());
  return link;
}

void Workspace::follow(const ViewLink& link, bool aloud) {
  const auto named = std::find_if(pages_.begin(), pages_.end(),
                                  [&](const WorkspacePage* page) { return lower(page->title()) == lower(link.page); });
  if (named != pages_.end())
    open(**named);
  else if (aloud && !link.page.empty())
    banner_.notice("the link's page '" + link.page + "' is none of this window");
  explore_.follow(link, aloud);
  if (aloud) wanted_step_ = link.step;
}

void Workspace::copy_link(const panels::Seen& seen) {
  const std::string text = to_text(link(seen));
  ImGui::SetClipboardText(text.c_str());
  banner_.tell("copied: " + text);
}

void Workspace::draw_palette(const ui::Rect& screen, const PageInput& input) {
  const std::optional<panels::PaletteLine> choice = palette_.draw_ui(
      screen, panels::key_commands(page().title(), key_hints(input)), compare_.found_runs(palette_.typed()));
  if (!choice) return;
  if (const auto* press = std::get_if<ui::Press>(&choice->does)) {
    chosen_press_ = *press;
    return;
  }
  if (const auto* run = std::get_if<int64_t>(&choice->does)) {
    open(compare_);
    compare_.table().choose_only({{*run, -1}});
    return;
  }
  const auto& where = std::get<ViewLink>(choice->does);
  const Snapshot* s = input.seen.snapshot;
  if (!where.run.empty() && where.run != "latest" && s && where.run != std::to_string(s->run_id)) {
    banner_.notice("the link is about run " + where.run + ", and run " + std::to_string(s->run_id) +
                   " is open; `moescope '" + to_text(where) + "'` opens that one");
    return;
  }
  follow(where);
}

void Workspace::visit_layout(const LayoutVisitor& visit) const {
  for (WorkspacePage* page : pages_) page->visit_layout(visit);
}

std::string Workspace::view_text(const panels::Seen& seen) const {
  std::ostringstream text;
  text << kFirstLine << "\nlink " << to_text(link(seen)) << "\ndark " << dark << "\nsafe_colors " << safe_colors
       << "\n";
  visit_layout([&](const char* name, float& value) { text << name << " " << value << "\n"; });
  for (const std::string& filter : compare_.table().kept_filters()) text << "filter " << filter << "\n";
  return text.str();
}

void Workspace::restore_view(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  if (!std::getline(lines, line) || line != kFirstLine) return;
  while (std::getline(lines, line)) {
    const size_t space = std::min(line.find(' '), line.size());
    const std::string name = line.substr(0, space), value = line.substr(std::min(space + 1, line.size()));
    if (name == "link") {
      try {
        follow(link_from_text(value), false);  // another run may lack what the last one had
      } catch (const UserError&) {
        continue;  // of another version: the window opens as it does the first time
      }
    }
    if (name == "filter") compare_.table().keep_filter(value);
    float number = 0;
    if (std::from_chars(value.data(), value.data() + value.size(), number).ec != std::errc()) continue;
    if (name == "dark") dark = number != 0;
    if (name == "safe_colors") safe_colors = number != 0;
    visit_layout([&](const char* known, float& size) {
      if (name == known && number >= 0 && number <= 10000) size = number;
    });
  }
}

}  // namespace moescope
