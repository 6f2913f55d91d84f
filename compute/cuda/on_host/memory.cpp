// Device memory as the machine knows it, and what it says to a kernel's accesses and atomics.
#include <link.h>

#include "compute/cuda/on_host/hooks.h"
#include "compute/cuda/on_host/machine_state.h"

namespace moescope::cuda::on_host {
namespace {

/// Whether p is in the program or library that this file is part of: constants and tables.
bool in_image(const char* p) {
  struct Search {
    const char *p, *own;
    bool found;
  };
  static const char anchor = 0;
  Search search{p, &anchor, false};
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        auto& s = *static_cast<Search*>(data);
        bool has_own = false, has_p = false;
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& header = info->dlpi_phdr[i];
          if (header.p_type != PT_LOAD) continue;
          const char* begin = reinterpret_cast<const char*>(info->dlpi_addr + header.p_vaddr);
          has_own = has_own || (s.own >= begin && s.own < begin + header.p_memsz);
          has_p = has_p || (s.p >= begin && s.p < begin + header.p_memsz);
        }
        s.found = has_own && has_p;
        return has_own ? 1 : 0;
      },
      &search);
  return search.found;
}

Moment moment(bool atomic) {
  const Machine& m = machine();
  return {m.num_launches, m.block, m.num_barriers, m.current->warp_barriers, static_cast<uint16_t>(m.current->number),
          atomic};
}

template <class T>
T add(T* p, T value) {
  if (machine().has_hooks) access(p, sizeof(T), true, true);
  const T old = *p;
  *p = old + value;
  return old;
}

}  // namespace

void access(const void* address, size_t bytes, bool write, bool atomic) {
  Machine& m = machine();
  if (!m.current || m.failed || m.stacks.contains(address)) return;
  const char* p = static_cast<const char*>(address);
  if (!write && p >= m.arguments && p + bytes <= m.arguments + m.argument_bytes) return;
  const bool shared = p >= m.shared && p < m.shared + kSharedBytes;
  const std::string wrong = m.log.check(p, bytes, write, moment(atomic));
  if (wrong.empty()) return;
  if (!shared && !write && wrong.find("uninitialised") == std::string::npos && in_image(p)) return;
  const uint3 b = m.current->index;
  fail(m.grid.place,
       wrong + " [thread (" + std::to_string(b.x) + "," + std::to_string(b.y) + "," + std::to_string(b.z) + ")]");
}

float atomic_add(float* p, float value) { return add(p, value); }
int atomic_add(int* p, int value) { return add(p, value); }
unsigned atomic_add(unsigned* p, unsigned value) { return add(p, value); }

void set_hooks_present() { machine().has_hooks = true; }
bool reports_accesses() { return machine().has_hooks; }

void register_allocation(void* p, size_t bytes) { machine().log.add(p, bytes); }
void unregister_allocation(void* p) { machine().log.remove(p); }
void mark_initialised(const void* p, size_t bytes) { machine().log.mark_initialised(p, bytes); }

}  // namespace moescope::cuda::on_host
