// Synthetic records for the window: deterministic images, routing maps, loads and curves that look like a real run's.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "compute/records/event.h"
#include "compute/records/snapshot.h"

namespace moescope::demo {

/// A number in [0, 1) from three integers: the same on every machine.
inline double noise(uint64_t a, uint64_t b, uint64_t c = 0) {
  uint64_t x =
      a * 0x9E3779B97F4A7C15u ^ (b + 0x7F4A7C15u) * 0xBF58476D1CE4E5B9u ^ (c + 0x1CE4E5B9u) * 0x94D049BB133111EBu;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return static_cast<double>((x ^ (x >> 31)) >> 11) / 9007199254740992.0;
}

/// A grey picture of a few overlapping boxes and discs on black.
inline ImagePixels image(int64_t index, int64_t side) {
  ImagePixels pixels{side, side, 1, std::vector<uint8_t>(static_cast<size_t>(side * side))};
  const auto seed = static_cast<uint64_t>(index);
  for (uint64_t part = 0; part < 4; ++part) {
    const double cx = 0.25 + 0.5 * noise(seed, part, 1), cy = 0.25 + 0.5 * noise(seed, part, 2);
    const double rx = 0.10 + 0.18 * noise(seed, part, 3), ry = 0.12 + 0.25 * noise(seed, part, 4);
    const bool disc = noise(seed, part, 5) < 0.4;
    const double light = 70 + 170 * noise(seed, part, 6);
    for (int64_t y = 0; y < side; ++y)
      for (int64_t x = 0; x < side; ++x) {
        const double u = ((static_cast<double>(x) + 0.5) / static_cast<double>(side) - cx) / rx;
        const double v = ((static_cast<double>(y) + 0.5) / static_cast<double>(side) - cy) / ry;
        if (disc ? u * u + v * v > 1 : std::max(std::abs(u), std::abs(v)) > 1) continue;
        const double texture = 24 * noise(seed, static_cast<uint64_t>(y * side + x), part);
        pixels.values[static_cast<size_t>(y * side + x)] =
            static_cast<uint8_t>(std::clamp(light + texture, 0.0, 255.0));
      }
  }
  return pixels;
}

inline std::vector<std::string> class_names() {
  return {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"};
}

/// Mean light of each patch in [0, 1].
inline std::vector<double> patch_light(const ImagePixels& pixels, int64_t grid) {
  std::vector<double> light(static_cast<size_t>(grid * grid));
  for (int64_t y = 0; y < pixels.height; ++y)
    for (int64_t x = 0; x < pixels.width; ++x)
      light[static_cast<size_t>(y * grid / pixels.height * grid + x * grid / pixels.width)] +=
          pixels.values[static_cast<size_t>((y * pixels.width + x) * pixels.channels)] / 255.0;
  const double per_patch = static_cast<double>(pixels.height * pixels.width) / static_cast<double>(grid * grid);
  for (double& value : light) value /= per_patch;
  return light;
}

/// Token-choice routing by light and place; experts fill up in the order of the tokens.
inline RoutingMap sparse_map(const RunConfig& config, const ImagePixels& pixels, int64_t layer, int64_t step,
                             const std::vector<uint8_t>& off) {
  RoutingMap map;
  const int64_t grid = pixels.width / config.model.patch, experts = config.router.num_experts, k = config.router.k;
  map.router = RouterKind::tokens_choice;
  map.layer = layer, map.step = step;
  map.grid_height = map.grid_width = grid;
  map.num_tokens = grid * grid, map.num_experts = experts, map.k = k;
  map.token_set = "test 17, its " + std::to_string(map.num_tokens) + " tokens; routed in a group of 1 image";
  map.capacity = static_cast<int64_t>(std::ceil(
      config.router.capacity_factor * static_cast<double>(k * map.num_tokens) / static_cast<double>(experts)));
  map.actual_capacity_factor = static_cast<double>(map.capacity * experts) / static_cast<double>(k * map.num_tokens);
  map.expert_off = off;
  const std::vector<double> light = patch_light(pixels, grid);
  std::vector<int64_t> used(static_cast<size_t>(experts));
  for (int64_t token = 0; token < map.num_tokens; ++token) {
    const double row = static_cast<double>(token / grid) / static_cast<double>(grid),
                 column = static_cast<double>(token % grid) / static_cast<double>(grid);
    std::vector<double> gate(static_cast<size_t>(experts));
    double total = 0;
    for (size_t e = 0; e < gate.size(); ++e) {
      const double dl = light[static_cast<size_t>(token)] - noise(e, 11, static_cast<uint64_t>(layer));
      const double dr = row - noise(e, 12, static_cast<uint64_t>(layer)),
                   dc = column - noise(e, 13, static_cast<uint64_t>(layer));
      gate[e] = std::exp((-6 * dl * dl - 3 * (dr * dr + dc * dc)) * 3 / config.router.temperature);
      total += gate[e];
    }
    std::vector<size_t> order(gate.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return gate[a] > gate[b]; });
    for (const double g : gate) map.gates.push_back(static_cast<float>(g / total));
    for (int64_t i = 0; i < k; ++i) {
      const size_t e = order[static_cast<size_t>(i)];
      const bool is_off = e < off.size() && off[e];
      const int64_t place = is_off ? -1 : used[e]++;
      map.expert.push_back(static_cast<int32_t>(e));
      map.weight.push_back(static_cast<float>(gate[e] / total));
      map.place.push_back(static_cast<int32_t>(place));
      map.drop.push_back(is_off                  ? DropReason::expert_off
                         : place >= map.capacity ? DropReason::expert_full
                                                 : DropReason::none);
    }
  }
  return map;
}

/// Soft routing: each slot likes a light and a place; `sharpness` 0 is uniform.
inline RoutingMap soft_map(const RunConfig& config, const ImagePixels& pixels, int64_t layer, int64_t step,
                           double sharpness, const std::vector<uint8_t>& off) {
  RoutingMap map;
  const int64_t grid = pixels.width / config.model.patch;
  map.router = RouterKind::soft;
  map.layer = layer, map.step = step;
  map.grid_height = map.grid_width = grid;
  map.num_tokens = grid * grid, map.num_experts = config.router.num_experts,
  map.slots_per_expert = config.router.slots_per_expert;
  map.token_set = "test 17, its " + std::to_string(map.num_tokens) + " tokens";
  map.expert_off = off;
  const int64_t slots = map.num_experts * map.slots_per_expert;
  const std::vector<double> light = patch_light(pixels, grid);
  std::vector<double> logits(static_cast<size_t>(map.num_tokens * slots));
  for (int64_t token = 0; token < map.num_tokens; ++token)
    for (int64_t slot = 0; slot < slots; ++slot) {
      const auto q = static_cast<uint64_t>(slot), l = static_cast<uint64_t>(layer);
      const double dl = light[static_cast<size_t>(token)] - noise(q, 21, l);
      const double dr = static_cast<double>(token / grid) / static_cast<double>(grid) - noise(q, 22, l);
      const double dc = static_cast<double>(token % grid) / static_cast<double>(grid) - noise(q, 23, l);
      logits[static_cast<size_t>(token * slots + slot)] =
          -sharpness * (3 * dl * dl + 4 * (dr * dr + dc * dc)) / config.router.temperature;
    }
  map.dispatch.resize(logits.size());
  map.combine.resize(logits.size());
  for (int64_t slot = 0; slot < slots; ++slot) {
    double total = 0;
    for (int64_t token = 0; token < map.num_tokens; ++token)
      total += std::exp(logits[static_cast<size_t>(token * slots + slot)]);
    for (int64_t token = 0; token < map.num_tokens; ++token) {
      const auto i = static_cast<size_t>(token * slots + slot);
      map.dispatch[i] = static_cast<float>(std::exp(logits[i]) / total);
    }
  }
  for (int64_t token = 0; token < map.num_tokens; ++token) {
    double total = 0;
    for (int64_t slot = 0; slot < slots; ++slot) total += std::exp(logits[static_cast<size_t>(token * slots + slot)]);
    for (int64_t slot = 0; slot < slots; ++slot) {
      const auto i = static_cast<size_t>(token * slots + slot);
      map.combine[i] = static_cast<float>(std::exp(logits[i]) / total);
    }
  }
  return map;
}

inline ExpertLoad load_of(const RunConfig& config, int64_t layer, int64_t step) {
  ExpertLoad load;
  load.router = config.router.kind;
  load.layer = layer;
  load.num_tokens = 128 * 49;
  load.token_set = "training batch of step " + std::to_string(step);
  load.capacity = config.router.kind == RouterKind::soft ? config.router.slots_per_expert : 52;
  load.actual_capacity_factor = config.router.capacity_factor;
  const auto experts = static_cast<size_t>(config.router.num_experts);
  double sum = 0, squares = 0;
  for (size_t e = 0; e < experts; ++e) {
    const double wave = 0.08 * std::sin(static_cast<double>(step) / 40 + static_cast<double>(e));
    double share = 0.15 + 1.7 * noise(e, 31, static_cast<uint64_t>(layer)) + wave;
    if (e == 8 && config.router.kind == RouterKind::tokens_choice) share = 0;
    if (config.router.kind == RouterKind::tokens_choice) share = std::min(share, config.router.capacity_factor * 1.0);
    load.load.push_back(static_cast<float>(std::max(0.0, share)));
    load.importance.push_back(
        static_cast<float>(std::max(0.0, share * (0.8 + 0.4 * noise(e, 32, static_cast<uint64_t>(layer))))));
    sum += share, squares += share * share;
  }
  const double mean = sum / static_cast<double>(experts);
  load.load_cv = std::sqrt(std::max(0.0, squares / static_cast<double>(experts) - mean * mean)) / mean;
  load.dropped = config.router.kind == RouterKind::tokens_choice ? 0.034 : 0;
  load.dropped_choices = load.dropped, load.capacity_use = 0.83;
  load.entropy_max = std::log(static_cast<double>(experts));
  load.entropy = 0.83 * load.entropy_max;
  return load;
}

/// The default model of a router kind: 16 experts; sparse on 56 x 56 scenes (14 x 14 patches), soft on 28 x 28 (7 x 7).
inline RunConfig config(RouterKind kind) {
  RunConfig c;
  c.name = kind == RouterKind::soft ? "soft-moe-s" : kind == RouterKind::dense ? "vit-s" : "vmoe-s";
  c.router.kind = kind;
  c.model.depth = 6;
  c.model.moe_blocks = 3;
  if (kind == RouterKind::tokens_choice) c.router.k = 2, c.router.bpr = true;
  return c;
}

inline ImageView view(const RunConfig& c, WatchedImage watched, ImagePixels pixels, int64_t step, double sharpness,
                      const std::vector<uint8_t>& off) {
  ImageView v;
  v.image = std::move(watched);
  v.step = step;
  v.label = 2;
  const bool any_off = std::any_of(off.begin(), off.end(), [](uint8_t o) { return o != 0; });
  v.probabilities = any_off ? std::vector<float>{.06f, .02f, .52f, .04f, .28f, .0f, .07f, .0f, .01f, .0f}
                            : std::vector<float>{.01f, .0f, .83f, .01f, .11f, .0f, .04f, .0f, .0f, .0f};
  for (int64_t block = c.model.depth - c.model.moe_blocks; block < c.model.depth; ++block) {
    if (c.router.kind == RouterKind::soft) v.routing.push_back(soft_map(c, pixels, block, step, sharpness, off));
    if (c.router.kind == RouterKind::tokens_choice) v.routing.push_back(sparse_map(c, pixels, block, step, off));
  }
  v.pixels = std::move(pixels);
  return v;
}

inline Snapshot snapshot(RouterKind kind, int64_t step, double sharpness = 6) {
  Snapshot s;
  s.state = RunState::running;
  s.run_id = 14;
  s.config = config(kind);
  s.step = step, s.total_steps = 1407, s.epoch = static_cast<double>(step) / 469;
  s.wall_secs = static_cast<double>(step) * 0.21, s.eta_secs = static_cast<double>(s.total_steps - step) * 0.21;
  s.stop_rule = "epochs=3";
  s.loss = 0.352, s.accuracy = 0.871, s.learning_rate = 8e-4;
  s.images_per_sec = 612, s.gflops = 148, s.peak_share = 0.84, s.rss_bytes = 312 << 20, s.arena_bytes = 181 << 20;
  s.device = "CPU oneDNN AVX2, 2 threads";
  s.job = "evaluating 62 %";
  s.class_names = class_names();
  if (kind != RouterKind::dense)
    for (int64_t block = s.config.model.depth - s.config.model.moe_blocks; block < s.config.model.depth; ++block)
      s.layers.push_back(load_of(s.config, block, step));
  const int64_t side = kind == RouterKind::soft ? 28 : 56;
  s.images.push_back(view(s.config, {17, nullptr, "test 17"}, image(17, side), step, sharpness,
                          std::vector<uint8_t>(static_cast<size_t>(s.config.router.num_experts))));
  return s;
}

/// The metrics of one step, as the trainer would report them.
inline std::vector<Metric> metrics(const RunConfig& c, int64_t step) {
  const double t = static_cast<double>(step), wall = 0.21 * t;
  const auto n = static_cast<uint64_t>(step);
  const double loss = 0.32 + 2.0 * std::exp(-t / 160) + 0.12 * (noise(n, 41) - 0.5);
  const double accuracy = 0.89 - 0.79 * std::exp(-t / 140) + 0.05 * (noise(n, 42) - 0.5);
  std::vector<Metric> list = {{"train/loss", step, wall, loss},
                              {"train/accuracy", step, wall, std::clamp(accuracy, 0.0, 1.0)}};
  if (step % 200 == 0) list.push_back({"eval/test/accuracy", step, wall, 0.885 - 0.6 * std::exp(-t / 180)});
  for (int64_t block = c.model.depth - c.model.moe_blocks; block < c.model.depth; ++block) {
    const std::string layer = "layer" + std::to_string(block) + "/";
    list.push_back({layer + "load_cv", step, wall, 0.4 + 0.9 * std::exp(-t / 120) + 0.06 * noise(n, 43)});
    list.push_back({layer + "dropped", step, wall, 0.03 + 0.25 * std::exp(-t / 100) + 0.02 * noise(n, 44)});
    list.push_back({layer + "entropy", step, wall, 2.1 + 0.6 * std::exp(-t / 300) + 0.02 * noise(n, 45)});
  }
  return list;
}

}  // namespace moescope::demo
