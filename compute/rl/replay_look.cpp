// Copies under the trainer's hand, values under the reader's.
#include "compute/rl/replay_look.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "compute/moe/observe.h"
#include "compute/records/look.h"
#include "compute/records/round_number.h"

namespace moescope::rl {
namespace {

constexpr int64_t kBatch = 32, kStretches = 10, kBins = 24;

struct Valued {
  std::vector<float> q;          // (n,A)
  std::vector<int64_t> experts;  // (n), empty without experts
};

/// The expert that most of a state's tokens belong to.
int64_t dominant_expert(const RoutingMap& map) {
  std::vector<int64_t> tokens(static_cast<size_t>(map.num_experts), 0);
  for (int64_t token = 0; token < map.num_tokens; ++token)
    if (const int32_t expert = main_expert(map, token); expert >= 0) ++tokens[static_cast<size_t>(expert)];
  return std::max_element(tokens.begin(), tokens.end()) - tokens.begin();
}

Valued value(const std::vector<uint8_t>& packed, int64_t bytes, const Environment& environment, const QNetwork& network,
             bool with_experts) {
  Valued valued;
  Arena arena;
  QNetwork::Context context;
  const auto count = static_cast<int64_t>(packed.size()) / bytes;
  const int64_t actions = network.actions(), size = environment.info().observation.size();
  for (int64_t begin = 0; begin < count; begin += kBatch) {
    const int64_t rows = std::min(kBatch, count - begin);
    arena.reset();
    const Tensor x = arena.make(environment.info().observation.batch(rows)), q = arena.make({rows, actions});
    for (int64_t i = 0; i < rows; ++i) environment.unpack(packed.data() + (begin + i) * bytes, x.f32() + i * size);
    QPass pass;
    pass.arena = &arena;
    action_values(network.forward(x, pass, context), network.config().value_limit, q);
    valued.q.insert(valued.q.end(), q.f32(), q.f32() + rows * actions);
    if (!with_experts) continue;
    const int64_t tokens = network.penultimate().tokenizer().tokens();
    for (int64_t i = 0; i < rows; ++i)
      valued.experts.push_back(dominant_expert(routing_map(context.penultimate.moe.routing, i * tokens, tokens)));
  }
  return valued;
}

}  // namespace

ReplayExcerpt take_excerpt(const Replay& replay, const EnvironmentInfo& game, int64_t at_most) {
  ReplayExcerpt out;
  ReplayView& view = out.counts;
  view.size = replay.size(), view.capacity = replay.capacity(), view.added = replay.added();
  view.num_bytes = replay.num_bytes();
  view.actions = game.actions;
  view.of_action.assign(game.actions.size(), 0);
  for (int64_t i = 0; i < view.size; ++i) {
    const Replay::Entry entry = replay.entry(i);
    ++view.of_action[static_cast<size_t>(entry.action)];
    view.rewarded += entry.reward != 0;
    view.terminal += entry.end == EpisodeEnd::terminal;
    view.truncated += entry.end == EpisodeEnd::truncated;
  }
  out.observation_bytes = game.observation_bytes;
  const int64_t usable = view.size - 1;  // the newest has no next state yet
  const int64_t count = std::clamp<int64_t>(usable, 0, at_most);
  const auto append = [](std::vector<uint8_t>& to, std::span<const uint8_t> from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  for (int64_t i = 0; i < count; ++i) {
    const Replay::Entry entry = replay.entry(i * usable / count);
    append(out.states, replay.observation(i * usable / count));
    append(out.next_states, replay.observation(i * usable / count + 1));
    out.actions.push_back(static_cast<uint8_t>(entry.action));
    out.rewards.push_back(entry.reward);
    out.ends.push_back(entry.end);
  }
  return out;
}

ReplayView value_excerpt(const ReplayExcerpt& excerpt, const Environment& environment, const QNetwork& network) {
  ReplayView view = excerpt.counts;
  const size_t count = excerpt.actions.size();
  view.sampled = static_cast<int64_t>(count);
  const bool experts = network.penultimate().is_mixture();
  const int64_t actions = network.actions();
  const Valued now = value(excerpt.states, excerpt.observation_bytes, environment, network, experts);
  const Valued next = value(excerpt.next_states, excerpt.observation_bytes, environment, network, false);
  std::vector<double> errors;
  for (size_t i = 0; i < count; ++i) {
    const float* row = next.q.data() + static_cast<int64_t>(i) * actions;
    const double follows = excerpt.ends[i] == EpisodeEnd::none
                               ? network.config().gamma * static_cast<double>(*std::max_element(row, row + actions))
                               : 0;
    const double error = std::abs(static_cast<double>(excerpt.rewards[i]) + follows -
                                  static_cast<double>(now.q[i * static_cast<size_t>(actions) + excerpt.actions[i]]));
    errors.push_back(std::isfinite(error) ? error : std::numeric_limits<float>::max());  // diverging: beyond all others
  }
  const double largest = errors.empty() ? 0 : *std::max_element(errors.begin(), errors.end());
  view.td_high = largest > 0 ? round_step(largest) : 1;
  view.td_histogram.assign(kBins, 0);
  if (experts) view.of_expert.assign(static_cast<size_t>(network.config().experts), 0);
  view.td_of_expert.assign(view.of_expert.size(), 0);
  view.td_by_age.assign(kStretches, 0);
  std::vector<double> in_stretch(kStretches, 0);
  for (size_t i = 0; i < count; ++i) {
    const auto bin = static_cast<int64_t>(errors[i] / view.td_high * kBins);
    ++view.td_histogram[static_cast<size_t>(std::min(bin, kBins - 1))];
    const size_t stretch = i * kStretches / count;
    view.td_by_age[stretch] += errors[i], ++in_stretch[stretch];
    if (!experts) continue;
    const auto e = static_cast<size_t>(now.experts[i]);
    ++view.of_expert[e], view.td_of_expert[e] += errors[i];
  }
  for (size_t e = 0; e < view.of_expert.size(); ++e)
    if (view.of_expert[e] > 0) view.td_of_expert[e] /= static_cast<double>(view.of_expert[e]);
  for (size_t i = 0; i < view.td_by_age.size(); ++i)
    if (in_stretch[i] > 0) view.td_by_age[i] /= in_stretch[i];
  return view;
}

}  // namespace moescope::rl
