// A strip for what must not be missed: the run failed or diverged, the store is in trouble, a file could not be read.
#pragma once

#include <string>
#include <vector>

#include "widgets/panels/sources.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

class Banner {
 public:
  /// A message that something is wrong; it stays until it is dismissed.
  void notice(std::string text);
  /// The same for plain news ("picture saved as ...").
  void tell(std::string text);
  /// Height of what must be shown, in pixels; 0 when all is well.
  float height(const Seen& seen, const StoreStatus& store) const;
  void draw_ui(const ui::Rect& area, const Seen& seen, const StoreStatus& store, std::vector<Command>& out);

 private:
  struct Line {
    std::string text;
    bool bad = false, offers_restore = false;
    int notice = -1;
    bool plain = false;
  };
  struct Notice {
    std::string text;
    bool plain = false;
  };
  void add(Notice notice);
  std::vector<Line> lines(const Seen& seen, const StoreStatus& store) const;
  std::vector<Notice> notices_;
};

}  // namespace moescope::panels
