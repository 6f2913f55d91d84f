// Memory, copies and fills. Device memory is host memory that only queued work may touch.
#include <cstdlib>
#include <cstring>

#include "compute/cuda/on_host/machine.h"
#include "support/cuda_fake/world.h"

namespace cuda_fake {
namespace {

cudaError_t allocate(void** p, size_t bytes, MemoryKind kind, const char* call) {
  World& w = world();
  const std::lock_guard lock(w.mutex);
  if (const cudaError_t e = healthy()) return e;
  if (illegal_in_capture(call)) return w.last;
  if (w.devices == 0) return refuse(cudaErrorNoDevice, "no device");
  const auto size = static_cast<int64_t>(bytes);
  if (kind == MemoryKind::device && w.in_use + size > w.memory_limit)
    return refuse(cudaErrorMemoryAllocation, std::string(call) + ": out of memory");
  void* made = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  if (!made) return refuse(cudaErrorMemoryAllocation, "the host is out of memory");
  poison(made, bytes);
  w.memory[static_cast<std::byte*>(made)] = {bytes, kind};
  if (kind == MemoryKind::device) {
    w.most_in_use = std::max(w.most_in_use, w.in_use += size);
    moescope::cuda::on_host::register_allocation(made, bytes);
  }
  *p = made;
  return cudaSuccess;
}

cudaError_t release(void* p, MemoryKind kind, const char* call) {
  World& w = world();
  const std::lock_guard lock(w.mutex);
  if (!p) return cudaSuccess;
  if (illegal_in_capture(call)) return w.last;
  run_all();  // freeing waits for the device
  const auto it = w.memory.find(static_cast<std::byte*>(p));
  if (it == w.memory.end() || it->second.kind != kind)
    return refuse(cudaErrorInvalidValue, std::string(call) + ": not a pointer that it gave");
  if (kind == MemoryKind::device) {
    w.in_use -= static_cast<int64_t>(it->second.bytes);
    moescope::cuda::on_host::unregister_allocation(p);
  }
  w.memory.erase(it);
  std::free(p);
  return w.sticky;
}

void written(const void* p, size_t bytes) {
  const Allocation* a = holding(p, bytes);
  if (a && a->kind == MemoryKind::device) moescope::cuda::on_host::mark_initialised(p, bytes);
}

/// Whether both ends are where the direction says.
cudaError_t check_copy(const void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  const Allocation *target = holding(to, bytes), *source = holding(from, bytes);
  const auto on_device = [](const Allocation* a) { return a && a->kind == MemoryKind::device; };
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (kind == cudaMemcpyDefault || kind == cudaMemcpyHostToHost)
    return refuse(cudaErrorInvalidMemcpyDirection, "copy: say a direction with a device in it");
  if (on_device(target) != to_device || on_device(source) != from_device)
    return refuse(cudaErrorInvalidValue, "copy: an end is not where the direction says, or runs over its allocation");
  return cudaSuccess;
}

}  // namespace
}  // namespace cuda_fake

using namespace cuda_fake;

extern "C" {

cudaError_t cudaMalloc(void** p, size_t bytes) { return allocate(p, bytes, MemoryKind::device, "cudaMalloc"); }
cudaError_t cudaFree(void* p) { return release(p, MemoryKind::device, "cudaFree"); }
cudaError_t cudaMallocHost(void** p, size_t bytes) { return allocate(p, bytes, MemoryKind::pinned, "cudaMallocHost"); }
cudaError_t cudaFreeHost(void* p) { return release(p, MemoryKind::pinned, "cudaFreeHost"); }

cudaError_t cudaMemGetInfo(size_t* free_bytes, size_t* total) {
  const std::lock_guard lock(world().mutex);
  if (const cudaError_t e = healthy()) return e;
  *total = static_cast<size_t>(world().memory_limit);
  *free_bytes = static_cast<size_t>(world().memory_limit - world().in_use);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  World& w = world();
  const std::lock_guard lock(w.mutex);
  if (const cudaError_t e = healthy()) return e;
  if (bytes == 0) return cudaSuccess;
  if (const cudaError_t e = check_copy(to, from, bytes, kind)) return e;
  Stream* s = stream_of(stream, "cudaMemcpyAsync");
  if (!s) return w.last;
  if (kind == cudaMemcpyHostToDevice && w.copies_to_fail > 0)
    return --w.copies_to_fail, refuse(cudaErrorInvalidValue, "copy: refused, as a test asked");
  if (kind == cudaMemcpyHostToDevice) w.bytes_to_device += static_cast<int64_t>(bytes);
  const Work copy = [to, from, bytes, kind] {
    if (kind == cudaMemcpyDeviceToHost) world().bytes_to_host += static_cast<int64_t>(bytes);
    if (!holding(to, 1) && !holding(from, 1)) return refuse(cudaErrorIllegalAddress, "copy: memory was freed before");
    std::memmove(to, from, bytes);
    written(to, bytes);
    return cudaSuccess;
  };
  const bool pageable =
      kind == cudaMemcpyHostToDevice ? !holding(from, bytes) : kind == cudaMemcpyDeviceToHost && !holding(to, bytes);
  if (!pageable) {
    if (kind == cudaMemcpyDeviceToHost && !s->capturing) poison(to, bytes);  // nobody may look before it is done
    return submit(stream, copy);
  }
  if (s->capturing) {
    s->capturing->broken = true;
    return refuse(cudaErrorStreamCaptureUnsupported, "copy: pageable memory in a captured stream");
  }
  if (kind == cudaMemcpyDeviceToHost) {  // returns when it is done
    if (const cudaError_t e = submit(stream, copy)) return e;
    return run(*s);
  }
  const auto* begin = static_cast<const std::byte*>(from);
  return submit(stream, [to, staged = std::vector<std::byte>(begin, begin + bytes)] {
    std::memcpy(to, staged.data(), staged.size());
    written(to, staged.size());
    return cudaSuccess;
  });
}

cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t stream) {
  const std::lock_guard lock(world().mutex);
  const Allocation* target = holding(to, bytes);
  if (!target || target->kind != MemoryKind::device)
    return refuse(cudaErrorInvalidValue, "cudaMemsetAsync: not device memory, or beyond its end");
  return submit(stream, [=] {
    std::memset(to, value, bytes);
    written(to, bytes);
    return cudaSuccess;
  });
}

cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                              size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  const std::lock_guard lock(world().mutex);
  if (const cudaError_t e = healthy()) return e;
  if (width > to_pitch || width > from_pitch) return refuse(cudaErrorInvalidPitchValue, "copy: rows overlap");
  if (kind != cudaMemcpyDeviceToDevice)
    return refuse(cudaErrorInvalidMemcpyDirection, "copy of rows: the fake knows it within the device alone");
  if (width == 0 || height == 0) return cudaSuccess;
  if (const cudaError_t e = check_copy(to, from, 1, kind)) return e;
  if (!holding(to, (height - 1) * to_pitch + width) || !holding(from, (height - 1) * from_pitch + width))
    return refuse(cudaErrorInvalidValue, "copy of rows: runs over an allocation");
  return submit(stream, [=] {
    for (size_t i = 0; i < height; ++i) {
      std::byte* row = static_cast<std::byte*>(to) + i * to_pitch;
      std::memmove(row, static_cast<const std::byte*>(from) + i * from_pitch, width);
      written(row, width);
    }
    return cudaSuccess;
  });
}
}
