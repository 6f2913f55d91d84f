// Two accesses race when one writes, not both are atomic, and nothing orders them: different blocks of a launch, or
// threads of a block in the same interval between barriers, and of a warp between its own.
#include "compute/cuda/on_host/access.h"

#include <cstdio>
#include <iterator>

namespace moescope::cuda::on_host {
namespace {

bool races(const Moment& before, const Moment& now, bool shared) {
  if (before.launch != now.launch || (before.atomic && now.atomic)) return false;
  if (before.block != now.block) return !shared;
  if (before.thread == now.thread || before.barriers != now.barriers) return false;
  return before.thread / 32 != now.thread / 32 || before.warp_barriers == now.warp_barriers;
}

std::string who(const Moment& m) {
  return "thread " + std::to_string(m.thread) + " of block " + std::to_string(m.block);
}

bool same_thread(const Moment& a, const Moment& b) { return a.thread == b.thread && a.block == b.block; }

}  // namespace

void AccessLog::Cells::prepare(size_t bytes, size_t written) {
  if (cells.empty()) cells.resize(bytes / grain + 1);
  for (; written > 0 && written < grain; grain /= 2) {  // each cell becomes two
    std::vector<Cell> finer(2 * cells.size());
    for (size_t i = 0; i < finer.size(); ++i) finer[i] = cells[i / 2];
    cells.swap(finer);
  }
}

void AccessLog::add(void* p, size_t bytes) {
  allocations_[static_cast<const char*>(p)] = {bytes, false, {}};
  last_ = allocations_.end();
}

void AccessLog::remove(void* p) {
  allocations_.erase(static_cast<const char*>(p));
  last_ = allocations_.end();
}

std::map<const char*, AccessLog::Allocation>::iterator AccessLog::find(const char* p) {
  const auto holds = [p](auto it) { return p >= it->first && p < it->first + it->second.bytes; };
  if (last_ != allocations_.end() && holds(last_)) return last_;
  auto it = allocations_.upper_bound(p);
  if (it == allocations_.begin() || !holds(--it)) return allocations_.end();
  return last_ = it;
}

void AccessLog::mark_initialised(const void* p, size_t bytes) {
  const char* begin = static_cast<const char*>(p);
  const auto it = find(begin);
  if (it == allocations_.end()) return;
  Allocation& a = it->second;
  if (bytes >= a.bytes) {
    a.initialised = true;
    return;
  }
  a.cells.prepare(a.bytes, 0);
  const size_t offset = static_cast<size_t>(begin - it->first), grain = a.cells.grain;
  for (size_t i = offset / grain; i * grain < offset + bytes && i < a.cells.cells.size(); ++i)
    a.cells.cells[i].initialised = true;
}

void AccessLog::start_block(const char* shared, size_t bytes) {
  shared_ = shared, shared_bytes_ = bytes;
  shared_arrays_.clear();
}

void AccessLog::add_shared(const char* p, size_t bytes) { shared_arrays_.push_back({p, bytes}); }

std::string AccessLog::check(const char* p, size_t bytes, bool write, const Moment& now) {
  if (p >= shared_ && p < shared_ + shared_bytes_) return check_shared(p, bytes, write, now);
  const auto it = find(p);
  char text[160];
  const char* access = write ? "write" : "read";
  if (it == allocations_.end()) {
    const auto after = allocations_.upper_bound(p);
    const auto before = after == allocations_.begin() ? allocations_.end() : std::prev(after);
    if (before != allocations_.end() && p < before->first + before->second.bytes + 4096)
      snprintf(text, sizeof text, "%s of %zu bytes past the end of an allocation of %zu, at offset %zu", access, bytes,
               before->second.bytes, static_cast<size_t>(p - before->first));
    else
      snprintf(text, sizeof text, "%s of %zu bytes at %p, which is not device memory", access, bytes,
               static_cast<const void*>(p));
    return text;
  }
  Allocation& a = it->second;
  const auto offset = static_cast<size_t>(p - it->first);
  if (offset + bytes > a.bytes) {
    snprintf(text, sizeof text, "%s of %zu bytes past the end of an allocation of %zu, at offset %zu", access, bytes,
             a.bytes, offset);
    return text;
  }
  if ((bytes & (bytes - 1)) == 0 && reinterpret_cast<uintptr_t>(p) % bytes != 0) {
    snprintf(text, sizeof text, "misaligned access of %zu bytes at offset %zu", bytes, offset);
    return text;
  }
  a.cells.prepare(a.bytes, write ? bytes : 0);
  return check_cells(a.cells, offset, bytes, write, false, a.initialised, now);
}

std::string AccessLog::check_shared(const char* p, size_t bytes, bool write, const Moment& now) {
  for (const Range& array : shared_arrays_) {
    if (p < array.begin || p + bytes > array.begin + array.bytes) continue;
    shared_cells_.prepare(shared_bytes_, write ? bytes : 0);
    return check_cells(shared_cells_, static_cast<size_t>(p - shared_), bytes, write, true, false, now);
  }
  return std::string(write ? "write" : "read") + " of " + std::to_string(bytes) +
         " bytes out of bounds of every shared array";
}

std::string AccessLog::check_cells(Cells& cells, size_t offset, size_t bytes, bool write, bool shared, bool initialised,
                                   const Moment& now) {
  const auto at = [&](const char* what) {
    return std::string(what) + (shared ? " shared" : " device") + " memory at offset " + std::to_string(offset) + ": ";
  };
  const auto race = [&](const Moment& before, const char* was) {
    return at("race in") + (write ? "write by " : "read by ") + who(now) + " after a " + was + " by " + who(before);
  };
  for (size_t i = offset / cells.grain; i * cells.grain < offset + bytes; ++i) {
    Cell& c = cells.cells[i];
    const bool written = shared ? c.write.launch == now.launch && c.write.block == now.block
                                : initialised || c.initialised || c.write.launch != 0;
    if ((!write || now.atomic) && !written) return at("uninitialised read of") + who(now) + " reads what nobody wrote";
    if (races(c.write, now, shared)) return race(c.write, "write");
    if (!write) {
      if (c.read.launch == now.launch && !same_thread(c.read, now)) c.other_read = c.read;
      c.read = now;
      continue;
    }
    if (races(c.read, now, shared)) return race(c.read, "read");
    if (races(c.other_read, now, shared)) return race(c.other_read, "read");
    c.write = now;
  }
  return {};
}

}  // namespace moescope::cuda::on_host
