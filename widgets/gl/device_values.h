// Values of heat maps that a GPU writes into textures by itself, and which road they take when it cannot.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "widgets/gl/texture.h"
#include "widgets/ui/textures.h"

namespace moescope::gl {

/// Needs the OpenGL context that is current when it is first used, to its end.
class DeviceValues {
 public:
  /// What a person should be told, once.
  struct News {
    std::string text;
    bool trouble = false;  // it went wrong, and is not just how this machine is
  };

  /// The values as the GPU has them, good until the next call; null: they come by way of the host. The first map that
  /// cannot be had settles that for good.
  const Texture* texture_of(const ui::HeatValues& heat);
  /// heat_map_road(); empty before a GPU's map was asked for.
  const std::string& road() const { return road_; }
  std::optional<News> take_news() { return std::exchange(news_, std::nullopt); }

 private:
  struct Shared {
    Texture texture;
    std::unique_ptr<DeviceTexture> device;  // goes before the texture
  };
  Shared& shared(const DeviceMaps& maps, int width, int height);
  void leave(const std::string& road, bool trouble);

  std::list<Shared> shared_;  // one a size, the one used last in front
  std::string road_;
  bool by_host_ = false;
  std::optional<News> news_;
};

}  // namespace moescope::gl
