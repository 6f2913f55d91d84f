// Every kernel file that nvcc makes is understood to its last word, and what is not is refused with its line.
#include <gtest/gtest.h>

#include "support/ptx/modules.h"
#include "support/ptx/runtime.h"

namespace moescope::cuda::ptx {
namespace {

TEST(PtxModules, EveryFileIsReadWhole) {
  size_t kernels = 0, instructions = 0;
  for (const std::string& file : modules().files()) {
    SCOPED_TRACE(file);
    ASSERT_NO_THROW(modules().module(file));
    for (const Kernel& kernel : modules().module(file).kernels()) {
      EXPECT_GT(kernel.code.size(), 4u) << kernel.name;
      EXPECT_FALSE(kernel.parameters.empty()) << kernel.name;
      ++kernels, instructions += kernel.code.size();
    }
  }
  EXPECT_GE(kernels, 80u);
  EXPECT_GE(instructions, 15000u);
}

TEST(PtxModules, EveryKernelOfTheProgramIsFound) {
  EXPECT_GE(registered_kernels().size(), 80u);
  for (const std::string& name : registered_kernels()) EXPECT_NO_THROW(modules().find(name)) << name;
  EXPECT_THROW(modules().find("softmax_rows"), LoadError) << "not its whole name";
}

/// What reading a kernel with this body says.
std::string refusal(const std::string& body) {
  try {
    Module("some.ptx", ".version 9.0\n.visible .entry one(.param .u64 x) {\n.reg .b32 %r<4>;\n" + body + "\n}\n");
  } catch (const LoadError& error) { return error.what(); }
  return "";
}

TEST(PtxModules, WhatIsNotKnownIsRefusedWithItsLine) {
  EXPECT_EQ(refusal("ret;"), "");
  EXPECT_EQ(refusal("add.s32 %r1, %r2, 5;\nret;"), "");
  EXPECT_EQ(refusal("frob.s32 %r1, %r2, 5;\nret;"), "some.ptx:4: unknown instruction 'frob.s32'");
  EXPECT_EQ(refusal("add.sat.s32 %r1, %r2, 5;\nret;"), "some.ptx:4: unknown instruction 'add.sat.s32'");
  EXPECT_EQ(refusal("\nadd.s32 %r1, %r2;\nret;"), "some.ptx:5: 'add.s32' with 2 operands instead of 3");
  EXPECT_EQ(refusal("mov.u32 %r1, %r4;\nret;"), "some.ptx:4: undeclared register '%r4'");
  EXPECT_EQ(refusal("mov.u32 %r1, %q4;\nret;"), "some.ptx:4: unknown register '%q4'");
  EXPECT_EQ(refusal("mov.u32 %r1, %clock;\nret;"), "some.ptx:4: unknown register '%clock'");
  EXPECT_EQ(refusal("mov.u32 %r1, tile;\nret;"), "some.ptx:4: undeclared name 'tile'");
  EXPECT_EQ(refusal("bra $L_1;\nret;"), "some.ptx:4: no instruction after label '$L_1'");
  EXPECT_EQ(refusal(".local .align 4 .b8 stack[8];\nret;"), "some.ptx:4: unknown directive '.local'");
  EXPECT_EQ(refusal("mov.u32 %r1, 5 6;\nret;"), "some.ptx:4: expected ',' before '6'");
  EXPECT_EQ(refusal("mov.u32 %r1, 5;"), "some.ptx:5: the kernel before this line runs over its end");
  EXPECT_EQ(refusal("ret"), "some.ptx:5: undeclared name '}'");
}

TEST(PtxModules, ADeclarationHoldsInItsBracesOnly) {
  EXPECT_EQ(refusal("{ .reg .b32 %t;\nmov.u32 %t, 1; }\nret;"), "");
  EXPECT_EQ(refusal("{ .reg .b32 %t; }\nmov.u32 %t, 1;\nret;"), "some.ptx:5: unknown register '%t'");
}

}  // namespace
}  // namespace moescope::cuda::ptx
