// Planned memory: an Arena hands out tensors by moving a pointer and takes them back in the reverse order.
//
// A training step makes its activations on the way forward, its gradients on the way back, and then everything is gone
// at once. The first step finds out how much that is (the arena grows in blocks); from then on one block holds it all,
// and a steady step allocates nothing. `growths()` lets a test prove it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "compute/core/tensor.h"

namespace moescope {

/// Memory of a backend; 64-byte aligned. See compute/backends/backend.h for who provides it.
class Memory {
 public:
  virtual ~Memory() = default;
  virtual void* allocate(int64_t bytes) = 0;  // throws BackendError when there is none left
  virtual void release(void* p) noexcept = 0;
  virtual Device device() const = 0;
};

/// The host's own memory.
Memory& host_memory();

/// One allocation with an owner. Zero-filled on the host.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Memory& memory, Shape shape, DType type = DType::f32);
  explicit Buffer(Shape shape, DType type = DType::f32) : Buffer(host_memory(), shape, type) {}
  Buffer(Buffer&& other) noexcept { *this = std::move(other); }
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer();

  const Tensor& tensor() const { return tensor_; }
  operator const Tensor&() const { return tensor_; }
  float* f32() const { return tensor_.f32(); }
  int32_t* i32() const { return tensor_.i32(); }
  int64_t size() const { return tensor_.size(); }

 private:
  Memory* memory_ = nullptr;
  Tensor tensor_;
};

class Arena {
 public:
  explicit Arena(Memory& memory = host_memory()) : memory_(&memory) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  /// An uninitialised tensor that lives until the arena is rewound past it.
  Tensor make(Shape shape, DType type = DType::f32);
  /// The same, filled with zeros (host memory only).
  Tensor zeros(Shape shape, DType type = DType::f32);

  struct Mark {
    size_t block = 0;
    int64_t offset = 0;
  };
  Mark mark() const { return {current_, offset_}; }
  void rewind(Mark mark);

  /// Back to empty. When the last round needed more than one block, they become a single one of the size it took.
  void reset();

  int64_t capacity_bytes() const;               // held
  int64_t peak_bytes() const { return peak_; }  // most ever in use
  int growths() const { return growths_; }      // blocks asked of the memory so far

 private:
  struct Block {
    std::byte* data;
    int64_t bytes;
  };
  void add_block(int64_t bytes);

  Memory* memory_;
  std::vector<Block> blocks_;
  size_t current_ = 0;
  int64_t offset_ = 0;
  int64_t in_full_blocks_ = 0;  // bytes used in blocks before the current one
  int64_t peak_ = 0;
  int growths_ = 0;
};

/// Rewinds the arena at the end of a scope: for what is needed only in between.
class ArenaScope {
 public:
  explicit ArenaScope(Arena& arena) : arena_(arena), mark_(arena.mark()) {}
  ~ArenaScope() { arena_.rewind(mark_); }
  ArenaScope(const ArenaScope&) = delete;
  ArenaScope& operator=(const ArenaScope&) = delete;

 private:
  Arena& arena_;
  Arena::Mark mark_;
};

}  // namespace moescope
