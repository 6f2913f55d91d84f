// An X display of the test's own: windows of other tests can take neither its focus nor its pointer.
#pragma once

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace moescope::demo {

class OwnDisplay {
 public:
  explicit OwnDisplay(const std::string& screen = "1920x1200x24") {
    int ends[2];
    if (pipe(ends) != 0) return;
    process_ = fork();
    if (process_ == 0) {
      dup2(ends[1], 3);  // the server writes the number that it chose
      const int silence = open("/dev/null", O_WRONLY);
      dup2(silence, 2);
      execlp("Xvfb", "Xvfb", "-displayfd", "3", "-screen", "0", screen.c_str(), "+extension", "GLX", "-nolisten", "tcp",
             "-noreset", nullptr);
      _exit(127);
    }
    close(ends[1]);
    std::string text;  // "7\n" in one piece or two; the server would die of a pipe that is closed before its line end
    for (char c = 0; c != '\n' && read(ends[0], &c, 1) == 1;) text += c;
    close(ends[0]);
    if (text.empty()) return;
    const int number = std::atoi(text.c_str());
    setenv("DISPLAY", (":" + std::to_string(number)).c_str(), 1);
    usable_ = true;
    // Mesa unloads its driver with the window and leaves a few small blocks behind, which the leak check then takes for
    // ours. A driver that stays loaded still points at them.
    for (const char* driver : {"libGLX_mesa.so.0", "libglapi.so.0", "/usr/lib/x86_64-linux-gnu/dri/swrast_dri.so"})
      dlopen(driver, RTLD_NOW | RTLD_NODELETE);
  }
  ~OwnDisplay() {
    if (process_ <= 0) return;
    kill(process_, SIGTERM);
    waitpid(process_, nullptr, 0);
  }
  OwnDisplay(const OwnDisplay&) = delete;
  OwnDisplay& operator=(const OwnDisplay&) = delete;
  bool usable() const { return usable_; }

 private:
  pid_t process_ = -1;
  bool usable_ = false;
};

}  // namespace moescope::demo
