// Protocol over one socket, the child's standard input. The child first writes one line:
//   ok VERSION GAMES HEIGHT WIDTH MOVE,MOVE,...   or   no-package WORDS   or   no-rom ROM,ROM,...
// Then it reads 'R' u32 seed, or 'A' u8 move, and answers each with f32 reward, u8 over, and the frame.
#include "compute/rl/atari_child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "compute/core/error.h"
#include "compute/records/nearest_name.h"
#include "compute/records/words.h"

extern char** environ;  // NOLINT: what posix_spawn hands on

namespace moescope::rl {
namespace {

constexpr const char* kScript = R"python(
import socket, struct, sys
link = socket.socket(fileno=0)
def say(text):
    link.sendall(text.encode() + b"\n")
    sys.exit(0)
try:
    import ale_py
    import numpy
    from ale_py import ALEInterface, LoggerMode, roms
except ImportError as error:
    say("no-package " + str(error))
rom, sticky = sys.argv[1], float(sys.argv[2])
games = sorted(roms.get_all_rom_ids())
head = "ok %s %d" % (ale_py.__version__, len(games))
if not rom:
    say(head + " 0 0 none")
path = roms.get_rom_path(rom) if rom in games else None
if not path:
    say("no-rom " + ",".join(games))
ALEInterface.setLoggerMode(LoggerMode.Error)
ale = ALEInterface()
ale.setFloat("repeat_action_probability", sticky)
def begin(seed):
    ale.setInt("random_seed", seed)
    ale.loadROM(path)
begin(0)
moves = list(ale.getMinimalActionSet())
height, width = ale.getScreenDims()
names = ",".join({"NOOP": "none"}.get(m.name, m.name.lower()) for m in moves)
link.sendall(("%s %d %d %s\n" % (head, height, width, names)).encode())
SKIP = 4
def read(count):
    data = b""
    while len(data) < count:
        part = link.recv(count - len(data))
        if not part:
            sys.exit(0)
        data += part
    return data
while True:
    what = read(1)
    reward = 0.0
    if what == b"R":
        begin(struct.unpack("<I", read(4))[0])
        frame = ale.getScreenGrayscale()
    else:
        move, before = moves[read(1)[0]], None
        for i in range(SKIP):
            reward += ale.act(move)
            if ale.game_over():
                break
            if i == SKIP - 2:
                before = ale.getScreenGrayscale().copy()
        frame = ale.getScreenGrayscale()
        if before is not None:
            frame = numpy.maximum(frame, before)
    link.sendall(struct.pack("<fB", reward, int(ale.game_over())) + frame.tobytes())
)python";

bool read_whole(const std::string& text, int64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

constexpr time_t kPatienceSecs = 60;  // a step takes a millisecond, loading Python on a busy machine a few seconds

}  // namespace

std::string AtariChild::python() {
  const char* named = std::getenv("MOESCOPE_PYTHON");
  return named && *named ? named : "python3";
}

AtariChild::AtariChild(const std::string& rom, double sticky_probability) {
  start(rom, sticky_probability);
  try {
    meet(rom);
  } catch (...) {
    end();
    throw;
  }
}

void AtariChild::meet(const std::string& rom) {
  const std::vector<std::string> words = words_of(line());
  const std::string verdict = words.empty() ? "" : words[0];
  if (verdict == "no-rom" && words.size() == 2) {
    const std::vector<std::string> names = words_of(words[1], ",");
    const std::vector<std::string_view> views(names.begin(), names.end());
    throw ConfigError("the package ale-py brings no ROM '" + rom +
                      "'; did you mean 'atari:" + std::string(nearest_name(rom, views)) + "'?");
  }
  if (words.empty() || verdict == "no-package")  // what is no Python at all says nothing
    throw ConfigError("Atari games need the Python package ale-py, which " + python() + " does not have; run `" +
                      python() + " -m pip install ale-py`, or name another Python in MOESCOPE_PYTHON");
  if (verdict != "ok" || words.size() != 6 || !read_whole(words[3], height_) || !read_whole(words[4], width_))
    throw ConfigError("the Atari emulator of " + python() +
                      " does not speak as this version expects; name a plain Python in MOESCOPE_PYTHON");
  version_ = "ale-py " + words[1] + " with " + words[2] + " games";
  moves_ = words_of(words[5], ",");
}

AtariChild::~AtariChild() { end(); }

void AtariChild::end() {
  if (socket_ >= 0) close(std::exchange(socket_, -1));
  if (process_ <= 0) return;
  kill(process_, SIGKILL);  // it has nothing to save
  waitpid(std::exchange(process_, -1), nullptr, 0);
}

void AtariChild::start(const std::string& rom, double sticky_probability) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw ConfigError(std::string("no socket for the Atari emulator: ") + std::strerror(errno) + "; close some files");
  socket_ = ends[0];
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, ends[1], STDIN_FILENO);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::string program = python(), option = "-c", script = kScript, game = rom,
              sticky = std::to_string(sticky_probability);
  char* arguments[] = {program.data(), option.data(), script.data(), game.data(), sticky.data(), nullptr};
  // In a process group of its own: Ctrl+C in the terminal is for us, who save first. Our end of the socket ends it.
  posix_spawnattr_t apart;
  posix_spawnattr_init(&apart);
  posix_spawnattr_setflags(&apart, POSIX_SPAWN_SETPGROUP);
  const int status = posix_spawnp(&process_, program.c_str(), &files, &apart, arguments, environ);
  posix_spawnattr_destroy(&apart);
  posix_spawn_file_actions_destroy(&files);
  close(ends[1]);
  const timeval patience{.tv_sec = kPatienceSecs, .tv_usec = 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (status == 0) return;
  process_ = -1;
  close(std::exchange(socket_, -1));
  throw ConfigError("Atari games need Python with ale-py, and " + program + " cannot be started (" +
                    std::strerror(status) + "); install it, or name another one in MOESCOPE_PYTHON");
}

void AtariChild::say(const void* bytes, size_t count) {
  const auto* at = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t sent = send(socket_, at, count, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) throw ConfigError("the Atari emulator has ended; go on from the last checkpoint");
    at += sent, count -= static_cast<size_t>(sent);
  }
}

void AtariChild::hear(void* bytes, size_t count) {
  auto* at = static_cast<char*>(bytes);
  while (count > 0) {
    const ssize_t got = recv(socket_, at, count, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw ConfigError("the Atari emulator has ended; go on from the last checkpoint");
    at += got, count -= static_cast<size_t>(got);
  }
}

std::string AtariChild::line() {
  std::string text;
  for (char c = 0;;) {
    ssize_t got = recv(socket_, &c, 1, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || c == '\n') return text;
    text += c;
  }
}

void AtariChild::reset(uint32_t seed, std::span<uint8_t> frame) {
  uint8_t message[5] = {'R'};
  std::memcpy(message + 1, &seed, sizeof seed);
  say(message, sizeof message);
  uint8_t head[5];
  hear(head, sizeof head);
  hear(frame.data(), frame.size());
}

AtariChild::Answer AtariChild::act(int move, std::span<uint8_t> frame) {
  const uint8_t message[2] = {'A', static_cast<uint8_t>(move)};
  say(message, sizeof message);
  uint8_t head[5];
  hear(head, sizeof head);
  hear(frame.data(), frame.size());
  Answer answer;
  std::memcpy(&answer.reward, head, sizeof answer.reward);
  answer.over = head[4] != 0;
  return answer;
}

}  // namespace moescope::rl
