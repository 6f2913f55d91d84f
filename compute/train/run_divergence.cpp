// What a run does when its numbers are no longer finite: it stands still, says where it began, and keeps no such
// weights.
#include "compute/data/loader.h"
#include "compute/train/divergence.h"
#include "compute/train/optimizer.h"
#include "compute/train/run_loop.h"

namespace moescope {

void RunLoop::diverge(const std::string& why) {
  single_steps_ = 0;
  // Not one step from the last checkpoint succeeded: its weights are what is bad, though each is a number yet.
  if (trainer_->steps_done() == last_good_.step && good_before_.bytes) last_good_ = good_before_;
  change_state(RunState::diverged, why);
  apply_deferred();
}

bool RunLoop::weights_are_finite() {
  const std::string bad = find_not_finite(trainer_->model().parameters(), false);
  if (bad.empty()) return true;
  diverge("after step " + std::to_string(trainer_->steps_done()) + " " + bad + " holds a NaN or infinity");
  return false;
}

/// Where the numbers of an evaluation that has no finite loss went bad.
std::string RunLoop::bad_evaluation() {
  const RunConfig& config = trainer_->config();
  const EvalOptions options = EvalOptions::of(config);
  EvalBatches images(dataset_, options.split, options.micro_batch, options.scale);
  trainer_->arena().reset();
  Pass pass;
  pass.arena = &trainer_->arena();
  pass.router = &config.router;
  return "the test loss after step " + std::to_string(trainer_->steps_done()) +
         " is not finite: " + locate_divergence(trainer_->model(), images.next()->images, pass);
}

}  // namespace moescope
