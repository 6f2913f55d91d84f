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
  /// Plain news ("picture saved as ..."): it takes the place of older news, and goes by itself after a while.
  void tell(std::string text);
  /// Height of what must be shown, in pixels; 0 when all is well.
  float height(const Seen& seen, const StoreStatus& store);
  void draw_ui(const ui::Rect& area, const Seen& seen, const StoreStatus& store, std::vector<Command>& out);

 private:
  struct Line {
    std::string text;
    bool bad = false, offers_restore = false;
    int notice = -1;
    bool plain = false;
    double share_left = 1;  // of plain news: it fades at the end
  };
  struct Notice {
    std::string text;
    bool plain = false;
    double since = -1;  // of the window's clock; -1: not drawn yet
  };
  void let_old_news_go(double now);
  void add(Notice notice);
  std::vector<Line> lines(const Seen& seen, const StoreStatus& store) const;
  std::vector<Notice> notices_;
};

}  // namespace moescope::panels
