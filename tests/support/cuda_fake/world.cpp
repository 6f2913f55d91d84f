// The queues: what runs when, and what a test can turn.
#include "support/cuda_fake/world.h"

#include <cstring>

#include "compute/cuda/on_host/machine.h"

namespace cuda_fake {

namespace {

namespace machine = moescope::cuda::on_host;

/// A kernel's launch, from the machine that runs kernels on the host.
cudaError_t submit_kernel(cudaStream_t stream, machine::Work kernel) {
  return submit(stream, [kernel = std::move(kernel)] {
    World& w = world();
    if (w.lose_after >= 0 && w.launches >= w.lose_after) return refuse(cudaErrorIllegalAddress, "the device was lost");
    ++w.launches;
    const cudaError_t status = kernel();
    return status == cudaSuccess ? status : refuse(status, machine::last_report());
  });
}

}  // namespace

World& world() {
  static World one;
  static const bool connected = [] {
    machine::set_submit(submit_kernel);
    return true;
  }();
  static_cast<void>(connected);
  return one;
}

cudaError_t refuse(cudaError_t error, const std::string& why) {
  world().message = why;
  return world().last = error;
}

cudaError_t break_device(cudaError_t error, const std::string& why) {
  world().sticky = error;
  return refuse(error, why);
}

cudaError_t healthy() {
  if (world().sticky != cudaSuccess) world().last = world().sticky;
  return world().sticky;
}

Stream* stream_of(cudaStream_t stream, const char* call) {
  auto* s = reinterpret_cast<Stream*>(stream);
  if (world().streams.contains(s)) return s;
  refuse(cudaErrorInvalidResourceHandle,
         std::string(call) + ": not a stream of this program (the default one is not used)");
  return nullptr;
}

bool illegal_in_capture(const char* call) {
  World& w = world();
  const auto mine = w.captures.find(std::this_thread::get_id());  // as cudaStreamCaptureModeThreadLocal has it
  if (mine == w.captures.end()) return false;
  mine->second->broken = true;
  refuse(cudaErrorStreamCaptureUnsupported, std::string(call) + " is not allowed while a stream is captured");
  return true;
}

cudaError_t submit(cudaStream_t stream, Work work) {
  const std::lock_guard lock(world().mutex);
  if (const cudaError_t e = healthy()) return e;
  Stream* s = stream_of(stream, "work");
  if (!s) return world().last;
  if (s->capturing) {
    s->capturing->nodes.push_back(std::move(work));
    return cudaSuccess;
  }
  s->queue.push_back({std::move(work), nullptr, 0});
  run_some();
  return cudaSuccess;
}

namespace {

Stream* holder_of(uint64_t ticket) {
  for (Stream* s : world().streams)
    for (const Operation& op : s->queue)
      if (op.ticket == ticket) return s;
  return nullptr;
}

/// The front of a queue is done and taken away.
cudaError_t run_front(Stream& s) {
  World& w = world();
  if (s.queue.front().wait) {
    const uint64_t ticket = *s.queue.front().wait;
    if (!w.reached.contains(ticket)) {
      Stream* other = holder_of(ticket);
      if (!other) return break_device(cudaErrorUnknown, "a wait for an event that nobody records");
      if (const cudaError_t e = run(*other, ticket)) return e;
    }
  }
  const Operation op = std::move(s.queue.front());
  s.queue.pop_front();
  if (op.ticket) w.reached.insert(op.ticket);
  if (!op.work) return cudaSuccess;
  const cudaError_t e = op.work();
  return e == cudaSuccess ? e : break_device(e, w.message.empty() ? "queued work failed" : w.message);
}

}  // namespace

cudaError_t run(Stream& s, uint64_t ticket) {
  while (!s.queue.empty() && (ticket == 0 || !world().reached.contains(ticket)))
    if (const cudaError_t e = run_front(s)) return e;
  return healthy();
}

cudaError_t run_all() {
  for (Stream* s : world().streams)
    if (const cudaError_t e = run(*s)) return e;
  return healthy();
}

void run_some() {
  World& w = world();
  if (!w.early || w.sticky != cudaSuccess) return;
  for (Stream* s : w.streams) {
    if (((s->number ^ w.seed) & 1) != 0) continue;  // this one stays late: what it should have waited for shows
    for (auto n = w.random() % 3; n > 0 && !s->queue.empty(); --n)
      if (run_front(*s) != cudaSuccess) return;
  }
}

const Allocation* holding(const void* p, size_t bytes) {
  const auto& memory = world().memory;
  const auto* at = static_cast<const std::byte*>(p);
  auto it = memory.upper_bound(at);
  if (it == memory.begin()) return nullptr;
  --it;
  return at + bytes <= it->first + it->second.bytes ? &it->second : nullptr;
}

void poison(void* p, size_t bytes) { std::memset(p, 0xFF, bytes); }

namespace {

void reset(World& w) {
  w.sticky = w.last = cudaSuccess;
  w.message.clear();
  w.early = false;
  w.devices = 1, w.driver = 13000, w.memory_limit = int64_t{8} << 30;
  w.launches = 0, w.lose_after = -1, w.host_waits = 0, w.waits_to_ignore = 0, w.graph_launches = 0;
  w.bytes_to_device = w.bytes_to_host = w.copies_to_fail = 0;
  w.products = {};
  w.gl_device = -1, w.gl_writes = w.gl_misuses = 0;
  for (Stream* s : w.streams) s->queue.clear();
  if (w.streams.empty()) w.next_stream = 0;  // the plug-in stays loaded, and each test begins alike
}

}  // namespace
}  // namespace cuda_fake

int64_t cuda_fake_control(const char* what, int64_t value) {
  using namespace cuda_fake;
  World& w = world();
  const std::lock_guard lock(w.mutex);
  const std::string name = what;
  if (name == "reset") return reset(w), 0;
  if (name == "seed") {
    w.early = value != 0;
    w.seed = static_cast<uint64_t>(value);
    w.random.seed(static_cast<unsigned>(value));
    machine::set_order(value == 0 ? machine::ThreadOrder::forward : machine::ThreadOrder::random,
                       static_cast<unsigned>(value));
    return value;
  }
  const std::map<std::string, int64_t*> fields = {{"devices", &w.devices},
                                                  {"driver", &w.driver},
                                                  {"memory", &w.memory_limit},
                                                  {"lose_after", &w.lose_after},
                                                  {"launches", &w.launches},
                                                  {"host_waits", &w.host_waits},
                                                  {"in_use", &w.in_use},
                                                  {"most_in_use", &w.most_in_use},
                                                  {"ignore_wait", &w.waits_to_ignore},
                                                  {"graph_launches", &w.graph_launches},
                                                  {"bytes_to_device", &w.bytes_to_device},
                                                  {"bytes_to_host", &w.bytes_to_host},
                                                  {"fail_copy", &w.copies_to_fail},
                                                  {"gl_device", &w.gl_device},
                                                  {"gl_writes", &w.gl_writes},
                                                  {"gl_misuses", &w.gl_misuses},
                                                  {"float32_products", &w.products[0]},
                                                  {"tf32_products", &w.products[1]},
                                                  {"bf16_products", &w.products[2]}};
  const auto found = fields.find(name);
  if (found == fields.end()) return -1;
  if (value >= 0 || (name == "gl_device" && value < -1)) *found->second = value;
  if (name == "lose_after") *found->second = value;
  return *found->second;
}

const char* cuda_fake_message() { return cuda_fake::world().message.c_str(); }
