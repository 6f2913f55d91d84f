// The OpenGL answer to ui::Textures: uploads once, keeps the recently used.
#pragma once

#include <list>
#include <string>
#include <unordered_map>

#include "widgets/gl/heat_map.h"

namespace moescope::gl {

/// Needs a current GL 3.3 context for as long as it lives.
class GlTextures : public ui::Textures {
 public:
  explicit GlTextures(const HeatMapFiles& files, size_t capacity = 768) : painter_(files), capacity_(capacity) {}

  ImTextureID image(uint64_t key, const ImagePixels& pixels) override;
  ImTextureID heat_map(uint64_t key, uint64_t version, const ui::HeatValues& heat) override;
  ImTextureID color_map() override { return id(painter_.colors()); }
  std::string heat_map_road() const override { return painter_.from_device().road(); }
  /// What changed about that road, once.
  std::optional<DeviceValues::News> take_news() { return painter_.from_device().take_news(); }
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Texture texture;
    uint64_t version = 0;
    std::list<uint64_t>::iterator place;
  };
  static ImTextureID id(const Texture& texture) {
    return reinterpret_cast<ImTextureID>(static_cast<uintptr_t>(texture.name()));
  }
  /// The entry of a key, made when new, moved to the front of the recently used. The oldest goes when there are too
  /// many.
  std::pair<Entry&, bool> touch(uint64_t key);

  HeatMapPainter painter_;
  size_t capacity_;
  std::unordered_map<uint64_t, Entry> entries_;
  std::list<uint64_t> recent_;
};

}  // namespace moescope::gl
