// Runs a block: each warp until it waits, or in random order a few instructions of any; then the barrier, which all
// threads must reach at one instruction.
#include "support/ptx/block.h"

#include <cstring>

namespace moescope::cuda::ptx {
namespace {

std::string text_of(dim3 at) {
  return "(" + std::to_string(at.x) + "," + std::to_string(at.y) + "," + std::to_string(at.z) + ")";
}

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

Block::Block(const Launch& launch) : launch_(launch), shared_(new char[kSharedBytes]) {
  const unsigned num_warps = (launch.num_threads() + kLanes - 1) / kLanes;
  warps_.reserve(num_warps);
  for (unsigned warp = 0; warp < num_warps; ++warp) warps_.emplace_back(*this, warp);
}

void Block::run(unsigned number) {
  const dim3 grid = launch_.blocks;
  const Kernel& kernel = *launch_.kernel;
  number_ = number;
  index_ = dim3(number % grid.x, number / grid.x % grid.y, number / (grid.x * grid.y));
  barriers_ = 0;
  std::memset(shared_.get(), 0xff,
              kernel.dynamic_begin + launch_.dynamic_bytes);  // NaN: what is left of the last block must not look right
  launch_.log->start_block(shared_.get(), kSharedBytes);
  for (const Kernel::Range& array : kernel.shared_arrays) launch_.log->add_shared(&shared_[array.begin], array.bytes);
  if (launch_.dynamic_bytes > 0) launch_.log->add_shared(&shared_[kernel.dynamic_begin], launch_.dynamic_bytes);
  for (Warp& warp : warps_) warp.start();
  for (;;) {
    Warp* const warp = next_warp();
    if (!warp) {
      bool is_over = true;
      for (const Warp& one : warps_) is_over = is_over && one.returned() == one.present();
      if (is_over) return;
      pass_barrier();
      continue;
    }
    try {
      warp->run(launch_.order == on_host::ThreadOrder::random ? 1 + draw(64) : ~0ul);
    } catch (const Fault& fault) { fail(*warp, fault); }
  }
}

Warp* Block::next_warp() {
  std::vector<Warp*> ready;
  for (Warp& warp : warps_)
    if (warp.ready() != 0) ready.push_back(&warp);
  if (ready.empty()) return nullptr;
  if (launch_.order == on_host::ThreadOrder::random) return ready[draw(static_cast<unsigned>(ready.size()))];
  return launch_.order == on_host::ThreadOrder::forward ? ready.front() : ready.back();
}

void Block::pass_barrier() {
  const Instruction* first = nullptr;
  unsigned waiting = 0, returned = 0, in_functions = 0;
  bool differ = false;
  for (const Warp& warp : warps_) {
    waiting += static_cast<unsigned>(std::popcount(warp.at_barrier()));
    returned += static_cast<unsigned>(std::popcount(warp.returned()));
    in_functions += static_cast<unsigned>(std::popcount(warp.at_function()));
    for_lanes(warp.at_barrier(), [&](unsigned lane) {
      const Instruction& here = warp.instruction_of(lane);
      if (!first) first = &here;
      differ = differ || first != &here;
    });
  }
  const auto stuck = [&](const std::string& what) {
    return Fault(launch_.kernel->plain_name() + ": block " + text_of(index_) + ": " + what + ":" + who_waits_where());
  };
  if (in_functions > 0) throw stuck("deadlock: every live thread waits");
  if (returned > 0)
    throw stuck("barrier divergence: " + std::to_string(waiting) + " threads wait at a barrier, " +
                std::to_string(returned) + " have returned");
  if (differ) throw stuck("barrier divergence: threads wait at different barriers");
  for (Warp& warp : warps_) warp.pass_barrier();
  ++barriers_;
}

std::string Block::who_waits_where() const {
  std::string text;
  const Instruction* last = nullptr;
  for (const Warp& warp : warps_)
    for_lanes(warp.at_barrier() | warp.at_function(), [&](unsigned lane) {
      const Instruction& here = warp.instruction_of(lane);
      if (&here == last || text.size() > 500) return;  // the first thread of those that wait in one place
      last = &here;
      text += " thread " + std::to_string(warp.thread(lane)) + " at " + place_of(here) + " " +
              std::string(here.opcode) + ";";
    });
  return text;
}

std::string Block::place_of(const Instruction& i) const {
  const Kernel& kernel = *launch_.kernel;
  const std::string in_ptx = kernel.file + ":" + std::to_string(i.line);
  const auto source = static_cast<size_t>(i.source_file);
  if (source == 0 || source >= kernel.source_files->size()) return in_ptx;
  return file_name((*kernel.source_files)[source]) + ":" + std::to_string(i.source_line) + " (" + in_ptx + ")";
}

void Block::fail(const Warp& warp, const Fault& fault) const {
  const Instruction& i = warp.current();
  std::string text =
      place_of(i) + ": " + launch_.kernel->plain_name() + ": " + std::string(i.opcode) + ": " + fault.what();
  if (fault.lane)
    text +=
        " [thread " + text_of(launch_.thread_index(warp.thread(*fault.lane))) + " of block " + text_of(index_) + "]";
  throw Fault(text);
}

char* Block::access(const Warp& warp, unsigned lane, Space space, uint64_t address, size_t bytes, bool write,
                    bool atomic) {
  const char* const kind = write ? "write" : "read";
  if (space == Space::shared) {
    const uint64_t offset = address & 0xFFFFFFFFu;
    if (offset + bytes > kSharedBytes)
      throw Fault(std::string(kind) + " of " + std::to_string(bytes) + " bytes out of bounds of every shared array",
                  lane);
    if (offset % bytes != 0)
      throw Fault("misaligned access of " + std::to_string(bytes) + " bytes of shared memory at offset " +
                      std::to_string(offset),
                  lane);
    address = shared_address() + offset;
  }
  char* const p = reinterpret_cast<char*>(address);
  const on_host::Moment now{
      launch_.number, number_, barriers_, warp.warp_barriers(lane), static_cast<uint16_t>(warp.thread(lane)), atomic};
  if (const std::string wrong = launch_.log->check(p, bytes, write, now); !wrong.empty()) throw Fault(wrong, lane);
  return p;
}

const char* Block::parameter(uint64_t offset, size_t bytes, unsigned lane) const {
  if (offset + bytes > launch_.parameters.size() || offset % bytes != 0)
    throw Fault("read of " + std::to_string(bytes) + " bytes at offset " + std::to_string(offset) +
                    " of parameters of " + std::to_string(launch_.parameters.size()),
                lane);
  return &launch_.parameters[offset];
}

}  // namespace moescope::cuda::ptx
