// Heat maps straight from the device, on the fake of the CUDA runtime and a real OpenGL: the texels of the plain road
// to the bit, under any order of the queued work, whatever becomes of the run; and who is told when that road is
// closed.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <thread>

#include "compute/core/queue.h"
#include "compute/explore/looker.h"
#include "compute/models/device_model.h"
#include "compute/records/device_maps.h"
#include "compute/train/trainer.h"
#include "compute/train/watch.h"
#include "support/device_on_host.h"
#include "support/gl_stage.h"
#include "support/synthetic_dataset.h"
#include "widgets/panels/on_device.h"
#include "widgets/panels/routing_view.h"

namespace moescope {
namespace {

using demo::bits_of;
using demo::colors_of;
using demo::floats_of;
using testing::AllOf;
using testing::HasSubstr;

const std::shared_ptr<const Dataset>& textures() {
  static const std::shared_ptr<const Dataset> dataset = std::make_shared<SyntheticDataset>();
  return dataset;
}

/// A run on the device that is looked at through two images.
struct WatchedRun {
  explicit WatchedRun(RouterKind kind = RouterKind::soft, HeadKind head = HeadKind::gap) {
    RunConfig config = tiny_config(kind);
    config.compute.device = DeviceKind::cuda;
    config.train.batch_size = 8;
    config.model.head = head;
    config.model.moe_blocks = 2;
    trainer = std::make_unique<Trainer>(config, textures());
    watcher.watch({{3, nullptr, "test 3"}, {9, nullptr, "test 9"}}, -1);
  }
  void step() { ASSERT_EQ(trainer->step(), Trainer::Advance::stepped) << trainer->divergence(); }
  /// A look beside the step that follows it.
  std::vector<ImageView> look_beside() {
    EXPECT_TRUE(trainer->begin_look(watcher));
    step();
    return *trainer->end_look(watcher);
  }
  std::unique_ptr<Trainer> trainer;
  Watcher watcher{textures(), PixelScale::standardize};
};

struct Heat {
  MapTexels texels;
  std::vector<float> want;
};

template <class Value>
std::vector<float> of_patches(const RoutingMap& map, Value&& value) {
  std::vector<float> values;
  for (int64_t patch = 0; patch < panels::num_patches(map); ++patch)
    values.push_back(value(panels::token_of_patch(map, patch)));
  return values;
}

/// Tiles of columns side by side, as MapStrip lays them out.
Heat strip_of(const RoutingMap& map, MapWeights weights, int64_t pictures, float factor,
              const std::vector<float>& matrix) {
  Heat strip;
  strip.texels = panels::patch_texels(map, weights, 0, factor);
  strip.texels.pictures = pictures, strip.texels.across = 3, strip.texels.fill = -1;
  const int64_t width = strip.texels.width(), columns = static_cast<int64_t>(matrix.size()) / map.num_tokens;
  strip.want.assign(static_cast<size_t>(width * strip.texels.height()), -1);
  for (int64_t item = 0; item < pictures; ++item)
    for (int64_t patch = 0; patch < panels::num_patches(map); ++patch) {
      const int64_t y = item / 3 * map.grid_height + patch / map.grid_width,
                    x = item % 3 * map.grid_width + patch % map.grid_width;
      const float weight = matrix[static_cast<size_t>(panels::token_of_patch(map, patch) * columns + item)];
      strip.want[static_cast<size_t>(y * width + x)] = weight * factor;
    }
  return strip;
}

/// Every heat map that a panel shows of a layer, with the values that the host makes.
std::vector<Heat> heats_of(const RoutingMap& map) {
  std::vector<Heat> heats;
  if (map.router != RouterKind::soft) {
    const auto experts = static_cast<float>(map.num_experts);
    heats.push_back(strip_of(map, MapWeights::gates, map.num_experts, experts, map.gates));
    return heats;
  }
  const auto tokens = static_cast<float>(map.num_tokens), slots = static_cast<float>(panels::num_slots(map));
  for (int64_t slot = 0; slot < panels::num_slots(map); ++slot) {
    heats.push_back({panels::patch_texels(map, MapWeights::dispatch, slot, tokens),
                     of_patches(map, [&](int64_t token) { return panels::dispatch_times(map, token, slot); })});
    heats.push_back({panels::patch_texels(map, MapWeights::combine, slot, slots),
                     of_patches(map, [&](int64_t token) { return panels::combine_times(map, token, slot); })});
  }
  heats.push_back({panels::patch_texels(map, MapWeights::dispatch, 0, tokens),
                   of_patches(map, [&](int64_t token) { return panels::token_weight_times(map, token); })});
  heats.back().texels.value = MapValue::mean;
  heats.push_back({panels::patch_texels(map, MapWeights::combine, 0, slots),
                   of_patches(map, [&](int64_t token) { return panels::combine_entropy(map, token); })});
  heats.back().texels.value = MapValue::entropy;
  heats.push_back(strip_of(map, MapWeights::dispatch, panels::num_slots(map), tokens, map.dispatch));
  return heats;
}

class HeatMaps : public demo::GlStage {
 protected:
  void SetUp() override {
    GlStage::SetUp();
    if (IsSkipped()) return;
    host_.control("gl_device", 0);
  }
  void TearDown() override {
    EXPECT_EQ(host_.control("gl_misuses"), 0);
    EXPECT_EQ(glGetError(), static_cast<GLenum>(GL_NO_ERROR));
    GlStage::TearDown();
  }

