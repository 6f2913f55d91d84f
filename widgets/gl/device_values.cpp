// A texture a size: registering one is slow, writing it is not.
#include "widgets/gl/device_values.h"

#include <algorithm>

#include "compute/records/error.h"

namespace moescope::gl {
namespace {

constexpr size_t kMostSizes = 6;  // a page shows three at most; while a strip is resized there are more

std::string renderer() {
  const auto* name = reinterpret_cast<const char*>(glGetString(GL_RENDERER));
  return name ? name : "unknown";
}

}  // namespace

DeviceValues::Shared& DeviceValues::shared(const DeviceMaps& maps, int width, int height) {
  const auto found = std::find_if(shared_.begin(), shared_.end(), [&](const Shared& one) {
    return one.texture.width() == width && one.texture.height() == height;
  });
  if (found != shared_.end()) {
    shared_.splice(shared_.begin(), shared_, found);
    return shared_.front();
  }
  if (shared_.size() == kMostSizes) shared_.pop_back();
  Shared made;
  made.texture.reserve_floats(width, height);
  made.device = maps.share(made.texture.name(), width, height);
  shared_.push_front(std::move(made));
  return shared_.front();
}

void DeviceValues::leave(const std::string& road, bool trouble) {
  by_host_ = true;
  shared_.clear();
  road_ = road;
  news_ = News{"heat maps come " + road, trouble};
}

const Texture* DeviceValues::texture_of(const ui::HeatValues& heat) {
  if (!heat.device || by_host_) return nullptr;
  if (road_.empty()) {
    const std::string hindrance = heat.device->hindrance();
    road_ = heat_map_road(hindrance, renderer());
    if (!hindrance.empty()) {
      leave(road_, false);
      return nullptr;
    }
  }
  try {
    Shared& one = shared(*heat.device, static_cast<int>(heat.width), static_cast<int>(heat.height));
    heat.device->write(heat.texels, *one.device);
    return &one.texture;
  } catch (const UserError& error) {
    leave(std::string("by way of the host: ") + error.what(), true);
    return nullptr;
  }
}

}  // namespace moescope::gl
