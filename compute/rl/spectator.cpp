// Episodes are kept as seeds and actions; going back tells the game again.
#include "compute/rl/spectator.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "compute/core/error.h"
#include "compute/moe/observe.h"

namespace moescope::rl {

Spectator::Spectator(QNetwork& network, uint64_t seed)
    : network_(network), player_(network, seed, network.config().epsilon_eval), seed_(seed) {
  begin();
}

std::string Spectator::names_of_off() const {
  std::string names;
  if (!player_.experts_off.empty())
    for (size_t e = 0; e < player_.experts_off[0].size(); ++e)
      if (player_.experts_off[0][e]) names += (names.empty() ? "" : " ") + std::to_string(e);
  return names;
}

void Spectator::begin() {
  PlayedEpisode fresh;
  fresh.game = network_.config().game;
  fresh.seed = seed_, fresh.number = next_episode_++;
  fresh.experts_off = names_of_off();
  fresh.by = fresh.experts_off.empty() ? PlayedBy::agent : PlayedBy::changed;
  fresh.weights_step = weights_step_;
  append(std::move(fresh));
}

/// At the list's end, and chooses it.
void Spectator::append(PlayedEpisode episode) {
  episodes_.push_back(std::move(episode));
  traces_.emplace_back();
  if (episodes_.size() > kMostEpisodes) {
    const PlayedEpisode& oldest = episodes_.front();
    if (oldest.over && oldest.by != PlayedBy::hand) {
      Tally& tally = tally_[oldest.experts_off];
      tally.sum += oldest.episode_return, ++tally.count;
    }
    episodes_.erase(episodes_.begin());
    traces_.erase(traces_.begin());
    ++forgotten_;
  }
  chosen_ = static_cast<int64_t>(episodes_.size()) - 1;
  replay_to(0);
}

void Spectator::open(int64_t episode) {
  chosen_ = std::clamp<int64_t>(episode - forgotten_, 0, static_cast<int64_t>(episodes_.size()) - 1);
  replay_to(0);
}

void Spectator::open(const PlayedEpisode& stored) {
  const RlConfig& config = network_.config();
  if (stored.game != config.game)
    throw ConfigError("the episode is of " + stored.game + ", the agent plays " + config.game);
  const std::unique_ptr<Environment> environment = make_environment(config);
  environment->reset(stored.seed, stored.number);
  double sum = 0;
  bool over = false;
  size_t played = 0;
  for (; played < stored.actions.size() && !over; ++played) {
    const Environment::Outcome outcome = environment->step(stored.actions[played]);
    sum += outcome.reward;
    over = outcome.over();
  }
  if (played != stored.actions.size() || over != stored.over || sum != stored.episode_return)
    throw ConfigError("the stored episode of " + stored.game +
                      " no longer plays as it did: its seed and actions give " + std::to_string(sum) + " in " +
                      std::to_string(played) + " steps, not " + std::to_string(stored.episode_return) + " in " +
                      std::to_string(stored.actions.size()) + "; the game's rules or its settings have changed since");
  append(stored);
}

/// `value`: Q of the action; nothing when nobody looked.
void Spectator::advance(int action, std::optional<float> value) {
  const bool known = position_ < episode().length();
  const Environment::Outcome outcome = player_.play(action);
  return_ += outcome.reward;
  ++position_;
  Trace& t = trace();
  if (!known) {
    now().actions.push_back(static_cast<uint8_t>(action));
    now().episode_return = return_;
    now().over = outcome.over();
  }
  if (std::ssize(t.returns) < position_) t.returns.push_back(static_cast<float>(return_));
  if (!value || std::ssize(t.td_errors) != position_ - 1) return;
  // One step's error. At the end nothing follows; else the next state's value completes it in note_value().
  t.td_errors.push_back(static_cast<float>(outcome.reward) - *value);
}

/// The value of the present state, and with it the error of the step that led here.
void Spectator::note_value(const std::vector<float>& values) {
  Trace& t = trace();
  if (std::ssize(t.best_values) != position_) return;  // known already, or a stretch was skipped
  const float best = *std::max_element(values.begin(), values.end());
  t.best_values.push_back(best);
  if (position_ > 0 && std::ssize(t.td_errors) == position_ && !over())
    t.td_errors.back() += static_cast<float>(network_.config().gamma) * best;
}

bool Spectator::step() {
  if (over()) return false;
  const std::vector<float>& values = player_.look();
  note_value(values);
  if (position_ < episode().length()) {
    const int action = episode().actions[static_cast<size_t>(position_)];
    advance(action, values[static_cast<size_t>(action)]);
    return true;
  }
  const std::optional<int> random = player_.random_move();
  const int action =
      random ? *random : static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin());
  advance(action, values[static_cast<size_t>(action)]);
  return true;
}

bool Spectator::step(int action) {
  if (over()) return false;
  if (action < 0 || action >= static_cast<int>(player_.environment().info().actions.size())) return false;
  PlayedEpisode& episode = now();
  episode.actions.resize(static_cast<size_t>(position_));
  Trace& t = trace();
  t.returns.resize(std::min(t.returns.size(), static_cast<size_t>(position_)));
  t.best_values.resize(std::min(t.best_values.size(), static_cast<size_t>(position_)));
  t.td_errors.resize(std::min(t.td_errors.size(), static_cast<size_t>(position_)));
  episode.by = PlayedBy::hand;
  episode.over = false;
  const std::vector<float>& values = player_.look();
  note_value(values);
  advance(action, values[static_cast<size_t>(action)]);
  return true;
}

