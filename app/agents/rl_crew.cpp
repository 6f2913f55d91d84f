// Threads that take the next run until none is left.
#include "app/agents/rl_crew.h"

#include <atomic>
#include <mutex>
#include <thread>

#include "app/agents/agent_resume.h"
#include "app/agents/rl_headless.h"
#include "app/terminal/progress_printer.h"
#include "app/terminal/text_table.h"
#include "compute/backends/thread_pool.h"

namespace moescope {
namespace {

struct Crew {
  const RecorderOptions& recording;
  const StopSignals& signals;
  std::vector<rl::RlProgress> now;  // of each thread; guarded, like all but `next`, by the mutex
  std::atomic<size_t> next{0};
  std::mutex mutex{};
  size_t done = 0;
  ProgressPrinter printer{};
  std::exception_ptr failure{};
};

void tell(Crew& crew, size_t all) {
  double steps_per_sec = 0;
  std::string each;
  for (const rl::RlProgress& p : crew.now) {
    if (p.state != RunState::running) continue;
    steps_per_sec += p.steps_per_sec;
    each += "  " + std::to_string(p.steps) + ": " + fixed(p.recent_return, 2);
  }
  crew.printer.show(std::to_string(crew.done) + " of " + std::to_string(all) + " runs  " + with_unit(steps_per_sec) +
                    " steps/s  step: return" + each);
}

void run_one(Crew& crew, AgentJob job, size_t thread, size_t all) {
  RecorderOptions recording = crew.recording;
  recording.beside = recording.wait_for_store = true;  // the other runs' recorders write there too
  if (job.resume_run != 0) {
    const SessionStore store(recording.store, SessionStore::Access::read);
    go_on_with(RunReader(store), job.resume_run, job.setup, recording);
  }
  run_agent(std::move(job.setup), recording, crew.signals,
            {[&](const rl::RlProgress& progress) {
               const std::lock_guard lock(crew.mutex);
               crew.now[thread] = progress;
               tell(crew, all);
             },
             [&](const rl::RlRun& run, int64_t run_id) {
               const std::lock_guard lock(crew.mutex);
               ++crew.done;
               crew.printer.end_line();
               print_agent_result(run, run_id, recording.store.string());
             }});
}

}  // namespace

void run_agents(std::vector<AgentJob> jobs, const RecorderOptions& recording, int64_t at_once,
                const StopSignals& signals) {
  const size_t all = jobs.size(), num_threads = std::min(all, static_cast<size_t>(at_once));
  Crew crew{recording, signals, std::vector<rl::RlProgress>(num_threads)};
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < num_threads; ++thread) {
    threads.emplace_back([&, thread] {
      work_alone_on_this_thread(true);
      for (size_t i = crew.next++; i < all && !signals.asked(); i = crew.next++) {
        try {
          run_one(crew, std::move(jobs[i]), thread, all);
        } catch (...) {
          const std::lock_guard lock(crew.mutex);
          if (!crew.failure) crew.failure = std::current_exception();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  crew.printer.end_line();
  if (crew.failure) std::rethrow_exception(crew.failure);
}

}  // namespace moescope
