// The panel of studies: reports over the data set, and the chosen patch followed through the model. One page a
// question.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "widgets/panels/map_strip.h"
#include "widgets/panels/selection.h"
#include "widgets/panels/sources.h"
#include "widgets/panels/study_views.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

/// What panels want of the explorer in a frame.
struct ReportAsks {
  std::vector<ReportRequest> reports;
  std::vector<int64_t> cancelled;
};

/// Pages in the order of their tabs; the ids of their reports are their numbers plus one.
enum class Page { compute, path, attention, classes, patches, together, mistakes, map, kept, parity };
inline constexpr int kNumPages = 10;
inline int64_t report_id(Page page) { return static_cast<int64_t>(page) + 1; }

class Study {
 public:
  void draw_ui(const ui::Rect& area, const Seen& seen, const GallerySource& gallery, Selection& selection,
               ReportAsks& asks, std::vector<Command>& out);
  /// The block whose attention is looked at, -1 while that page is closed.
  int64_t attention_block(const Selection& selection) const;
  Page page() const { return static_cast<Page>(page_); }
  void open(Page page) { page_ = static_cast<int>(page); }
  void open_next() { page_ = (page_ + 1) % kNumPages; }
  /// The question of a page as it would be asked now.
  ReportRequest question_of(Page page, const Seen& seen, const Selection& selection) const;

 private:
  /// State of a page's report: asks for it, shows its progress, offers to cancel. Returns it once there is something to
  /// draw; cuts the line that it needs off `inside`.
  const Report* draw_report_line(ui::Rect& inside, Page page, const Seen& seen, const Selection& selection,
                                 ReportAsks& asks);
  void draw_map_controls(ui::Rect& inside);

  int page_ = 0;
  int64_t max_images_ = 1000;
  bool tsne_ = false, to_next_ = false;
  PointColor colors_ = PointColor::expert;
  KeepBy kept_by_ = KeepBy::combine;
  int64_t confused_label_ = -1, confused_as_ = -1;  // the cell whose images are shown
  bool only_unusual_ = false;
  MapStrip heads_;
};

}  // namespace moescope::panels