  /// What the device makes of it.
  static std::vector<float> texels_of(const ImageView& view, const MapTexels& texels) {
    gl::Texture texture;
    texture.reserve_floats(static_cast<int>(texels.width()), static_cast<int>(texels.height()));
    const auto shared = view.on_device->share(texture.name(), texels.width(), texels.height());
    view.on_device->write(texels, *shared);
    return floats_of(texture);
  }
  static void expect_all(const ImageView& view) {
    ASSERT_TRUE(view.on_device);
    ASSERT_EQ(view.routing.size(), 2u);
    for (const RoutingMap& map : view.routing)
      for (const Heat& heat : heats_of(map)) ASSERT_EQ(bits_of(texels_of(view, heat.texels)), bits_of(heat.want));
  }
  static ui::HeatValues values_of(const Heat& heat, const DeviceMaps* device) {
    return {heat.texels.width(), heat.texels.height(), heat.want, 0, 2, device, heat.texels};
  }
  /// The colours of the heat map on the plain road.
  static std::vector<uint8_t> plain(const Heat& heat) {
    gl::HeatMapPainter painter(files());
    gl::Texture picture;
    painter.paint(values_of(heat, nullptr), picture);
    return colors_of(picture);
  }

  DeviceOnHost host_;
};

TEST_F(HeatMaps, TexelsAreThoseOfTheHostToTheBit) {
  for (const RouterKind kind : {RouterKind::soft, RouterKind::tokens_choice, RouterKind::experts_choice})
    for (const int64_t seed : {0, 1, 2, 3}) {
      SCOPED_TRACE("router " + std::to_string(static_cast<int>(kind)) + ", seed " + std::to_string(seed));
      host_.control("seed", seed);
      WatchedRun run(kind, seed % 2 == 0 ? HeadKind::gap : HeadKind::token);
      for (int round = 0; round < 3; ++round)  // measured, captured, replayed
        for (const ImageView& view : run.look_beside()) expect_all(view);
      for (const ImageView& view : run.trainer->look(run.watcher)) expect_all(view);
    }
}

TEST_F(HeatMaps, ArePaintedFromTheDeviceAndNotFromTheHostsValues) {
  WatchedRun run;
  const std::vector<ImageView> views = run.look_beside();
  gl::HeatMapPainter painter(files());
  gl::Texture picture;
  for (const Heat& heat : heats_of(views[1].routing[0])) {
    ui::HeatValues values = values_of(heat, views[1].on_device.get());
    const std::vector<float> wrong(heat.want.size(), std::numeric_limits<float>::quiet_NaN());
    values.values = wrong;
    picture = gl::Texture();
    painter.paint(values, picture);
    EXPECT_EQ(colors_of(picture), plain(heat));
  }
  EXPECT_EQ(painter.from_device().road(), "straight from the GPU");
  EXPECT_FALSE(painter.from_device().take_news()) << "there is nothing to say about what works";
}

TEST_F(HeatMaps, ADrawingThatDoesNotWaitForTheLookIsCaught) {
  WatchedRun run;
  run.step();
  const std::vector<ImageView> views = run.trainer->look(run.watcher);
  const Heat heat = heats_of(views[0].routing[0]).front();
  host_.control("ignore_wait", 1);
  for (const float value : texels_of(views[0], heat.texels)) EXPECT_TRUE(std::isnan(value)) << value;
  EXPECT_EQ(bits_of(texels_of(views[0], heat.texels)), bits_of(heat.want)) << "and seen when it is waited for";
}

TEST_F(HeatMaps, EveryLookThatIsHeldKeepsItsOwn) {
  WatchedRun run;
  std::vector<std::vector<ImageView>> held;
  for (int i = 0; i < 4; ++i) held.push_back(run.look_beside());
  EXPECT_NE(held[0][0].routing[0].dispatch, held[3][0].routing[0].dispatch);
  for (const auto& views : held)
    for (const ImageView& view : views) expect_all(view);
  held.resize(1);
  const int64_t before = host_.control("in_use");
  for (int i = 0; i < 5; ++i) run.look_beside();
  EXPECT_EQ(host_.control("in_use"), before) << "buffers go round";
  expect_all(held[0][1]);
}

TEST_F(HeatMaps, OutliveTheRunThatTheyAreOf) {
  const int64_t before = host_.control("in_use");
  std::vector<ImageView> views;
  {
    WatchedRun run;
    views = run.look_beside();
  }
  for (const ImageView& view : views) expect_all(view);
  WatchedRun next;  // another run begins while the window shows the last one
  next.step();
  for (const ImageView& view : views) expect_all(view);
  next.trainer.reset();
  EXPECT_GT(host_.control("in_use"), before);
  views.clear();
  EXPECT_EQ(host_.control("in_use"), before);
}

TEST_F(HeatMaps, OfAWhatIfAreItsOwn) {
  WatchedRun run;
  run.step();
  Replica replica;
  replica.config = run.trainer->config();
  replica.dataset = textures();
  replica.model = std::make_unique<VisionTransformer>(replica.config, image_shape(textures()->info()));
  replica.model->parameters().allocate(host_memory(), 1);
  Looker looker;
  LookRequest request;
  request.images = {{3, nullptr, "test 3"}, {9, nullptr, "test 9"}};
  request.what_if.edits = {OccludePatch{3, 200}};
  const Look look = looker.look(replica, request);
  ASSERT_EQ(look.refusal, "");
  for (const ImageLook& one : look.images) {
    EXPECT_NE(one.as_is.routing[1].combine, one.changed.routing[1].combine);
    expect_all(one.as_is);
    expect_all(one.changed);
  }
  request.what_if = {};
  request.what_if.slots_per_expert = 1;
  const Look fewer = looker.look(replica, request);
  ASSERT_EQ(fewer.refusal, "");
  for (const ImageLook& one : fewer.images) {
    EXPECT_EQ(panels::num_slots(one.changed.routing[1]), panels::num_slots(one.as_is.routing[1]) / 2);
    expect_all(one.as_is);
    expect_all(one.changed);
  }
}

TEST_F(HeatMaps, AreDrawnWhileTheRunTrains) {
  WatchedRun run;
  Queue<std::vector<ImageView>> looks;
  std::thread training([&] {
    for (int i = 0; i < 12; ++i) looks.push(run.look_beside());
    looks.close();
  });
  int drawn = 0;
  for (bool over = false; !over;) {
    over = looks.closed();  // before the last look, so that nothing pushed earlier is missed
    for (const std::vector<ImageView>& views : looks.wait_drain(std::chrono::milliseconds(50))) {
      for (const ImageView& view : views) expect_all(view);
      ++drawn;
    }
  }
  EXPECT_EQ(drawn, 12);
  training.join();
}

TEST_F(HeatMaps, TakeThePlainRoadWhereOpenGlRunsElsewhereAndSaySo) {
  WatchedRun run;
  const std::vector<ImageView> views = run.look_beside();
  const Heat heat = heats_of(views[0].routing[0]).front();
  for (const int64_t device : {-2, 1}) {  // none of the GPUs, another GPU
    host_.control("gl_device", device);
    gl::HeatMapPainter painter(files());
    gl::Texture picture;
    painter.paint(values_of(heat, nullptr), picture);
    EXPECT_EQ(painter.from_device().road(), "") << "no GPU has been asked";
    for (int i = 0; i < 2; ++i) {
      painter.paint(values_of(heat, views[0].on_device.get()), picture);
      EXPECT_EQ(colors_of(picture), plain(heat));
    }
    EXPECT_EQ(painter.from_device().road(), "by way of the host: OpenGL runs on another device (llvmpipe)");
    const auto news = painter.from_device().take_news();
    ASSERT_TRUE(news);
    EXPECT_EQ(news->text, "heat maps come by way of the host: OpenGL runs on another device (llvmpipe)");
    EXPECT_FALSE(news->trouble);
    EXPECT_FALSE(painter.from_device().take_news()) << "once";
  }
  EXPECT_EQ(host_.control("gl_writes"), 0);
  EXPECT_THAT(views[0].on_device->hindrance(), "OpenGL runs on another device");
}

/// The picture is right, the road is the host's from then on, and why is told as trouble.
void expect_left(gl::HeatMapPainter& painter, const ui::HeatValues& values, const std::vector<uint8_t>& want,
                 const std::string& why) {
  gl::Texture picture;
  painter.paint(values, picture);
  EXPECT_EQ(colors_of(picture), want);
  EXPECT_THAT(painter.from_device().road(), AllOf(HasSubstr("by way of the host: "), HasSubstr(why)));
  const auto news = painter.from_device().take_news();
  ASSERT_TRUE(news);
  EXPECT_TRUE(news->trouble);
  EXPECT_THAT(news->text, HasSubstr(why));
}

TEST_F(HeatMaps, GoOnByWayOfTheHostWhenTheDeviceIsLost) {
  WatchedRun run;
  const std::vector<ImageView> views = run.look_beside();
  const Heat heat = heats_of(views[0].routing[0]).front();
  const ui::HeatValues values = values_of(heat, views[0].on_device.get());
  gl::HeatMapPainter painter(files());
  gl::Texture picture;
  painter.paint(values, picture);
  EXPECT_EQ(painter.from_device().road(), "straight from the GPU");
  host_.control("lose_after", 0);
  expect_left(painter, values, plain(heat), "the GPU was lost during a heat map");
}

TEST_F(HeatMaps, GoOnByWayOfTheHostWhenTheDeviceHasNoRoomForThem) {
  WatchedRun run;
  for (int i = 0; i < 3; ++i) run.look_beside();  // whatever else needs memory has it
  const std::vector<ImageView> held = run.look_beside();
  host_.control("memory", host_.control("in_use"));
  const std::vector<ImageView> views = run.look_beside();
  ASSERT_FALSE(views[0].probabilities.empty()) << "the look itself needs no more";
  const Heat heat = heats_of(views[0].routing[0]).front();
  host_.control("memory", int64_t{8} << 30);
  gl::HeatMapPainter painter(files());
  expect_left(painter, values_of(heat, views[0].on_device.get()), plain(heat), "too little memory for heat maps");
}

TEST_F(HeatMaps, AMapThatWasMadeAnewIsTheHostsAlone) {
  WatchedRun run;
  const std::vector<ImageView> views = run.look_beside();
  const RoutingMap rerouted = views[0].routing[0];  // as a slider makes it from the one on view
  EXPECT_NE(panels::on_device(views[0], views[0].routing[0]), nullptr);
  EXPECT_EQ(panels::on_device(views[0], rerouted), nullptr);
}

TEST_F(HeatMaps, ADenseModelHasNone) {
  WatchedRun run(RouterKind::dense);
  for (const ImageView& view : run.look_beside()) EXPECT_FALSE(view.on_device);
}

TEST_F(HeatMaps, TexelsThatAreNotThoseOfTheLookAreRefused) {
  WatchedRun run;
  const std::vector<ImageView> views = run.look_beside();
  const MapTexels good = panels::patch_texels(views[1].routing[0], MapWeights::dispatch, 0, 1);
  for (const auto spoil :
       {+[](MapTexels& t) { t.weights = MapWeights::gates; }, +[](MapTexels& t) { t.first_column = 8; },
        +[](MapTexels& t) { t.first_token = 1; }, +[](MapTexels& t) { t.layer = 7; }}) {
    MapTexels bad = good;
    spoil(bad);
    EXPECT_THROW(texels_of(views[1], bad), DeviceFault);
  }
}

}  // namespace
}  // namespace moescope
