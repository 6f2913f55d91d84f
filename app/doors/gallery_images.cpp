// A small cache behind one lock that is never held while decoding.
#include "app/doors/gallery_images.h"

#include <algorithm>
#include <utility>

namespace moescope {
namespace {

constexpr size_t kMostWishes = 512;  // a fast scroll leaves old wishes behind

int64_t bytes_of_image(const ImagePixels& image) { return static_cast<int64_t>(image.values.size()) + 64; }

}  // namespace

GalleryImages::GalleryImages(std::shared_ptr<const Dataset> dataset, std::function<void()> decoded, int64_t max_bytes)
    : dataset_(std::move(dataset)),
      decoded_(std::move(decoded)),
      max_bytes_(max_bytes),
      thread_([this] { decode_wishes(); }) {}

GalleryImages::~GalleryImages() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wished_.notify_all();
  thread_.join();
}

std::shared_ptr<const ImagePixels> GalleryImages::pixels(int64_t index) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = kept_.find(index); found != kept_.end()) {
      recent_.splice(recent_.begin(), recent_, found->second.place);
      return found->second.image;
    }
    if (std::find(wishes_.begin(), wishes_.end(), index) != wishes_.end()) return nullptr;
    if (wishes_.size() >= kMostWishes) wishes_.erase(wishes_.begin());
    wishes_.push_back(index);
  }
  wished_.notify_one();
  return nullptr;
}

void GalleryImages::decode_wishes() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wished_.wait(lock, [&] { return stop_ || !wishes_.empty(); });
    if (stop_) return;
    const int64_t index = wishes_.back();
    lock.unlock();
    std::shared_ptr<const ImagePixels> image;
    try {
      image = std::make_shared<const ImagePixels>(dataset_->image(Split::test, index));
    } catch (const std::exception&) {  // a grey picture: the run beside it goes on
      image = std::make_shared<const ImagePixels>(ImagePixels{1, 1, 1, {128}});
    }
    lock.lock();
    std::erase(wishes_, index);
    keep(index, std::move(image));
    lock.unlock();
    decoded_();
    lock.lock();
  }
}

void GalleryImages::keep(int64_t index, std::shared_ptr<const ImagePixels> image) {
  bytes_ += bytes_of_image(*image);
  recent_.push_front(index);
  kept_[index] = {std::move(image), recent_.begin()};
  while (bytes_ > max_bytes_ && recent_.size() > 1) {
    const auto oldest = kept_.find(recent_.back());
    bytes_ -= bytes_of_image(*oldest->second.image);
    kept_.erase(oldest);
    recent_.pop_back();
  }
}

}  // namespace moescope
