// Test images for the gallery: decoded on a thread of its own, newest wish first, kept while they fit.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "compute/data/dataset.h"

namespace moescope {

class GalleryImages {
 public:
  /// `decoded` is called on the decoding thread after each image that was asked for.
  GalleryImages(std::shared_ptr<const Dataset> dataset, std::function<void()> decoded,
                int64_t max_bytes = int64_t{64} << 20);
  ~GalleryImages();
  GalleryImages(const GalleryImages&) = delete;
  GalleryImages& operator=(const GalleryImages&) = delete;

  /// Test image `index`, or null when it is not decoded yet: then it is put first in the queue. Never waits for a
  /// decoder. A damaged file gives an image of one grey pixel.
  std::shared_ptr<const ImagePixels> pixels(int64_t index);

 private:
  struct Kept {
    std::shared_ptr<const ImagePixels> image;
    std::list<int64_t>::iterator place;  // in recent_
  };
  void decode_wishes();
  void keep(int64_t index, std::shared_ptr<const ImagePixels> image);

  const std::shared_ptr<const Dataset> dataset_;
  const std::function<void()> decoded_;
  const int64_t max_bytes_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable wished_;
  std::vector<int64_t> wishes_;  // the last one is served first: it is what is on screen now
  std::unordered_map<int64_t, Kept> kept_;
  std::list<int64_t> recent_;  // most recently used first
  int64_t bytes_ = 0;
  bool stop_ = false;

  std::thread thread_;
};

}  // namespace moescope
