// A strip for what must not be missed: the run failed or diverged, the store is in trouble, a file could not be read.
#pragma once

#include <string>
#include <vector>

#include "widgets/panels/sources.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

class Banner {
 public:
  /// A message that stays until it is dismissed.
  void notice(std::string text);
  /// Height of what must be shown, in pixels; 0 when all is well.
  float height(const Seen& seen, const StoreStatus& store) const;
  void draw_ui(const ui::Rect& area, const Seen& seen, const StoreStatus& store, std::vector<Command>& out);

 private:
  struct Line {
    std::string text;
    bool bad = false, offers_restore = false;
    int notice = -1;
  };
  std::vector<Line> lines(const Seen& seen, const StoreStatus& store) const;
  std::vector<std::string> notices_;
};

}  // namespace moescope::panels
