// Lanes that part and meet again, what they exchange, and the words for what they do wrong.
#include "run_ptx.h"

namespace moescope::cuda::ptx {
namespace {

std::vector<uint64_t> counting(size_t size) {
  std::vector<uint64_t> numbers(size);
  for (size_t i = 0; i < size; ++i) numbers[i] = i;
  return numbers;
}

TEST(PtxWarps, LanesThatPartMeetAgain) {
  // each lane runs the loop as often as its number says, odd ones another branch first, then all exchange
  const std::string body =
      "mov.u32 %r4, 0; and.b32 %r5, %r2, 1; setp.eq.u32 %p1, %r5, 0; @%p1 bra $L_even;\n"
      "add.u32 %r4, %r4, 1000; bra.uni $L_loop;\n"
      "$L_even: add.u32 %r4, %r4, 2000;\n"
      "$L_loop: setp.eq.u32 %p2, %r2, 0; @%p2 bra $L_done; add.u32 %r4, %r4, 1; sub.u32 %r2, %r2, 1; bra $L_loop;\n"
      "$L_done: shfl.sync.bfly.b32 %r6|%p3, %r4, 1, 31, -1; cvt.u64.u32 %rd5, %r6;\n";
  in_every_order([&] {
    const auto got = run_ptx(body, counting(64));
    for (size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], (i ^ 1) + ((i ^ 1) % 2 == 0 ? 2000 : 1000)) << i;
  });
}

TEST(PtxWarps, ShufflesKeepToTheirSegments) {
  struct Case {
    const char* opcode;
    int by, bounds;
    size_t (*from)(size_t lane);
  };
  // the bounds are those that nvcc makes of widths 32 and 8
  for (const Case& c : {
           Case{"idx", 5, 31, [](size_t) -> size_t { return 5; }},
           Case{"idx", 5, 0x181F, [](size_t lane) { return lane / 8 * 8 + 5; }},
           Case{"up", 3, 0, [](size_t lane) { return lane < 3 ? lane : lane - 3; }},
           Case{"up", 3, 0x1800, [](size_t lane) { return lane % 8 < 3 ? lane : lane - 3; }},
           Case{"down", 3, 31, [](size_t lane) { return lane + 3 > 31 ? lane : lane + 3; }},
           Case{"down", 3, 0x181F, [](size_t lane) { return lane % 8 + 3 > 7 ? lane : lane + 3; }},
           Case{"bfly", 16, 31, [](size_t lane) { return lane ^ 16; }},
           Case{"bfly", 4, 0x181F, [](size_t lane) { return lane ^ 4; }},
       }) {
    const auto got = run_ptx("shfl.sync." + std::string(c.opcode) + ".b32 %r4|%p1, %r2, " + std::to_string(c.by) +
                                 ", " + std::to_string(c.bounds) + ", -1; cvt.u64.u32 %rd5, %r4;",
                             counting(32));
    for (size_t lane = 0; lane < 32; ++lane) EXPECT_EQ(got[lane], c.from(lane)) << c.opcode << " of lane " << lane;
  }
}

TEST(PtxWarps, VotesCountWhoIsThere) {
  const std::string odd = "and.b32 %r5, %r2, 1; setp.eq.u32 %p1, %r5, 1; ";
  for (const uint64_t got : run_ptx(odd + "vote.sync.ballot.b32 %r4, %p1, -1; cvt.u64.u32 %rd5, %r4;", counting(20)))
    EXPECT_EQ(got, 0xAAAAAu) << "twenty threads";
  const auto of_half = run_ptx("mov.u64 %rd5, 7; setp.lt.u32 %p2, %r2, 16; @!%p2 bra $L_end; " + odd +
                                   "vote.sync.any.pred %p3, %p1, 0xFFFF; vote.sync.all.pred %p4, %p1, 0xFFFF; "
                                   "selp.u64 %rd5, 1, 0, %p3; @%p4 mov.u64 %rd5, 5;\n$L_end:",
                               counting(32));
  for (size_t lane = 0; lane < 32; ++lane) EXPECT_EQ(of_half[lane], lane < 16 ? 1 : 7) << lane;
}

TEST(PtxWarps, WarpsMeetAtTheBarrier) {
  const std::string body =
      "mov.u32 %r4, tile; shl.b32 %r5, %r1, 2; add.s32 %r6, %r4, %r5; st.shared.u32 [%r6], %r2; bar.sync 0;\n"
      "xor.b32 %r7, %r5, 384; add.s32 %r8, %r4, %r7; ld.shared.u32 %rd5, [%r8];";  // of the warp furthest away
  in_every_order([&] {
    const auto got = run_ptx(body, counting(128));
    for (size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], i ^ 96) << i;
  });
}

