// Between the compiler's hooks and the machine.
#pragma once

#include <cstddef>

namespace moescope::cuda::on_host {

/// An access by the thread that runs; nothing happens while no kernel does.
void access(const void* p, size_t bytes, bool write, bool atomic);
void set_hooks_present();

}  // namespace moescope::cuda::on_host
