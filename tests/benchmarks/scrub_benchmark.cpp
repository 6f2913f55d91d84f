// How soon a stored step is on view when the slider of time is dragged. Not a test; it goes on with a run of a store,
// so give it a copy.
//
//   scrub_benchmark STORE RUN [running] [positions]
#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>

#include "app/doors/run_controller.h"

namespace {

using namespace moescope;

class Scrubbed {
 public:
  explicit Scrubbed(PreparedRun run) : controller_(std::move(run)) {
    controller_.set_waker([this] {
      const std::lock_guard lock(mutex_);
      woken_ = true;
      changed_.notify_all();
    });
  }
  ~Scrubbed() { controller_.set_waker(nullptr); }
  RunController& run() { return controller_; }
  template <class Done>
  void wait(Done&& done) {
    while (!done()) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return woken_; });
      woken_ = false;
    }
  }

 private:
  RunController controller_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::puts("scrub_benchmark STORE RUN [running] [positions]"), 2;
  RunRequest request;
  request.store = argv[1], request.resume = argv[2], request.stop = "steps=1000000";
  PreparedRun prepared = prepare_run(request);
  prepared.setup.start_paused = argc < 4 || std::string(argv[3]) != "running";
  Scrubbed scrubbed(std::move(prepared));
  std::vector<CheckpointInfo> stored;
  scrubbed.wait([&] {
    RunNews news = scrubbed.run().take_news();
    if (news.checkpoints) stored = std::move(*news.checkpoints);
    return stored.size() > 1;
  });
  LookRequest look;
  look.id = 1, look.images = {{0, nullptr, "test 0"}};
  scrubbed.run().look(look);
  std::vector<double> ms;
  std::shared_ptr<const Look> answer;
  const int64_t positions = argc > 4 ? std::atoll(argv[4]) : 60;
  for (int64_t i = 0; i < positions; ++i) {
    const int64_t id = stored[static_cast<size_t>(i) % stored.size()].checkpoint_id;
    scrubbed.run().explore_checkpoint(id);
    scrubbed.wait([&] { return scrubbed.run().take_look(answer) && answer->model.checkpoint_id == id; });
    ms.push_back(answer->answer_ms);
  }
  std::sort(ms.begin(), ms.end());
  const auto at = [&](double q) { return ms[static_cast<size_t>(q * static_cast<double>(ms.size() - 1))]; };
  std::printf("a stored step of %.1f MB on view: p50 %.0f  p95 %.0f  max %.0f ms (%zu positions)\n",
              static_cast<double>(stored[0].num_bytes) * 1e-6, at(0.5), at(0.95), ms.back(), ms.size());
}
