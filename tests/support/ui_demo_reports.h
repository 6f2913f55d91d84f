// Synthetic answers of the explorer: looks under a question and reports, deterministic and shaped like a real run's.
#pragma once

#include "compute/records/look.h"
#include "compute/records/report.h"
#include "support/ui_demo.h"

namespace moescope::demo {

/// The configuration as a question changes it, as far as the synthetic routing knows it.
inline RunConfig config_under(RunConfig config, const WhatIf& w) {
  config.router = knobs_under(w, config.router);
  return config;
}

inline ImagePixels edited(ImagePixels pixels, const WhatIf& w, int64_t patch_side) {
  for (const ImageEdit& edit : w.edits) {
    if (const auto* occluded = std::get_if<OccludePatch>(&edit)) {
      const int64_t columns = pixels.width / patch_side, row = occluded->patch / columns,
                    column = occluded->patch % columns;
      for (int64_t y = row * patch_side; y < (row + 1) * patch_side; ++y)
        for (int64_t x = column * patch_side; x < (column + 1) * patch_side; ++x)
          pixels.values[static_cast<size_t>((y * pixels.width + x) * pixels.channels)] = occluded->value;
    }
    if (const auto* spot = std::get_if<PaintSpot>(&edit))
      pixels.values[static_cast<size_t>((spot->row * pixels.width + spot->column) * pixels.channels)] = spot->color[0];
  }
  return pixels;
}

inline Look look(const RunConfig& config, const LookRequest& request, const ImagePixels& pixels, int64_t step,
                 double sharpness) {
  Look answer;
  answer.request = request;
  answer.config = config;
  answer.model = {true, 14, 0, step, "live, step " + std::to_string(step)};
  const std::vector<uint8_t> none(static_cast<size_t>(config.router.num_experts));
  std::vector<uint8_t> off = none;
  for (const ExpertOff& one : request.what_if.off) off[static_cast<size_t>(one.expert)] = 1;
  ImageView as_is = view(config, request.images.front(), pixels, step, sharpness, none);
  ImageView changed = view(config_under(config, request.what_if), request.images.front(),
                           edited(pixels, request.what_if, config.model.patch), step, sharpness, off);
  answer.images.push_back(compared(std::move(as_is), std::move(changed)));
  if (request.attention_block >= 0) {
    const int64_t grid = pixels.width / config.model.patch, tokens = grid * grid;
    AttentionMap map{request.attention_block, config.model.heads, tokens, false, {}};
    for (int64_t h = 0; h < map.heads; ++h)
      for (int64_t q = 0; q < tokens; ++q) {
        double total = 0;
        std::vector<double> row;
        for (int64_t k = 0; k < tokens; ++k) {
          const double dy = static_cast<double>(q / grid - k / grid), dx = static_cast<double>(q % grid - k % grid);
          row.push_back(std::exp(-(dx * dx + dy * dy) / (2.0 + 6.0 * static_cast<double>(h))));
          total += row.back();
        }
        for (const double v : row) map.probabilities.push_back(static_cast<float>(v / total));
      }
    answer.attention = std::move(map);
  }
  answer.answer_ms = 12;
  return answer;
}

inline Affinity affinity(const RunConfig& config) {
  Affinity all;
  for (int64_t block = config.model.depth - config.model.moe_blocks; block < config.model.depth; ++block) {
    LayerAffinity layer;
    layer.layer = block, layer.num_experts = config.router.num_experts, layer.num_classes = 10,
    layer.num_patches = 49000;
    layer.share.resize(static_cast<size_t>(layer.num_experts * 10));
    for (int64_t c = 0; c < 10; ++c) {
      double total = 0;
      std::vector<double> row;
      for (int64_t e = 0; e < layer.num_experts; ++e) {
        row.push_back(std::exp(3 * noise(static_cast<uint64_t>(e), static_cast<uint64_t>(c), 51)));
        total += row.back();
      }
      for (int64_t e = 0; e < layer.num_experts; ++e)
        layer.share[static_cast<size_t>(e * 10 + c)] = static_cast<float>(row[static_cast<size_t>(e)] / total);
      layer.class_order.push_back(static_cast<int32_t>(c));
    }
    for (int64_t e = 0; e < layer.num_experts; ++e) layer.expert_order.push_back(static_cast<int32_t>(e));
    layer.replication = 0.93, layer.class_information = 0.61, layer.position_information = 0.34,
    layer.class_entropy = 2.30;
    all.layers.push_back(std::move(layer));
  }
  return all;
}

inline TopPatches top_patches(const RunConfig& config) {
  TopPatches top;
  top.patch_size = config.model.patch,
  top.grid_height = top.grid_width = config.router.kind == RouterKind::soft ? 7 : 14;
  for (int64_t block = config.model.depth - config.model.moe_blocks; block < config.model.depth; ++block) {
    LayerTopPatches layer{block, {}};
    for (uint64_t e = 0; e < static_cast<uint64_t>(config.router.num_experts); ++e) {
      std::vector<TopPatch> list;
      for (uint64_t i = 0; i < 16; ++i)
        list.push_back({static_cast<int64_t>(1000 * noise(e, i, 61)),
                        static_cast<int64_t>(static_cast<double>(top.grid_width * top.grid_height) * noise(e, i, 62)),
                        static_cast<int32_t>(i % 10), static_cast<float>(0.9 - 0.02 * static_cast<double>(i))});
      layer.experts.push_back(std::move(list));
    }
    top.layers.push_back(std::move(layer));
  }
  return top;
}

inline Coactivation coactivation(const RunConfig& config) {
  Coactivation co;
  const int64_t experts = config.router.num_experts;
  for (int64_t block = config.model.depth - config.model.moe_blocks; block < config.model.depth; ++block) {
    LayerCoactivation layer{block, experts, {}, {}};
    for (int64_t i = 0; i < experts * experts; ++i) {
      const bool diagonal = i / experts == i % experts;
      layer.together.push_back(diagonal ? 0 : static_cast<float>(0.4 * noise(static_cast<uint64_t>(i), 71)));
      if (block + 1 < config.model.depth)
        layer.to_next.push_back(static_cast<float>(0.2 * noise(static_cast<uint64_t>(i), 72)));
    }
    co.layers.push_back(std::move(layer));
  }
  return co;
}

/// 1,000 images, one in nine wrong; the dropped share grows with the image's number.
/// The last block's mixture is beyond the tolerance, as when one token's expert flipped.
inline Parity parity(int64_t depth) {
  Parity p;
  p.device = "CUDA program on the host, libraries faked";
  p.set = "test images 0 to 31";
  p.num_images = 32, p.tolerance = 1e-4, p.other_answers = 1;
  const auto add = [&](const std::string& name, double rms) {
    p.layers.push_back({name, rms * 4, rms, rms > p.tolerance});
  };
  add("embedding", 8e-8);
  for (int64_t i = 0; i < depth; ++i) {
    const std::string block = "block" + std::to_string(i);
    add(block + ".attn", 3e-7 * static_cast<double>(i + 1));
    add(block + (i + 1 == depth ? ".moe" : ".mlp"), i + 1 == depth ? 4e-3 : 5e-7 * static_cast<double>(i + 1));
  }
  add("norm", 4e-3);
  add("head", 2e-3);
  return p;
}

inline Mistakes mistakes(int64_t count) {
  Mistakes m;
  m.num_classes = 10;
  m.confusion.assign(100, 0);
  m.usual_distance.assign(10, 0.3f), m.far_distance.assign(10, 0.6f);
  for (int64_t i = 0; i < count; ++i) {
    const auto n = static_cast<uint64_t>(i);
    ImageVerdict v;
    v.image = i;
    v.label = static_cast<int32_t>(i % 10);
    v.predicted = i % 9 == 4 ? static_cast<int32_t>((i + 2) % 10) : v.label;
    v.probability = static_cast<float>(0.4 + 0.6 * noise(n, 81));
    v.distance = static_cast<float>(0.65 * noise(n, 82));
    v.dropped = static_cast<float>(0.4 * static_cast<double>(i) / static_cast<double>(count));
    ++m.confusion[static_cast<size_t>(v.label * 10 + v.predicted)];
    m.images.push_back(v);
  }
  return m;
}

inline Embedding embedding(const AskEmbedding& ask) {
  Embedding e;
  e.layer = ask.layer, e.projection = ask.projection, e.explained_x = 0.31, e.explained_y = 0.14;
  for (uint64_t i = 0; i < 2000; ++i) {
    const auto label = static_cast<int32_t>(i % 10);
    const double angle = 0.63 * static_cast<double>(label);
    e.points.push_back({static_cast<int64_t>(i % 1000), static_cast<int64_t>(i % 49), label,
                        static_cast<int32_t>(16 * noise(i / 7, 91)), i % 9 != 4,
                        static_cast<float>(std::cos(angle) + 0.5 * noise(i, 92)),
                        static_cast<float>(std::sin(angle) + 0.5 * noise(i, 93))});
  }
  return e;
}

inline Curve curve(const AskCurve& ask) {
  Curve c;
  c.axis = ask.axis;
  c.exact = true;
  const double last = ask.positions.empty() ? 1 : ask.positions.back();
  for (const double position : ask.positions) {
    const double share = position / last;
    c.points.push_back(
        {position, 1000, 0.88 - 0.5 * std::exp(-5 * share), 0.4, 0.009, 0.02 + 0.11 * share, 4000 / (1 + share)});
  }
  return c;
}

inline Report report(const RunConfig& config, const ReportRequest& request, int64_t step) {
  Report r;
  r.request = request;
  r.state = ReportState::done, r.progress = 1;
  r.model = {true, 14, 0, step, "live, step " + std::to_string(step)};
  r.token_set = "test images 0 to 999";
  if (std::holds_alternative<AskAffinity>(request.question)) r.answer = affinity(config);
  if (std::holds_alternative<AskTopPatches>(request.question)) r.answer = top_patches(config);
  if (std::holds_alternative<AskCoactivation>(request.question)) r.answer = coactivation(config);
  if (std::holds_alternative<AskMistakes>(request.question)) r.answer = mistakes(1000);
  if (std::holds_alternative<AskParity>(request.question)) r.answer = parity(config.model.depth);
  if (const auto* ask = std::get_if<AskEmbedding>(&request.question)) r.answer = embedding(*ask);
  if (const auto* ask = std::get_if<AskCurve>(&request.question)) r.answer = curve(*ask);
  return r;
}

}  // namespace moescope::demo
