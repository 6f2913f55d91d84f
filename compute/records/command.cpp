// Commands in words, and which of them belong to the experiment.
#include "compute/records/command.h"

namespace moescope {

namespace {

struct ChangesRun {
  bool operator()(const Watch&) const { return false; }
  bool operator()(const SaveCheckpoint&) const { return false; }  // leaves the weights as they are
  bool operator()(const EvaluateNow&) const { return false; }
  bool operator()(const auto&) const { return true; }
};

struct Describe {
  std::string operator()(const SetRunning& c) const { return c.running ? "start" : "pause"; }
  std::string operator()(const SingleStep&) const { return "single step"; }
  std::string operator()(const SetField& c) const { return c.key + " = " + c.value; }
  std::string operator()(const Watch& c) const {
    const size_t count = c.images.size();
    const std::string images = std::to_string(count) + (count == 1 ? " image" : " images");
    return "watch " + images + (c.layer < 0 ? " in every MoE layer" : " in layer " + std::to_string(c.layer));
  }
  std::string operator()(const SetStopRule& c) const {
    return c.rule.empty() ? "stop rule removed" : "stop rule " + c.rule;
  }
  std::string operator()(const SaveCheckpoint&) const { return "save a checkpoint"; }
  std::string operator()(const EvaluateNow&) const { return "evaluate"; }
  std::string operator()(const RestoreLastGood&) const { return "restore the last good checkpoint"; }
  std::string operator()(const Finish&) const { return "finish"; }
};

}  // namespace

bool changes_run(const Command& command) { return std::visit(ChangesRun{}, command); }

std::string describe(const Command& command) { return std::visit(Describe{}, command); }

}  // namespace moescope
