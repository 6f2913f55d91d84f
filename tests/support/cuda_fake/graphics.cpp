// OpenGL interop on a real OpenGL context: the array of a mapped texture is the fake's, and its texels become the
// texture's when it is unmapped.
//
// Rules: each call in a thread whose context is current, and is the one of the registration. A texture is registered
// once, mapped before its array is touched, by work of the stream that mapped it alone, not drawn beside while it is
// mapped, and unregistered while it still exists. While mapped its texels are NaN.
#include <cuda_gl_interop.h>

#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "support/cuda_fake/gl_context.h"
#include "support/cuda_fake/world.h"

using namespace cuda_fake;

namespace {

struct Resource {
  GLuint texture = 0;
  TextureSize size;
  void* context = nullptr;
  Stream* mapped_by = nullptr;  // null: OpenGL has it
  std::vector<float> array;     // while mapped
  std::optional<DrawingWatch> drawing;
};

std::set<Resource*>& resources() {
  static std::set<Resource*> all;
  return all;
}

cudaError_t misuse(cudaError_t error, const std::string& why) {
  ++world().gl_misuses;
  return refuse(error, why);
}

/// The resource in its own context, or null with the error set.
Resource* resource_of(cudaGraphicsResource_t resource, const char* call) {
  auto* r = reinterpret_cast<Resource*>(resource);
  if (!resources().contains(r))
    return misuse(cudaErrorInvalidResourceHandle, std::string(call) + ": not a registered texture"), nullptr;
  if (current_gl_context() == r->context) return r;
  misuse(cudaErrorInvalidGraphicsContext, std::string(call) + ": the texture's OpenGL context is not current here");
  return nullptr;
}

std::vector<float> nothing(TextureSize size) {
  return std::vector<float>(static_cast<size_t>(size.width) * static_cast<size_t>(size.height),
                            std::numeric_limits<float>::quiet_NaN());
}

/// Back to OpenGL, whatever went wrong in between.
cudaError_t give_back(Resource& r) {
  const unsigned drawn = r.drawing->end();
  r.drawing.reset();
  const cudaError_t status = run(*std::exchange(r.mapped_by, nullptr));  // what OpenGL would wait for
  if (status != cudaSuccess) return status;
  set_texels(r.texture, r.size, r.array);
  ++world().gl_writes;
  if (drawn > 0) return misuse(cudaErrorInvalidGraphicsContext, "OpenGL drew while a texture was mapped");
  return cudaSuccess;
}

}  // namespace

