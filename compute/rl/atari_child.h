// The process that plays an Atari game: a Python with ale-py at the other end of a socket.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace moescope::rl {

class AtariChild {
 public:
  struct Answer {
    float reward = 0;
    bool over = false;
  };

  /// Throws ConfigError when it cannot be started, or when it says that package or ROM is missing. An empty rom: it
  /// only tells what it has.
  AtariChild(const std::string& rom, double sticky_probability);
  ~AtariChild();
  AtariChild(const AtariChild&) = delete;
  AtariChild& operator=(const AtariChild&) = delete;

  /// Both overwrite the frame (height * width bytes, grey).
  void reset(uint32_t seed, std::span<uint8_t> frame);
  Answer act(int move, std::span<uint8_t> frame);

  int64_t height() const { return height_; }
  int64_t width() const { return width_; }
  const std::vector<std::string>& moves() const { return moves_; }
  const std::string& version() const { return version_; }  // "ale-py 0.12.1 with 108 games"

  /// The Python that is asked: $MOESCOPE_PYTHON, else python3.
  static std::string python();

 private:
  void start(const std::string& rom, double sticky_probability);
  void meet(const std::string& rom);
  void end();
  void say(const void* bytes, size_t count);
  void hear(void* bytes, size_t count);
  std::string line();

  pid_t process_ = -1;
  int socket_ = -1;
  int64_t height_ = 0, width_ = 0;
  std::vector<std::string> moves_;
  std::string version_;
};

}  // namespace moescope::rl
