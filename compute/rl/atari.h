// Atari games through the Arcade Learning Environment: the Python package ale-py plays them in a child process, which
// is told moves and answers with frames. Optional: nothing but these games needs it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "compute/rl/environment.h"

namespace moescope::rl {

/// "atari:pong": the games whose ROMs the package brings, under its names for them.
inline constexpr std::string_view kAtari = "atari:";
inline bool is_atari(std::string_view game) { return game.starts_with(kAtari); }

/// Four moves of the emulator a step, the larger of the last two frames in grey, averaged down to 84 by 84, the last
/// four of these as channels; sticky moves of the emulator's own; no end at a lost life. As Dopamine has it
/// (Machado et al., arXiv:1709.06009), over the game's smallest set of moves. Throws ConfigError when Python, the
/// package or the ROM is missing.
std::unique_ptr<Environment> make_atari_environment(const RlConfig& config);

/// Whether Atari can be played here, in a sentence: "ale-py 0.12.1 with 108 games", or what is missing and how to get
/// it.
struct AtariProbe {
  bool usable = false;
  std::string words;
};
AtariProbe probe_atari();

}  // namespace moescope::rl
