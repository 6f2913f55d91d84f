// The switch itself, in assembly: callee-saved registers go to the old stack and come from the new one.
#include "compute/cuda/on_host/fiber.h"

#include <sys/mman.h>

#include <cstring>
#include <new>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#ifndef __x86_64__
#error "The machine for kernels on the host is written for x86-64; configure without the CUDA toolkit on others"
#endif

extern "C" void moescope_switch_stack(void** save, void* to);
asm(R"(
.pushsection .text
.hidden moescope_switch_stack
.globl moescope_switch_stack
.type moescope_switch_stack, @function
moescope_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size moescope_switch_stack, .-moescope_switch_stack
.popsection
)");

namespace moescope::cuda::on_host {

Stacks::Stacks() {
  void* p = mmap(nullptr, kMostThreads * kStackBytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) throw std::bad_alloc();
  begin_ = static_cast<char*>(p);
  reset();
}

Stacks::~Stacks() { munmap(begin_, kMostThreads * kStackBytes); }

void Stacks::reset() {
  num_free_ = 0;
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(begin_, kMostThreads * kStackBytes);  // frames that were dropped half way
#endif
  for (int i = kMostThreads; i-- > 0;) give(begin_ + static_cast<size_t>(i) * kStackBytes);
}

char* Stacks::take() {
  char* stack = free_[--num_free_];
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(stack, kStackBytes);  // the last user's outermost frames never returned
#endif
  return stack;
}

void make_context(Context& context, char* stack, void (*entry)()) {
  context.stack = stack;
  // Stack tops differ by a cache line, else all of a block's would compete for the same cache set.
  const size_t colour = reinterpret_cast<uintptr_t>(stack) / kStackBytes % 61 * 64;
  void** top = reinterpret_cast<void**>(stack + kStackBytes - 64 - colour);
  *--top = nullptr;  // entry's return address: keeps the stack aligned as after a call
  const auto address = reinterpret_cast<void*>(entry);
  *--top = address;
  for (int i = 0; i < 6; ++i) *--top = nullptr;  // the registers that the switch pops
  context.stack_pointer = top;
}

#ifdef __SANITIZE_ADDRESS__
namespace {
const void* thread_stack = nullptr;
size_t thread_stack_bytes = 0;
}  // namespace
#endif

void switch_context(Context& from, Context& to, [[maybe_unused]] bool ends) {
#ifdef __SANITIZE_ADDRESS__
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(ends ? nullptr : &fake, to.stack ? to.stack : thread_stack,
                                 to.stack ? kStackBytes : thread_stack_bytes);
#endif
  moescope_switch_stack(&from.stack_pointer, to.stack_pointer);
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
}

void context_entered() {
#ifdef __SANITIZE_ADDRESS__
  const void* bottom = nullptr;
  size_t bytes = 0;
  __sanitizer_finish_switch_fiber(nullptr, &bottom, &bytes);
  if (!thread_stack) thread_stack = bottom, thread_stack_bytes = bytes;  // the first fiber is entered from the thread
#endif
}

}  // namespace moescope::cuda::on_host
