// Images to choose from: the test set as a wall of thumbnails, and the pictures that the person dropped on the window.
#pragma once

#include <string>
#include <vector>

#include "widgets/panels/selection.h"
#include "widgets/panels/sources.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

class Gallery {
 public:
  /// Draws thumbnails; a click chooses an image and asks the run to watch it.
  void draw_ui(const ui::Rect& area, const Seen& seen, const GallerySource& source, Selection& selection,
               std::vector<Command>& out);
  /// J and K choose the image before and after (own images first, then the test set).
  /// A digit chooses a pinned image or, when there are none, that image of the gallery; I pins.
  void take_keys(const GallerySource& source, Selection& selection, std::vector<Command>& out);
  /// True when the filter needs to know what the model says of each image and nobody has asked yet.
  bool wants_verdicts = false;

  /// Chooses an image: selection, pins and a Watch command.
  static void choose(const WatchedImage& image, Selection& selection, std::vector<Command>& out);

 private:
  void refilter(const Seen& seen, const GallerySource& source);
  void draw_test_images(const ui::Rect& area, const Seen& seen, const GallerySource& source, Selection& selection,
                        std::vector<Command>& out);
  void draw_own(ui::Rect area, const Seen& seen, const GallerySource& source, Selection& selection,
                std::vector<Command>& out);
  bool thumbnail(const ui::Rect& box, const Seen& seen, const WatchedImage& image, const ImagePixels* pixels,
                 bool chosen);
  int64_t shown_count(const GallerySource& source) const {
    return filter_.empty() ? source.count : static_cast<int64_t>(matches_.size());
  }
  int64_t shown_index(int64_t place) const { return filter_.empty() ? place : matches_[static_cast<size_t>(place)]; }

  std::string filter_;
  std::vector<int64_t> matches_;  // test images that pass the filter
  std::string matched_filter_;
  int64_t matched_count_ = -1;
  const Report* matched_report_ = nullptr;
  std::vector<bool> wrong_;  // by test image, as far as it is known
  bool follow_ = false;      // scroll so that the chosen image is in view
};

}  // namespace moescope::panels
