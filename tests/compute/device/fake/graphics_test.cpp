// The fake's OpenGL interop is strict about what a driver leaves undefined: each misuse is reported.
#include <gmock/gmock.h>

#include <cmath>
#include <thread>

#include "compute/cuda/gpu.h"
#include "compute/cuda/shared_texture.h"
#include "support/cuda_fake/world.h"
#include "support/gl_stage.h"

#include <cuda_gl_interop.h>  // after the OpenGL of the test: it brings an older one

namespace moescope::cuda {
namespace {

using demo::floats_of;
using testing::HasSubstr;

constexpr unsigned kWritten = cudaGraphicsRegisterFlagsWriteDiscard;

class CudaFakeGraphics : public demo::GlStage {
 protected:
  void SetUp() override {
    cuda_fake_control("reset", 0);
    GlStage::SetUp();
    if (IsSkipped()) return;
    cuda_fake_control("gl_device", 0);
    texture_ = std::make_unique<gl::Texture>();
    texture_->reserve_floats(2, 2);
    stream_ = std::make_unique<Stream>();
    numbers_ = Buffer(memory_, {2, 2});
    check(cudaMemcpyAsync(numbers_.f32(), kNumbers.data(), 16, cudaMemcpyHostToDevice, *stream_), "up");
  }
  void TearDown() override {
    if (resource_) cudaGraphicsUnregisterResource(resource_);
    numbers_ = Buffer();
    stream_.reset();
    texture_.reset();
    GlStage::TearDown();
    cuda_fake_control("reset", 0);
  }

  void add() {
    ASSERT_EQ(cudaGraphicsGLRegisterImage(&resource_, texture_->name(), GL_TEXTURE_2D, kWritten), cudaSuccess);
  }
  cudaError_t map() { return cudaGraphicsMapResources(1, &resource_, *stream_); }
  cudaError_t unmap() { return cudaGraphicsUnmapResources(1, &resource_, *stream_); }
  cudaArray_t array() {
    cudaArray_t array = nullptr;
    EXPECT_EQ(cudaGraphicsSubResourceGetMappedArray(&array, resource_, 0, 0), cudaSuccess);
    return array;
  }
  cudaError_t copy(cudaArray_t to, const Stream& stream, size_t height = 2) {
    return cudaMemcpy2DToArrayAsync(to, 0, 0, numbers_.f32(), 8, 8, height, cudaMemcpyDeviceToDevice, stream);
  }
  static void expect_misuse(cudaError_t status, const std::string& words) {
    EXPECT_NE(status, cudaSuccess) << words;
    EXPECT_THAT(cuda_fake_message(), HasSubstr(words));
    EXPECT_EQ(cuda_fake_control("gl_misuses", -1), 1) << words;
    cuda_fake_control("gl_misuses", 0);
  }

  inline static const std::vector<float> kNumbers = {1, 2, 3, 4};
  DeviceMemory memory_;
  std::unique_ptr<gl::Texture> texture_;
  std::unique_ptr<Stream> stream_;
  Buffer numbers_;
  cudaGraphicsResource_t resource_ = nullptr;
};

TEST_F(CudaFakeGraphics, WhatIsCopiedInBetweenIsInTheTextureAfterwards) {
  add();
  ASSERT_EQ(map(), cudaSuccess);
  for (const float texel : floats_of(*texture_)) EXPECT_TRUE(std::isnan(texel)) << "OpenGL sees nothing of use yet";
  ASSERT_EQ(copy(array(), *stream_), cudaSuccess);
  ASSERT_EQ(unmap(), cudaSuccess);
  EXPECT_EQ(floats_of(*texture_), kNumbers);
  EXPECT_EQ(cuda_fake_control("gl_writes", -1), 1);
  EXPECT_EQ(cuda_fake_control("gl_misuses", -1), 0);
}

TEST_F(CudaFakeGraphics, DrawingWhileATextureIsMappedIsReported) {
  add();
  gl::HeatMapPainter painter(files());
  gl::Texture picture;
  ASSERT_EQ(map(), cudaSuccess);
  painter.paint({2, 2, kNumbers, 0, 4}, picture);
  expect_misuse(unmap(), "OpenGL drew while a texture was mapped");
  ASSERT_EQ(map(), cudaSuccess);
  EXPECT_EQ(unmap(), cudaSuccess);
}

TEST_F(CudaFakeGraphics, ATextureIsRegisteredOnceInItsContextAndFormat) {
  add();
  cudaGraphicsResource_t other = nullptr;
  expect_misuse(cudaGraphicsGLRegisterImage(&other, texture_->name(), GL_TEXTURE_2D, kWritten), "registered already");
  expect_misuse(cudaGraphicsGLRegisterImage(&other, 4711, GL_TEXTURE_2D, kWritten), "not a texture");
  gl::Texture bytes;
  bytes.reserve_rgba(2, 2);
  expect_misuse(cudaGraphicsGLRegisterImage(&other, bytes.name(), GL_TEXTURE_2D, kWritten), "another format than R32F");
  gl::Texture second;
  second.reserve_floats(2, 2);
  std::thread([&] {
    expect_misuse(cudaGraphicsGLRegisterImage(&other, second.name(), GL_TEXTURE_2D, kWritten),
                  "no OpenGL context is current");
    expect_misuse(map(), "the texture's OpenGL context is not current here");
  }).join();
  cuda_fake_control("gl_device", 1);
  expect_misuse(cudaGraphicsGLRegisterImage(&other, second.name(), GL_TEXTURE_2D, kWritten), "on another device");
}

TEST_F(CudaFakeGraphics, AnArrayIsTouchedWhileItsTextureIsMappedByTheStreamThatMappedIt) {
  add();
  const Stream other;
  cudaArray_t to = nullptr;
  expect_misuse(cudaGraphicsSubResourceGetMappedArray(&to, resource_, 0, 0), "not mapped");
  ASSERT_EQ(map(), cudaSuccess);
  expect_misuse(map(), "mapped already");
  to = array();
  expect_misuse(copy(to, other), "the mapping orders another stream's work");
  expect_misuse(copy(to, *stream_, 3), "beyond its edge");
  expect_misuse(cudaGraphicsUnmapResources(1, &resource_, other), "another stream than the one that mapped it");
  expect_misuse(copy(to, *stream_), "not mapped");
  expect_misuse(unmap(), "not mapped");
}

TEST_F(CudaFakeGraphics, ATextureGoesAfterItsRegistration) {
  add();
  ASSERT_EQ(map(), cudaSuccess);
  expect_misuse(cudaGraphicsUnregisterResource(std::exchange(resource_, nullptr)), "the texture is mapped");
  add();
  texture_.reset();
  expect_misuse(map(), "the texture was deleted");
  expect_misuse(cudaGraphicsUnregisterResource(std::exchange(resource_, nullptr)), "the texture was deleted before");
}

TEST_F(CudaFakeGraphics, TheDeviceOfTheContextIsAskedFor) {
  EXPECT_NO_THROW(check_gl_device());
  for (const int64_t elsewhere : {-2, 1}) {
    cuda_fake_control("gl_device", elsewhere);
    try {
      check_gl_device();
      FAIL() << "OpenGL runs elsewhere";
    } catch (const DeviceError& error) {
      EXPECT_EQ(error.fault, device_api::Fault::refused);
      EXPECT_STREQ(error.what(), "OpenGL runs on another device");
    }
  }
  EXPECT_EQ(cudaGetLastError(), cudaSuccess) << "the next call finds nothing";
}

}  // namespace
}  // namespace moescope::cuda
