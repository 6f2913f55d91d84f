// What g++ -fsanitize=thread calls at each access of a kernel. Compiled only into programs that check accesses; the
// sanitizer's own library is not linked.
#include "compute/cuda/on_host/hooks.h"

namespace moescope::cuda::on_host {
const bool kHooksArePresent = (set_hooks_present(), true);
}

using moescope::cuda::on_host::access;

extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}

#define MOESCOPE_HOOKS(bytes)                                                    \
  void __tsan_read##bytes(void* p) { access(p, bytes, false, false); }           \
  void __tsan_write##bytes(void* p) { access(p, bytes, true, false); }           \
  void __tsan_unaligned_read##bytes(void* p) { access(p, bytes, false, false); } \
  void __tsan_unaligned_write##bytes(void* p) { access(p, bytes, true, false); } \
  void __tsan_volatile_read##bytes(void* p) { access(p, bytes, false, false); }  \
  void __tsan_volatile_write##bytes(void* p) { access(p, bytes, true, false); }
MOESCOPE_HOOKS(1)
MOESCOPE_HOOKS(2)
MOESCOPE_HOOKS(4)
MOESCOPE_HOOKS(8)
MOESCOPE_HOOKS(16)

void __tsan_read_range(void* p, size_t bytes) { access(p, bytes, false, false); }
void __tsan_write_range(void* p, size_t bytes) { access(p, bytes, true, false); }
}
