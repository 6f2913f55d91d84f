// The thread's whole life, with the one place where its errors end.
#include "compute/train/trainer_thread.h"

namespace moescope {

TrainerThread::TrainerThread(RunSetup setup)
    : loop_(std::move(setup), RunChannels{commands_, snapshots_, events_}), thread_([this] {
        try {
          loop_.prepare();
          while (loop_.turn()) {}
        } catch (const std::exception& error) { loop_.fail(error.what()); }
        loop_.leave_cores();
        events_.close();
      }) {}

TrainerThread::~TrainerThread() {
  commands_.push(Finish{});
  join();
}

void TrainerThread::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace moescope
