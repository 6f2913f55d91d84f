// A few instructions of PTX as a kernel of one block: %rd5 of each thread from its %rd4.
#pragma once

#include <gtest/gtest.h>

#include <cstring>

#include "support/device_array.h"
#include "support/ptx/machine.h"
#include "support/ptx/module.h"

namespace moescope::cuda::ptx {

/// Of %rd4 the halves are %r2 (low) and %r3; %r1 is the thread. The kernel's text has one statement a line; `body`
/// begins in line kBodyLine.
inline std::string kernel_around(const std::string& body) {
  return ".version 9.0\n.target sm_80\n.extern .shared .align 16 .b8 dynamic[];\n"
         ".visible .entry one(.param .u64 in, .param .u64 out) {\n"
         ".reg .pred %p<9>; .reg .b16 %rs<9>; .reg .b32 %r<20>; .reg .b64 %rd<20>; .reg .f32 %f<9>; .reg .f64 %fd<9>;\n"
         ".shared .align 4 .b8 tile[1024];\n"
         "ld.param.u64 %rd1, [in]; ld.param.u64 %rd2, [out];\n"
         "mov.u32 %r1, %tid.x; mul.wide.u32 %rd3, %r1, 8; add.s64 %rd1, %rd1, %rd3; add.s64 %rd2, %rd2, %rd3;\n"
         "ld.global.u64 %rd4, [%rd1]; mov.b64 {%r2, %r3}, %rd4;\n" +
         body + "\nst.global.u64 [%rd2], %rd5;\nret;\n}\n";
}
inline constexpr int kBodyLine = 10;

struct Outcome {
  cudaError_t error;
  std::vector<uint64_t> out;
};

inline Outcome try_ptx(const std::string& body, const std::vector<uint64_t>& in) {
  const Module module("one.ptx", kernel_around(body));
  const DeviceArray<uint64_t> from(in), to(static_cast<int64_t>(in.size()));
  const uint64_t *const a = from.get(), *const b = to.get();
  std::vector<char> parameters(16);
  std::memcpy(parameters.data(), &a, 8);
  std::memcpy(parameters.data() + 8, &b, 8);
  const cudaError_t error =
      run_grid(module.kernels().front(), {dim3(1), dim3(static_cast<unsigned>(in.size()))}, parameters);
  return {error, to.host()};
}

inline std::vector<uint64_t> run_ptx(const std::string& body, const std::vector<uint64_t>& in) {
  const Outcome outcome = try_ptx(body, in);
  EXPECT_EQ(outcome.error, cudaSuccess) << on_host::last_report();
  return outcome.out;
}

}  // namespace moescope::cuda::ptx
