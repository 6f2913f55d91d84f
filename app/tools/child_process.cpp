// posix_spawn, one pipe for all that it says.
#include "app/tools/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "compute/records/error.h"

namespace moescope {

namespace {

constexpr int kLookMs = 100;
constexpr int kNice = 10;  // the run in training goes first

class Child {
 public:
  Child(const std::filesystem::path& program, std::vector<std::string> words) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
      throw UserError(std::string("no pipe for another process: ") + std::strerror(errno));
    reading_ = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    words.insert(words.begin(), program.string());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int error = posix_spawn(&process_, program.c_str(), &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (error != 0) {
      close(reading_);
      throw UserError(program.string() + " cannot be started: " + std::strerror(error));
    }
    setpriority(PRIO_PROCESS, static_cast<id_t>(process_), kNice);
  }
  ~Child() {
    close(reading_);
    if (process_ > 0) wait(true);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// What it has said since; nothing when it said nothing for a while. False once it has closed its end.
  bool read(std::string& text) const {
    pollfd ready{reading_, POLLIN, 0};
    if (poll(&ready, 1, kLookMs) <= 0) return true;
    char buffer[4096];
    const ssize_t count = ::read(reading_, buffer, sizeof buffer);
    if (count > 0) text.append(buffer, static_cast<size_t>(count));
    return count > 0;
  }
  int wait(bool kill_first) {
    if (kill_first) kill(process_, SIGTERM);
    int status = 0;
    waitpid(process_, &status, 0);
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
  }

 private:
  pid_t process_ = -1;
  int reading_ = -1;
};

}  // namespace

ChildEnd run_child(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                   const std::function<bool(const std::string& line)>& on_line, const std::atomic<bool>& cancelled) {
  Child child(program, arguments);
  ChildEnd end;
  std::string text;
  for (bool going = true; going;) {
    if (cancelled) {
      child.wait(true);
      end.cancelled = true;
      return end;
    }
    going = child.read(text);
    for (size_t line_end = text.find('\n'); line_end != std::string::npos; line_end = text.find('\n')) {
      const std::string line = text.substr(0, line_end);
      text.erase(0, line_end + 1);
      if (!on_line(line)) end.words += (end.words.empty() ? "" : "; ") + line;
    }
  }
  end.words += text;
  end.status = child.wait(false);
  return end;
}

}  // namespace moescope
