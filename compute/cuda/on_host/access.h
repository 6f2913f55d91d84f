// What a kernel's accesses are checked against: who wrote or read each of them last. Fed by hooks.cpp, in programs
// whose kernels are compiled with -fsanitize=thread and linked without its library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace moescope::cuda::on_host {

/// Who is running and when, as far as the order of accesses goes.
struct Moment {
  uint64_t launch = 0;  // counts from 1; 0: never
  uint32_t block = 0, barriers = 0, warp_barriers = 0;
  uint16_t thread = 0;
  bool atomic = false;
};

class AccessLog {
 public:
  void add(void* p, size_t bytes);
  void remove(void* p);
  void mark_initialised(const void* p, size_t bytes);
  /// Shared memory is fresh.
  void start_block(const char* shared, size_t bytes);
  /// Part of it belongs to an array now; accesses outside of all arrays are out of bounds.
  void add_shared(const char* p, size_t bytes);

  /// What is wrong with the access, or nothing.
  std::string check(const char* p, size_t bytes, bool write, const Moment& now);

 private:
  struct Cell {
    Moment write, read, other_read;  // the last two readers of different threads
    bool initialised = false;
  };
  /// Cells of four bytes each, or of fewer once something smaller is written: neighbours may belong to other threads.
  struct Cells {
    size_t grain = 4;
    std::vector<Cell> cells;  // made at the first access
    void prepare(size_t bytes, size_t written);
  };
  struct Allocation {
    size_t bytes = 0;
    bool initialised = false;
    Cells cells;
  };
  struct Range {
    const char* begin;
    size_t bytes;
  };
  std::string check_shared(const char* p, size_t bytes, bool write, const Moment& now);
  std::string check_cells(Cells& cells, size_t offset, size_t bytes, bool write, bool shared, bool initialised,
                          const Moment& now);
  std::map<const char*, Allocation>::iterator find(const char* p);

  std::map<const char*, Allocation> allocations_;
  std::map<const char*, Allocation>::iterator last_ = allocations_.end();
  const char* shared_ = nullptr;
  size_t shared_bytes_ = 0;
  Cells shared_cells_;
  std::vector<Range> shared_arrays_;
};

}  // namespace moescope::cuda::on_host
