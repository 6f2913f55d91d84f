// One mutex, two conditions: workers wait for room, the reader waits for its step.
#include "compute/data/batch_ring.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace moescope {

BatchRing::BatchRing(int num_workers, int64_t first_step, int64_t end_step, const MakeMemory& make_memory,
                     Prepare prepare)
    : prepare_(std::move(prepare)), next_step_(first_step), next_claim_(first_step), end_step_(end_step) {
  const int num_slots = num_workers + 2;  // one with the reader, one ready for it, one in each worker's hands
  for (int i = 0; i < num_slots; ++i) slots_.push_back({{}, make_memory(), State::empty, false, nullptr});
  for (int i = 0; i < num_workers; ++i) workers_.emplace_back([this, i] { work(i); });
}

BatchRing::~BatchRing() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  room_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

bool BatchRing::can_claim() const {
  const auto ahead = static_cast<int64_t>(slots_.size()) - 1;
  return !failed_ && next_claim_ < end_step_ && next_claim_ < next_step_ + ahead &&
         slot_of(next_claim_).state == State::empty;
}

void BatchRing::work(int worker) {
  std::unique_lock lock(mutex_);
  for (;;) {
    room_.wait(lock, [&] { return stopping_ || can_claim(); });
    if (stopping_) return;
    Slot& slot = slot_of(next_claim_);
    slot.state = State::preparing;
    slot.stale = false;
    slot.error = nullptr;
    slot.batch.step = next_claim_++;
    lock.unlock();
    std::exception_ptr error;
    try {
      prepare_(slot.batch, slot.memory, worker);
    } catch (...) { error = std::current_exception(); }
    lock.lock();
    slot.error = error;
    slot.state = slot.stale ? State::empty : State::ready;
    if (slot.stale) {
      room_.notify_all();
    } else {
      ready_.notify_one();
    }
  }
}

const Batch* BatchRing::next() {
  std::unique_lock lock(mutex_);
  if (held_) held_->state = State::empty;
  held_ = nullptr;
  failed_ = false;
  room_.notify_all();
  if (next_step_ >= end_step_) return nullptr;
  ready_.wait(lock, [&] { return slot_of(next_step_).state == State::ready; });
  Slot& slot = slot_of(next_step_);
  if (slot.error) {
    const std::exception_ptr error = std::exchange(slot.error, nullptr);
    slot.state = State::empty;
    drop(next_step_);
    failed_ = true;
    std::rethrow_exception(error);
  }
  slot.state = State::held;
  held_ = &slot;
  ++next_step_;
  room_.notify_all();
  return &slot.batch;
}

int64_t BatchRing::next_step() const {
  std::lock_guard lock(mutex_);
  return next_step_;
}

void BatchRing::drop(int64_t from_step) {
  for (Slot& slot : slots_) {
    if (slot.batch.step < from_step) continue;
    if (slot.state == State::ready) slot.state = State::empty;
    if (slot.state == State::preparing) slot.stale = true;
  }
  next_claim_ = std::min(next_claim_, from_step);
}

void BatchRing::seek(int64_t step) {
  {
    std::lock_guard lock(mutex_);
    drop(INT64_MIN);
    next_step_ = next_claim_ = step;
    failed_ = false;
  }
  room_.notify_all();
}

}  // namespace moescope
