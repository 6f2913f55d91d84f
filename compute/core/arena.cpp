// Host memory, buffers and the arena's bookkeeping.
#include "compute/core/arena.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "compute/core/error.h"

namespace moescope {
namespace {

constexpr int64_t kAlignment = 64;
constexpr int64_t kFirstBlock = int64_t{1} << 20;

int64_t aligned(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

class HostMemory : public Memory {
 public:
  void* allocate(int64_t bytes) override {
    void* p = ::operator new (static_cast<size_t>(aligned(std::max<int64_t>(bytes, 1))), std::align_val_t{kAlignment},
                              std::nothrow);
    if (!p)
      throw BackendError("out of memory: " + std::to_string(bytes >> 20) +
                         " MiB were asked for; try a smaller train.micro_batch");
    return p;
  }
  void release(void* p) noexcept override { ::operator delete (p, std::align_val_t{kAlignment}); }
  Device device() const override { return Device::cpu; }
};

}  // namespace

Memory& host_memory() {
  // Never destroyed: what other statics and their threads hold is given back after main.
  static HostMemory* const memory = new HostMemory;
  return *memory;
}

Buffer::Buffer(Memory& memory, Shape shape, DType type) : memory_(&memory) {
  const int64_t bytes = shape.size() * bytes_of(type);
  void* data = memory.allocate(bytes);
  if (memory.device() == Device::cpu) std::memset(data, 0, static_cast<size_t>(bytes));
  tensor_ = Tensor(data, shape, type, memory.device());
}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(tensor_, other.tensor_);
  return *this;
}

Buffer::~Buffer() {
  if (memory_ && tensor_.data()) memory_->release(tensor_.data());
}

Arena::~Arena() {
  for (const Block& block : blocks_) memory_->release(block.data);
}

void Arena::add_block(int64_t bytes) {
  blocks_.push_back({static_cast<std::byte*>(memory_->allocate(bytes)), bytes});
  ++growths_;
}

Tensor Arena::make(Shape shape, DType type) {
  const int64_t bytes = aligned(shape.size() * bytes_of(type));
  if (blocks_.empty()) add_block(std::max(bytes, kFirstBlock));
  while (offset_ + bytes > blocks_[current_].bytes) {
    in_full_blocks_ += offset_;
    offset_ = 0;
    if (++current_ == blocks_.size()) add_block(std::max(bytes, 2 * blocks_.back().bytes));
  }
  void* data = blocks_[current_].data + offset_;
  offset_ += bytes;
  peak_ = std::max(peak_, in_full_blocks_ + offset_);
  return Tensor(data, shape, type, memory_->device());
}

Tensor Arena::zeros(Shape shape, DType type) {
  Tensor t = make(shape, type);
  std::memset(t.data(), 0, static_cast<size_t>(t.bytes()));
  return t;
}

void Arena::rewind(Mark mark) {
  // What the blocks in between hold is not recorded block by block, so recount from the bottom: full blocks before
  // the mark are counted as wholly used. That only ever over-estimates the peak.
  current_ = mark.block;
  offset_ = mark.offset;
  in_full_blocks_ = 0;
  for (size_t i = 0; i < current_ && i < blocks_.size(); ++i) in_full_blocks_ += blocks_[i].bytes;
}

void Arena::reset() {
  if (blocks_.size() > 1) {
    for (const Block& block : blocks_) memory_->release(block.data);
    blocks_.clear();
    add_block(aligned(peak_ + peak_ / 64));
  }
  current_ = 0;
  offset_ = 0;
  in_full_blocks_ = 0;
}

int64_t Arena::capacity_bytes() const {
  int64_t bytes = 0;
  for (const Block& block : blocks_) bytes += block.bytes;
  return bytes;
}

}  // namespace moescope
