// Progress on stderr.
#include "app/terminal/progress_printer.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "app/terminal/progress_line.h"

namespace moescope {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPlainLineEvery = std::chrono::seconds(10);

}  // namespace

ProgressPrinter::ProgressPrinter(bool every_time)
    : every_time_(every_time), is_terminal_(!every_time && isatty(STDERR_FILENO) != 0) {}

void ProgressPrinter::show(const Snapshot& snapshot) {
  if (is_terminal_) {
    winsize size{};
    const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    std::fprintf(stderr, "\r\033[K%s", progress_bar(snapshot, known ? size.ws_col - 1 : 100).c_str());
    open_line_ = true;
  } else if (every_time_ || snapshot.test_step != last_test_step_ || Clock::now() >= next_plain_) {
    std::fprintf(stderr, "%s\n", progress_text(snapshot).c_str());
    last_test_step_ = snapshot.test_step;
    next_plain_ = Clock::now() + kPlainLineEvery;
  }
}

void ProgressPrinter::show(const std::string& text) {
  if (is_terminal_) {
    std::fprintf(stderr, "\r\033[K%s", text.c_str());
    open_line_ = true;
  } else if (every_time_ || Clock::now() >= next_plain_) {
    std::fprintf(stderr, "%s\n", text.c_str());
    next_plain_ = Clock::now() + kPlainLineEvery;
  }
}

void ProgressPrinter::say(const std::string& sentence) {
  end_line();
  std::fprintf(stderr, "%s\n", sentence.c_str());
}

void ProgressPrinter::end_line() {
  if (open_line_) std::fprintf(stderr, "\n");
  open_line_ = false;
}

}  // namespace moescope
