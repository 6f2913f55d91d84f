// What a look routed, as heat maps take it from the GPU: an image's share of maps that the plug-in keeps.
#include <algorithm>

#include "compute/models/device_model.h"
#include "compute/records/device_maps.h"

namespace moescope {
namespace {

using device_api::Fault;

/// Of all images of a look. Goes with the last of them.
struct KeptLook {
  std::shared_ptr<const DevicePlugin> plugin;
  std::vector<int64_t> layers;  // block indices of the MoE layers
  device_api::KeptMaps* maps = nullptr;
  std::string trouble;  // why there are none

  explicit KeptLook(std::shared_ptr<const DevicePlugin> from) : plugin(std::move(from)) {}
  ~KeptLook() {
    if (maps) plugin->functions().drop_maps(maps);
  }
  KeptLook(const KeptLook&) = delete;
  KeptLook& operator=(const KeptLook&) = delete;
};

class TextureOfPlugin : public DeviceTexture {
 public:
  TextureOfPlugin(std::shared_ptr<const DevicePlugin> plugin, uint32_t name, int64_t width, int64_t height)
      : plugin_(std::move(plugin)) {
    plugin_->check(plugin_->functions().share_texture(name, width, height, &texture), "sharing a texture with OpenGL");
  }
  ~TextureOfPlugin() override { plugin_->functions().unshare_texture(texture); }
  TextureOfPlugin(const TextureOfPlugin&) = delete;
  TextureOfPlugin& operator=(const TextureOfPlugin&) = delete;

  device_api::SharedTexture* texture = nullptr;

 private:
  std::shared_ptr<const DevicePlugin> plugin_;
};

class MapsOfImage : public DeviceMaps {
 public:
  MapsOfImage(std::shared_ptr<const KeptLook> look, int64_t first_token)
      : look_(std::move(look)), first_token_(first_token) {}

  std::string hindrance() const override { return look_->plugin->gl_hindrance(); }
  std::unique_ptr<DeviceTexture> share(uint32_t texture, int64_t width, int64_t height) const override {
    return std::make_unique<TextureOfPlugin>(look_->plugin, texture, width, height);
  }
  void write(const MapTexels& asked, DeviceTexture& texture) const override {
    if (!look_->maps) throw DeviceFault(Fault::out_of_memory, look_->trouble);
    const auto layer = std::find(look_->layers.begin(), look_->layers.end(), asked.layer);
    MapTexels texels = asked;
    texels.layer = layer - look_->layers.begin();
    texels.first_token += first_token_;
    look_->plugin->check(
        look_->plugin->functions().write_texture(look_->maps, &texels, dynamic_cast<TextureOfPlugin&>(texture).texture),
        "a heat map");
  }

 private:
  std::shared_ptr<const KeptLook> look_;
  int64_t first_token_;
};

}  // namespace

ImageMaps DeviceModel::take_maps(int slot) const {
  const auto look = std::make_shared<KeptLook>(plugin_);
  look->layers = layers_;
  try {
    plugin_->check(functions().take_maps(session_.get(), slot, &look->maps), "heat maps");
  } catch (const DeviceFault& fault) {  // the look itself has what it needs
    if (fault.fault != Fault::out_of_memory) throw;
    look->trouble = fault.what();
  }
  if (!look->maps && look->trouble.empty()) return {};
  ImageMaps maps;
  for (int64_t i = 0; i < plans_[slot].images; ++i)
    maps.push_back(std::make_shared<MapsOfImage>(look, i * tokens_per_image_));
  return maps;
}

}  // namespace moescope