/// From the beginning: the game is told again.
void Spectator::replay_to(int64_t step) {
  player_.begin(episode().seed, episode().number);
  position_ = 0, return_ = 0;
  go_to(step);
}

void Spectator::go_to(int64_t step) {
  step = std::clamp<int64_t>(step, 0, episode().length());
  if (step < position_) return replay_to(step);
  while (position_ < step) advance(episode().actions[static_cast<size_t>(position_)], std::nullopt);
}

void Spectator::switch_off(const std::vector<uint8_t>& experts) {
  if (player_.experts_off.empty() || experts.size() != player_.experts_off[0].size())
    throw ConfigError("the agent has " +
                      std::to_string(player_.experts_off.empty() ? 0 : player_.experts_off[0].size()) +
                      " experts to switch off, not " + std::to_string(experts.size()));
  if (std::all_of(experts.begin(), experts.end(), [](uint8_t off) { return off != 0; }))
    throw ConfigError("one expert at least must stay on");
  player_.experts_off[0] = experts;
  PlayedEpisode& episode = now();
  const std::string names = names_of_off();
  if (!at_end() || episode.over || episode.by == PlayedBy::hand || names == episode.experts_off) return;
  if (episode.length() == 0)
    episode.experts_off = names;
  else  // counted neither with those as it is nor with those that had it so from their first step
    episode.experts_off += (episode.experts_off.empty() ? "none, then " : ", then ") + (names.empty() ? "none" : names);
  episode.by = episode.experts_off.empty() ? PlayedBy::agent : PlayedBy::changed;
}

ReturnsSoFar Spectator::mean_returns() const {
  ReturnsSoFar means;
  const std::string off = names_of_off();
  const auto forgotten = [this](const std::string& experts_off) {
    const auto found = tally_.find(experts_off);
    return found == tally_.end() ? Tally{} : found->second;
  };
  means.mean_as_is = forgotten("").sum, means.episodes_as_is = forgotten("").count;
  if (!off.empty()) means.mean_changed = forgotten(off).sum, means.episodes_changed = forgotten(off).count;
  for (const PlayedEpisode& one : episodes_) {
    if (!one.over) continue;
    if (one.by == PlayedBy::agent) means.mean_as_is += one.episode_return, ++means.episodes_as_is;
    if (one.by == PlayedBy::changed && one.experts_off == off)
      means.mean_changed += one.episode_return, ++means.episodes_changed;
  }
  if (means.episodes_as_is > 0) means.mean_as_is /= static_cast<double>(means.episodes_as_is);
  if (means.episodes_changed > 0) means.mean_changed /= static_cast<double>(means.episodes_changed);
  return means;
}

AgentView Spectator::view() {
  AgentView view;
  view.config = network_.config();
  view.weights_step = weights_step_;
  view.actions = player_.environment().info().actions;
  view.frame = player_.environment().picture();
  view.token_area = token_area(network_);
  const bool any_off = !names_of_off().empty();
  if (any_off) {
    std::vector<uint8_t> off(player_.experts_off[0].size(), 0);
    std::swap(off, player_.experts_off[0]);
    view.values_as_is = player_.look();
    std::swap(off, player_.experts_off[0]);
  }
  view.values = player_.look();
  note_value(view.values);
  view.best = static_cast<int>(std::max_element(view.values.begin(), view.values.end()) - view.values.begin());
  const PlayedEpisode& episode = now();
  view.taken = position_ < episode.length() ? episode.actions[static_cast<size_t>(position_)] : -1;
  if (network_.penultimate().is_mixture()) {
    const Tokenizer& tokenizer = network_.penultimate().tokenizer();
    RoutingMap map = routing_map(player_.routing(), 0, tokenizer.tokens());
    map.step = weights_step_;
    map.grid_height = tokenizer.grid_height(), map.grid_width = tokenizer.grid_width();
    map.token_set = "this frame, its " + std::to_string(tokenizer.tokens()) + " tokens";
    view.routing.push_back(std::move(map));
    view.experts_off = player_.experts_off[0];
  }
  view.episode = chosen_, view.first_episode = forgotten_, view.step = position_, view.length = episode.length();
  view.return_here = return_, view.over = over();
  view.returns = trace().returns, view.best_values = trace().best_values, view.td_errors = trace().td_errors;
  for (const PlayedEpisode& one : episodes_)
    view.episodes.push_back({one.episode_return, one.length(), one.weights_step, one.over, one.by, one.experts_off});
  view.mean_return = mean_returns();
  return view;
}

std::array<float, 4> token_area(const QNetwork& network) {
  if (network.config().encoder != RlEncoder::minatar) return {0, 0, 1, 1};
  const MapShape& seen = network.observation();
  const float x = 1 / static_cast<float>(seen.width), y = 1 / static_cast<float>(seen.height);
  return {x, y, 1 - x, 1 - y};
}

}  // namespace moescope::rl
