// Fibers: stacks of their own on one thread, with a switch of sixteen instructions. About 20 ns each, where the
// system's contexts take ten times as long.
#pragma once

#include <cstddef>
#include <cstdint>

namespace moescope::cuda::on_host {

inline constexpr int kMostThreads = 1024;  // of a block
inline constexpr size_t kStackBytes = 64 << 10;

/// A place to switch away from and back to.
struct Context {
  void* stack_pointer = nullptr;
  char* stack = nullptr;  // lowest address; null for the thread's own
};

/// All fiber stacks, handed out and taken back.
class Stacks {
 public:
  Stacks();
  ~Stacks();
  Stacks(const Stacks&) = delete;
  Stacks& operator=(const Stacks&) = delete;
  /// All stacks are free again, whatever was on them.
  void reset();
  char* take();
  void give(char* stack) { free_[num_free_++] = stack; }
  bool contains(const void* p) const {
    const char* c = static_cast<const char*>(p);
    return c >= begin_ && c < begin_ + kMostThreads * kStackBytes;
  }

 private:
  char* begin_;
  char* free_[kMostThreads];
  int num_free_ = 0;
};

/// Makes `context` one that calls entry() when first switched to. entry never returns.
void make_context(Context& context, char* stack, void (*entry)());
/// `ends`: `from` will not be switched to again.
void switch_context(Context& from, Context& to, bool ends);
/// The first thing that an entry calls.
void context_entered();

}  // namespace moescope::cuda::on_host
