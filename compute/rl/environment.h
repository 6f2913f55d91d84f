// What an agent plays: observations in, actions out, episodes that can be told again from their seed and actions.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compute/records/command.h"
#include "compute/records/rl_config.h"
#include "compute/rl/encoder.h"

namespace moescope::rl {

struct EnvironmentInfo {
  std::string name;
  MapShape observation;           // as the network sees it
  int64_t observation_bytes = 0;  // packed
  int64_t stacked_frames = 1;     // byte i of the packed observation is of frame i % stacked_frames, the newest last;
                                  // frames before the episode's first are 0
  std::vector<std::string> actions;   // names, by number
  std::vector<std::string> channels;  // what each plane shows; empty when it has no planes
  int64_t max_episode_steps = 0;      // 0: no limit
};

class Environment {
 public:
  struct Outcome {
    double reward = 0;
    bool terminal = false;   // the episode is over, nothing follows
    bool truncated = false;  // cut by the step limit: what follows is unknown, not worth 0
    bool over() const { return terminal || truncated; }
  };

  virtual ~Environment() = default;
  const EnvironmentInfo& info() const { return info_; }

  /// Begins episode number `episode` of `seed`; everything in it is a function of both and of the actions.
  void reset(uint64_t seed, uint64_t episode);
  /// Throws ConfigError for an action that there is not. Not after the end of an episode.
  Outcome step(int action);
  int64_t steps() const { return steps_; }  // of the episode

  /// The present observation, packed.
  virtual void observe(std::span<uint8_t> packed) const = 0;
  /// The same as the network sees it: observation.size() numbers.
  virtual void unpack(const uint8_t* packed, float* numbers) const = 0;
  /// The present state for a terminal.
  virtual std::string text() const = 0;
  /// The present state as a picture in colour, as a window shows it.
  virtual ImagePixels picture() const = 0;

 protected:
  virtual void begin(uint64_t seed, uint64_t episode) = 0;
  virtual Outcome move(int action) = 0;
  EnvironmentInfo info_;

 private:
  int64_t steps_ = 0;
};

/// "asterix", "breakout", "freeway", "seaquest", "space_invaders", "cartpole", "acrobot".
std::vector<std::string_view> environment_names();
/// Those, and "atari:ROM" (atari.h). Throws ConfigError naming the nearest game for an unknown one.
std::unique_ptr<Environment> make_environment(const RlConfig& config);

std::unique_ptr<Environment> make_minatar_environment(const RlConfig& config);
std::unique_ptr<Environment> make_cartpole();
std::unique_ptr<Environment> make_acrobot();

}  // namespace moescope::rl