TEST(PtxWarps, GenericAddressesReachSharedMemory) {
  const auto got = run_ptx(
      "mov.u32 %r4, tile; cvt.u64.u32 %rd6, %r4; cvta.shared.u64 %rd7, %rd6; shl.b64 %rd8, %rd4, 3; "
      "add.s64 %rd9, %rd7, %rd8; st.u64 [%rd9], %rd4; ld.u64 %rd5, [%rd9];",
      counting(32));
  EXPECT_EQ(got, counting(32));
}

TEST(PtxWarps, AtomicsCountEveryThread) {
  const auto got = run_ptx(
      "mov.u32 %r4, tile; setp.ne.u32 %p1, %r1, 0; @!%p1 st.shared.u32 [%r4], 0; bar.sync 0; "
      "atom.shared.add.u32 %r5, [%r4], 2; bar.sync 0; ld.shared.u32 %rd5, [%r4];",
      counting(50));
  for (const uint64_t one : got) EXPECT_EQ(one, 100u);
}

TEST(PtxWarps, FaultsNameKernelLineInstructionAndThread) {
  const std::string line = "one.ptx:" + std::to_string(kBodyLine) + ": one: ";
  const auto report = [](const std::string& body, size_t threads) {
    EXPECT_EQ(try_ptx(body, counting(threads)).error, cudaErrorLaunchFailure) << body;
    return std::string(on_host::last_report());
  };
  EXPECT_EQ(report("ld.global.u64 %rd5, [%rd1+8];", 4),
            line +
                "ld.global.u64: read of 8 bytes past the end of an allocation of 32, at offset 32 "
                "[thread (3,0,0) of block (0,0,0)]");
  EXPECT_EQ(report("mov.u32 %r4, tile; ld.shared.u64 %rd5, [%r4+4];", 1),
            line +
                "ld.shared.u64: misaligned access of 8 bytes of shared memory at offset 4 "
                "[thread (0,0,0) of block (0,0,0)]");
  EXPECT_EQ(report("mov.u32 %r4, tile; ld.shared.u32 %rd5, [%r4+8];", 1),
            line +
                "ld.shared.u32: uninitialised read of shared memory at offset 8: thread 0 of block 0 reads what "
                "nobody wrote [thread (0,0,0) of block (0,0,0)]");
  EXPECT_EQ(report("mov.u32 %r4, tile; st.shared.u32 [%r4+1024], 1;", 1),
            line +
                "st.shared.u32: write of 4 bytes out of bounds of every shared array "
                "[thread (0,0,0) of block (0,0,0)]");
  EXPECT_EQ(report("div.u64 %rd5, 5, %rd4;", 2).find(line + "div.u64: division by zero"), 0u);
  EXPECT_NE(report("st.global.u64 [%rd1+-8], 1;", 2).find("write of 8 bytes"), std::string::npos);
  EXPECT_NE(report("mov.u32 %r4, dynamic; mov.u64 %rd5, 0;", 1).find("the launch gives it none"), std::string::npos);
}

TEST(PtxWarps, FaultsOfThreadsThatWaitSayWhoWaitsWhere) {
  const auto report = [](const std::string& body) {
    EXPECT_EQ(try_ptx("mov.u64 %rd5, 0; setp.eq.u32 %p1, %r2, 3; " + body, counting(64)).error, cudaErrorLaunchFailure);
    return std::string(on_host::last_report());
  };
  const std::string at_line = " at one.ptx:" + std::to_string(kBodyLine);
  EXPECT_EQ(report("@%p1 ret; bar.sync 0;"),
            "one: block (0,0,0): barrier divergence: 63 threads wait at a barrier, 1 have returned: thread 0" +
                at_line + " bar.sync;");
  EXPECT_NE(report("@%p1 bar.sync 0; @!%p1 bar.sync 0;").find("threads wait at different barriers"), std::string::npos);
  EXPECT_NE(report("@%p1 bar.sync 0; bar.warp.sync -1;").find("deadlock"), std::string::npos);
  EXPECT_NE(report("@%p1 ret; bar.warp.sync -1;").find("names lane 3, which has returned"), std::string::npos);
  EXPECT_NE(report("bar.warp.sync 5;").find("mask 00000005, which lacks it"), std::string::npos);
  EXPECT_NE(report("@%p1 bar.warp.sync -1; @!%p1 vote.sync.ballot.b32 %r4, %p1, -1;").find("different warp functions"),
            std::string::npos);
  EXPECT_NE(report("@%p1 shfl.sync.idx.b32 %r4|%p2, %r2, 9, 31, 8;").find("reads lane 9, which is not in mask"),
            std::string::npos);
}

}  // namespace
}  // namespace moescope::cuda::ptx
