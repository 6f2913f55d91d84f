// Streams and events.
#include "support/cuda_fake/world.h"

using namespace cuda_fake;

extern "C" {

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  World& w = world();
  const std::lock_guard lock(w.mutex);
  if (const cudaError_t e = healthy()) return e;
  if (w.devices == 0) return refuse(cudaErrorNoDevice, "no device");
  if (flags != cudaStreamNonBlocking)
    return refuse(cudaErrorInvalidValue, "streams are made without the default one's order");
  auto* made = new Stream;
  made->number = w.next_stream++;
  w.streams.insert(made);
  *stream = reinterpret_cast<cudaStream_t>(made);
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  World& w = world();
  const std::lock_guard lock(w.mutex);
  Stream* s = stream_of(stream, "cudaStreamDestroy");
  if (!s) return w.last;
  if (w.sticky == cudaSuccess) run(*s);
  w.streams.erase(s);
  delete s;
  return w.sticky;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  World& w = world();
  const std::lock_guard lock(w.mutex);
  if (const cudaError_t e = healthy()) return e;
  Stream* s = stream_of(stream, "cudaStreamSynchronize");
  if (!s) return w.last;
  if (illegal_in_capture("cudaStreamSynchronize")) return w.last;
  ++w.host_waits;
  return run(*s);
}

cudaError_t cudaDeviceSynchronize() {
  World& w = world();
  const std::lock_guard lock(w.mutex);
  if (illegal_in_capture("cudaDeviceSynchronize")) return w.last;
  ++w.host_waits;
  return run_all();
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  World& w = world();
  const std::lock_guard lock(w.mutex);
  if (const cudaError_t e = healthy()) return e;
  auto* made = new Event;
  w.events.insert(made);
  *event = reinterpret_cast<cudaEvent_t>(made);
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  World& w = world();
  const std::lock_guard lock(w.mutex);
  auto* e = reinterpret_cast<Event*>(event);
  if (w.events.erase(e) == 0) return refuse(cudaErrorInvalidResourceHandle, "cudaEventDestroy: not an event");
  delete e;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  World& w = world();
  const std::lock_guard lock(w.mutex);
  if (const cudaError_t e = healthy()) return e;
  Stream* s = stream_of(stream, "cudaEventRecord");
  auto* e = reinterpret_cast<Event*>(event);
  if (!s || !w.events.contains(e))
    return refuse(cudaErrorInvalidResourceHandle, "cudaEventRecord: not an event or stream");
  e->stream = s;
  e->captured = s->capturing;
  if (s->capturing) return s->capturing->unjoined[s] = true, cudaSuccess;
  e->ticket = w.next_ticket++;
  s->queue.push_back({{}, nullptr, e->ticket});
  run_some();
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  World& w = world();
  const std::lock_guard lock(w.mutex);
  if (const cudaError_t e = healthy()) return e;
  Stream* s = stream_of(stream, "cudaStreamWaitEvent");
  auto* e = reinterpret_cast<Event*>(event);
  if (!s || !w.events.contains(e))
    return refuse(cudaErrorInvalidResourceHandle, "cudaStreamWaitEvent: not an event or stream");
  if (w.waits_to_ignore > 0) return --w.waits_to_ignore, cudaSuccess;  // a test's defect
  if (e->captured) {
    if (s->capturing && s->capturing != e->captured)
      return refuse(cudaErrorStreamCaptureIsolation, "cudaStreamWaitEvent: two captures meet");
    s->capturing = e->captured;
    e->captured->unjoined[s] = false;
    if (s->origin)
      e->captured->unjoined[e->stream] = false;
    else
      e->captured->unjoined[s] = true;
    return cudaSuccess;
  }
  if (s->capturing) {
    s->capturing->broken = true;
    return refuse(cudaErrorStreamCaptureIsolation,
                  "cudaStreamWaitEvent: a captured stream waits for work outside of its capture");
  }
  if (e->ticket == 0) return cudaSuccess;  // never recorded: nothing to wait for
  s->queue.push_back({{}, std::make_shared<uint64_t>(e->ticket), 0});
  run_some();
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  World& w = world();
  const std::lock_guard lock(w.mutex);
  if (const cudaError_t e = healthy()) return e;
  auto* e = reinterpret_cast<Event*>(event);
  if (!w.events.contains(e)) return refuse(cudaErrorInvalidResourceHandle, "cudaEventSynchronize: not an event");
  if (e->captured) return refuse(cudaErrorCapturedEvent, "cudaEventSynchronize: the event belongs to a capture");
  if (illegal_in_capture("cudaEventSynchronize")) return w.last;
  ++w.host_waits;
  if (e->ticket == 0 || w.reached.contains(e->ticket)) return cudaSuccess;
  return run(*e->stream, e->ticket);
}
}
