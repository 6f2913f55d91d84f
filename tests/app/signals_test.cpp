// The end of a terminal, of a session, Ctrl+C: a run is saved and left, with a window and without one.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>

#include "app/terminal/stop_signals.h"
#include "sessions/run_reader.h"
#include "sessions/store_error.h"
#include "support/program_process.h"
#include "support/temp_folder.h"
#include "support/tiny_training.h"
#include "support/ui_own_display.h"

namespace {

using namespace moescope;

TEST(StopSignals, EachIsAQuestionOnce) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const StopSignals signals;
    EXPECT_FALSE(signals.asked());
    raise(signal);
    EXPECT_TRUE(signals.asked()) << signal;
  }
}

TEST(StopSignals, WhatNohupIgnoresStaysIgnored) {
  struct sigaction ignore {
  }, before{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGHUP, &ignore, &before);
  {
    const StopSignals signals;
    raise(SIGHUP);
    EXPECT_FALSE(signals.asked());
  }
  sigaction(SIGHUP, &before, nullptr);
}

class Signals : public testing::Test {
 protected:
  /// The run has a row and a metric: it trains.
  bool trains() const {
    try {
      const SessionStore store(store_, SessionStore::Access::read);
      const auto runs = RunReader(store).list_runs({});
      return !runs.empty() && runs[0].step > 0;
    } catch (const StoreError&) { return false; }  // not there yet
  }
  /// Waits for it; false when the process has ended instead, or after a minute, which only one that hangs needs.
  bool begins(const ProgramProcess& process) const {
    using Clock = std::chrono::steady_clock;
    for (const auto end = Clock::now() + std::chrono::minutes(1); Clock::now() < end && !process.ended();) {
      if (trains()) return true;
      usleep(20000);
    }
    return false;
  }
  std::string log() const {
    std::ifstream file(log_);
    return (std::ostringstream() << file.rdbuf()).str();
  }
  void expect_saved() const {
    const SessionStore store(store_, SessionStore::Access::read);
    const RunReader reader(store);
    const RunSummary run = reader.load_summary(1);
    EXPECT_EQ(run.state, RunState::finished) << log();
    EXPECT_EQ(run.message, "stopped by request");
    EXPECT_FALSE(run.interrupted);
    EXPECT_EQ(reader.latest_checkpoint(1)->step, run.step) << "nothing of what was trained is lost";
  }
  std::vector<std::string> endless(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--stop", "steps=1000000000"});
    return arguments;
  }

  const TempFolder temp_;
  std::string store_ = temp_ / "runs.db";
  const std::string log_ = temp_ / "log.txt";
};

TEST_F(Signals, AClosedTerminalSavesTheRun) {
  ProgramProcess process(endless(tiny_training("train", store_)), log_);
  ASSERT_TRUE(begins(process)) << log();
  process.send(SIGHUP);
  EXPECT_EQ(process.wait(), 0) << log();
  expect_saved();
}

TEST_F(Signals, TheWindowSavesAndLeavesWithoutAQuestion) {
  const demo::OwnDisplay display;
  if (!display.usable()) GTEST_SKIP() << "Xvfb is not installed: no real window can be tested";
  for (const int signal : {SIGTERM, SIGINT}) {
    store_ = temp_ / (std::to_string(signal) + ".db");
    std::vector<std::string> arguments = endless(tiny_training("", store_));
    arguments.erase(arguments.begin());  // the window is no command
    ProgramProcess process(arguments, log_);
    ASSERT_TRUE(begins(process)) << log();
    process.send(signal);
    EXPECT_EQ(process.wait(), 0) << log();
    expect_saved();
  }
}

}  // namespace
