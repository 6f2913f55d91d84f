// How soon the explorer answers beside a run in training, and what that costs the run. Not a test; on Fashion-MNIST.
//
//   explore_benchmark soft|tokens_choice [looks]
#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "compute/explore/explorer.h"
#include "compute/moe/reroute.h"
#include "compute/train/trainer_thread.h"

namespace {

using namespace moescope;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

void print(const char* name, std::vector<double> ms) {
  if (ms.empty()) return;
  std::sort(ms.begin(), ms.end());
  const auto at = [&](double q) { return ms[static_cast<size_t>(q * static_cast<double>(ms.size() - 1))]; };
  std::printf("%-46s p50 %8.2f  p95 %8.2f  max %8.2f ms  (%zu)\n", name, at(0.5), at(0.95), ms.back(), ms.size());
  std::fflush(stdout);
}

class Bench {
 public:
  explicit Bench(RouterKind kind) : explorer_(weights_) {
    config_.router.kind = kind;
    config_.router.k = 2;
    config_.router.bpr = true;
    if (kind != RouterKind::soft) config_.router.num_experts = 8;
    config_.train.micro_batch = 64;  // as the default preset
    config_.train.checkpoint_secs = 0;
    explorer_.set_waker([this] {
      const std::lock_guard lock(mutex_);
      woken_ = true;
      changed_.notify_all();
    });
    RunSetup setup;
    setup.config = config_;
    setup.weights = weights_;
    trainer_ = std::make_unique<TrainerThread>(std::move(setup));
  }
  ~Bench() { explorer_.set_waker(nullptr); }

  std::vector<double> steps_for(double secs) {
    trainer_->events().drain();
    std::vector<double> ms;
    for (const auto begin = Clock::now(); ms_since(begin) < secs * 1e3;)
      for (const Event& event : trainer_->events().wait_drain(std::chrono::milliseconds(100))) take_step(event, ms);
    return ms;
  }
  std::shared_ptr<const Look> look(int64_t image, WhatIf what_if) {
    LookRequest request;
    request.id = ++id_;
    request.images = {{image, nullptr, "test"}};
    request.what_if = std::move(what_if);
    explorer_.look(request);
    std::shared_ptr<const Look> answer;
    wait([&] { return explorer_.take(answer) && answer->request.id == id_; });
    return answer;
  }
  std::vector<double> looks(int64_t count, std::vector<double>& steps) {
    std::vector<double> ms;
    trainer_->events().drain();
    for (int64_t i = 0; i < count; ++i) {
      WhatIf what_if;
      what_if.off = {{3, i % config_.router.num_experts}};
      const auto begin = Clock::now();
      if (const auto answer = look(i / 8, what_if); !answer->refusal.empty()) std::puts(answer->refusal.c_str());
      ms.push_back(ms_since(begin));
      for (const Event& event : trainer_->events().drain()) take_step(event, steps);
    }
    explorer_.stop_looking();
    return ms;
  }
  void curve() {
    ReportRequest request;
    request.id = ++id_;
    request.question = config_.router.kind == RouterKind::soft ? kept_curve(16, KeepBy::combine) : capacity_curve();
    request.max_images = 2000;
    const auto begin = Clock::now();
    explorer_.report(request);
    bool estimated = false;
    wait([&] {
      for (const auto& report : explorer_.take_reports()) {
        const auto* curve = std::get_if<Curve>(&report->answer);
        if (curve && !estimated) {
          estimated = true;
          std::printf("curve of %zu points: first estimate (%ld images each) after %.0f ms\n", curve->points.size(),
                      static_cast<long>(curve->points[0].num_images), ms_since(begin));
        }
        if (report->state >= ReportState::done) {
          std::printf("the same over 2000 images: %.0f ms\n", ms_since(begin));
          return true;
        }
      }
      return false;
    });
  }
  void reroute(const Look& look) {
    std::vector<double> ms;
    for (int i = 0; i < 200; ++i) {
      WhatIf what_if;
      if (config_.router.kind == RouterKind::soft)
        what_if.temperature = 0.5 + 0.01 * i;
      else
        what_if.capacity_factor = 0.1 + 0.01 * i;
      const auto begin = Clock::now();
      for (const RoutingMap& map : look.images[0].as_is.routing) rerouted(map, what_if, config_.router);
      ms.push_back(ms_since(begin));
    }
    print("routing of every layer again, from its map", ms);
  }
  void pause() {
    trainer_->commands().push(SetRunning{false});
    steps_for(1);
  }

 private:
  template <class Done>
  void wait(Done&& done) {
    while (!done()) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return woken_; });
      woken_ = false;
    }
  }
  static void take_step(const Event& event, std::vector<double>& ms) {
    const auto* taken = std::get_if<MetricsTaken>(&event);
    for (size_t i = 0; taken && i < taken->metrics.size(); ++i)
      if (taken->metrics[i].key == "speed/images_per_sec") ms.push_back(128e3 / taken->metrics[i].value);
  }

  RunConfig config_;
  std::shared_ptr<WeightExchange> weights_ = std::make_shared<WeightExchange>();
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  int64_t id_ = 0;
  std::unique_ptr<TrainerThread> trainer_;
  Explorer explorer_;
};

}  // namespace

int main(int argc, char** argv) {
  const RouterKind kind = argc > 1 && std::string(argv[1]) == "soft" ? RouterKind::soft : RouterKind::tokens_choice;
  const int64_t count = argc > 2 ? std::atoll(argv[2]) : 200;
  Bench bench(kind);
  bench.look(0, {});
  print("training step, nobody looks", bench.steps_for(8));
  std::vector<double> steps;
  const std::vector<double> looks = bench.looks(count, steps);
  print("counterfactual while training", looks);
  print("training step meanwhile", steps);
  bench.reroute(*bench.look(0, {}));
  bench.curve();
  bench.pause();
  print("counterfactual, training paused", bench.looks(count, steps));
  bench.curve();
}