extern "C" {

cudaError_t cudaGLGetDevices(unsigned* count, int* devices, unsigned room, cudaGLDeviceList) {
  const std::lock_guard lock(world().mutex);
  if (const cudaError_t e = healthy()) return e;
  if (!current_gl_context())
    return refuse(cudaErrorInvalidGraphicsContext, "cudaGLGetDevices: no OpenGL context is current");
  if (world().gl_device < 0 || room == 0) return refuse(cudaErrorNoDevice, "OpenGL runs on none of the GPUs");
  *count = 1, devices[0] = static_cast<int>(world().gl_device);
  return cudaSuccess;
}

cudaError_t cudaGraphicsGLRegisterImage(cudaGraphicsResource_t* made, GLuint texture, GLenum target, unsigned flags) {
  const std::lock_guard lock(world().mutex);
  if (const cudaError_t e = healthy()) return e;
  if (illegal_in_capture("cudaGraphicsGLRegisterImage")) return world().last;
  if (!current_gl_context()) return misuse(cudaErrorInvalidGraphicsContext, "register: no OpenGL context is current");
  if (world().gl_device != 0) return misuse(cudaErrorInvalidDevice, "register: OpenGL runs on another device");
  if (target != GL_TEXTURE_2D || flags != cudaGraphicsRegisterFlagsWriteDiscard)
    return misuse(cudaErrorInvalidValue, "register: the fake knows 2-D textures that are only written");
  if (!is_texture(texture)) return misuse(cudaErrorInvalidValue, "register: not a texture");
  const TextureSize size = size_of_float_texture(texture);
  if (size.width <= 0 || size.height <= 0)
    return misuse(cudaErrorInvalidValue, "register: a texture without texels, or of another format than R32F");
  for (const Resource* r : resources())
    if (r->texture == texture && r->context == current_gl_context())
      return misuse(cudaErrorInvalidValue, "register: the texture is registered already");
  auto* resource = new Resource;
  resource->texture = texture, resource->size = size, resource->context = current_gl_context();
  resources().insert(resource);
  *made = reinterpret_cast<cudaGraphicsResource_t>(resource);
  return cudaSuccess;
}

cudaError_t cudaGraphicsUnregisterResource(cudaGraphicsResource_t resource) {
  const std::lock_guard lock(world().mutex);
  Resource* r = resource_of(resource, "unregister");
  if (!r) return world().last;
  cudaError_t status = cudaSuccess;
  if (r->mapped_by) status = misuse(cudaErrorAlreadyMapped, "unregister: the texture is mapped");
  if (!is_texture(r->texture)) status = misuse(cudaErrorInvalidValue, "unregister: the texture was deleted before");
  resources().erase(r);
  delete r;
  return status;
}

cudaError_t cudaGraphicsMapResources(int count, cudaGraphicsResource_t* which, cudaStream_t stream) {
  const std::lock_guard lock(world().mutex);
  if (const cudaError_t e = healthy()) return e;
  if (illegal_in_capture("cudaGraphicsMapResources")) return world().last;
  Stream* s = stream_of(stream, "cudaGraphicsMapResources");
  if (!s) return world().last;
  if (count != 1) return misuse(cudaErrorInvalidValue, "map: the fake maps one texture at a time");
  Resource* r = resource_of(which[0], "map");
  if (!r) return world().last;
  for (const Resource* other : resources())
    if (other->mapped_by) return misuse(cudaErrorAlreadyMapped, "map: a texture is mapped already");
  if (!is_texture(r->texture)) return misuse(cudaErrorInvalidValue, "map: the texture was deleted");
  r->mapped_by = s;
  r->array = nothing(r->size);
  set_texels(r->texture, r->size, r->array);
  r->drawing.emplace();
  return cudaSuccess;
}

cudaError_t cudaGraphicsUnmapResources(int count, cudaGraphicsResource_t* which, cudaStream_t stream) {
  const std::lock_guard lock(world().mutex);
  if (count != 1) return misuse(cudaErrorInvalidValue, "unmap: the fake maps one texture at a time");
  Resource* r = resource_of(which[0], "unmap");
  if (!r) return world().last;
  if (!r->mapped_by) return misuse(cudaErrorNotMapped, "unmap: the texture is not mapped");
  const bool same = reinterpret_cast<Stream*>(stream) == r->mapped_by;
  const cudaError_t status = give_back(*r);
  return same ? status : misuse(cudaErrorInvalidValue, "unmap: another stream than the one that mapped it");
}

cudaError_t cudaGraphicsSubResourceGetMappedArray(cudaArray_t* array, cudaGraphicsResource_t resource, unsigned index,
                                                  unsigned mip_level) {
  const std::lock_guard lock(world().mutex);
  if (const cudaError_t e = healthy()) return e;
  Resource* r = resource_of(resource, "array");
  if (!r) return world().last;
  if (!r->mapped_by) return misuse(cudaErrorNotMapped, "array: the texture is not mapped");
  if (index != 0 || mip_level != 0) return misuse(cudaErrorInvalidValue, "array: a 2-D texture has one, of level 0");
  *array = reinterpret_cast<cudaArray_t>(r);
  return cudaSuccess;
}

cudaError_t cudaMemcpy2DToArrayAsync(cudaArray_t to, size_t x, size_t y, const void* from, size_t pitch, size_t width,
                                     size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  const std::lock_guard lock(world().mutex);
  if (const cudaError_t e = healthy()) return e;
  auto* r = reinterpret_cast<Resource*>(to);
  if (!resources().contains(r) || !r->mapped_by)
    return misuse(cudaErrorNotMapped, "copy to an array: its texture is not mapped");
  if (reinterpret_cast<Stream*>(stream) != r->mapped_by)
    return misuse(cudaErrorInvalidValue, "copy to an array: the mapping orders another stream's work, not this one's");
  const auto texels = static_cast<size_t>(r->size.width);
  if (kind != cudaMemcpyDeviceToDevice || width > pitch || x + width > texels * sizeof(float) ||
      y + height > static_cast<size_t>(r->size.height))
    return misuse(cudaErrorInvalidValue, "copy to an array: beyond its edge, or not within the device");
  const Allocation* source = holding(from, (height - 1) * pitch + width);
  if (height == 0 || !source || source->kind != MemoryKind::device)
    return misuse(cudaErrorInvalidValue, "copy to an array: runs over an allocation");
  return submit(stream, [=] {
    if (!holding(from, 1)) return refuse(cudaErrorIllegalAddress, "copy to an array: memory was freed before");
    auto* bytes = reinterpret_cast<std::byte*>(r->array.data());
    for (size_t row = 0; row < height; ++row)
      std::memcpy(bytes + (y + row) * texels * sizeof(float) + x, static_cast<const std::byte*>(from) + row * pitch,
                  width);
    return cudaSuccess;
  });
}
}
