// The OpenGL answer to ui::Textures.
#include "widgets/gl/gl_textures.h"

namespace moescope::gl {

std::pair<GlTextures::Entry&, bool> GlTextures::touch(uint64_t key) {
  const auto found = entries_.find(key);
  if (found != entries_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second.place);
    return {found->second, false};
  }
  while (entries_.size() >= capacity_) {
    entries_.erase(recent_.back());
    recent_.pop_back();
  }
  recent_.push_front(key);
  Entry& entry = entries_[key];
  entry.place = recent_.begin();
  return {entry, true};
}

ImTextureID GlTextures::image(uint64_t key, const ImagePixels& pixels) {
  auto [entry, is_new] = touch(key);
  if (is_new && pixels.height * pixels.width * pixels.channels > 0)
    entry.texture = Texture::from_bytes(static_cast<int>(pixels.width), static_cast<int>(pixels.height),
                                        static_cast<int>(pixels.channels), pixels.values.data());
  return id(entry.texture);
}

ImTextureID GlTextures::heat_map(uint64_t key, uint64_t version, const ui::HeatValues& heat) {
  auto [entry, is_new] = touch(key);
  if (is_new || entry.version != version) {
    painter_.paint(heat, entry.texture);
    entry.version = version;
  }
  return id(entry.texture);
}

}  // namespace moescope::gl
