// A page of the workspace: what F1, F3 and F5 open. Pages share the frame around them and do not know each other.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "widgets/panels/history.h"
#include "widgets/panels/sources.h"
#include "widgets/ui/keys.h"
#include "widgets/ui/rect.h"

namespace moescope {

/// What every page is drawn from.
struct PageInput {
  const panels::Seen& seen;
  const panels::GallerySource& gallery;
  const panels::History& history;
  bool has_keyboard = true;              // false while a sheet lies over the page
  const panels::Seen* stored = nullptr;  // the same while a stored step of the run is looked through; null: none is
};

/// Called with the name of a size and the size in design units, which it may change.
using LayoutVisitor = std::function<void(const char* name, float& value)>;

class WorkspacePage {
 public:
  virtual ~WorkspacePage() = default;

  virtual std::string_view title() const = 0;  // of its tab
  virtual ui::Key key() const = 0;             // opens it

  /// Every frame, for the page in view and for the others: takes news in. `shown` is false for the others.
  virtual void update(const PageInput& input, bool shown, std::vector<Command>& out) = 0;
  /// The page in view, after update(): its keys, then its panels.
  virtual void draw_ui(const ui::Rect& area, const PageInput& input, std::vector<Command>& out) = 0;
  /// What the keys of the page do now.
  virtual std::vector<ui::KeyHint> key_hints(const PageInput& input) const = 0;
  /// True when something on screen follows what was found in this frame (hover): draw once more.
  virtual bool needs_another_frame() const { return false; }

  /// The sizes that a person can drag, kept from one start to the next.
  virtual void visit_layout(const LayoutVisitor&) {}
  virtual void reset_layout() {}
};

}  // namespace moescope
