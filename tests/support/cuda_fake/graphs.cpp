// Stream capture and graphs.
#include "support/cuda_fake/world.h"

using namespace cuda_fake;

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  World& w = world();
  const std::lock_guard lock(w.mutex);
  if (const cudaError_t e = healthy()) return e;
  Stream* s = stream_of(stream, "cudaStreamBeginCapture");
  if (!s) return w.last;
  if (mode != cudaStreamCaptureModeThreadLocal)
    return refuse(cudaErrorInvalidValue,
                  "cudaStreamBeginCapture: another mode hides mistakes, or hinders other threads");
  Graph*& capture = w.captures[std::this_thread::get_id()];
  if (capture) return refuse(cudaErrorIllegalState, "cudaStreamBeginCapture: a capture is in progress");
  capture = new Graph;
  w.graphs.insert(capture);
  s->capturing = capture;
  s->origin = true;
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  World& w = world();
  const std::lock_guard lock(w.mutex);
  Stream* s = stream_of(stream, "cudaStreamIsCapturing");
  if (!s) return w.last;
  *status = !s->capturing          ? cudaStreamCaptureStatusNone
            : s->capturing->broken ? cudaStreamCaptureStatusInvalidated
                                   : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  World& w = world();
  const std::lock_guard lock(w.mutex);
  Stream* s = stream_of(stream, "cudaStreamEndCapture");
  if (!s || !s->origin || !s->capturing)
    return refuse(cudaErrorIllegalState, "cudaStreamEndCapture: this stream began no capture");
  Graph* made = s->capturing;
  bool joined = true;
  for (const auto& [other, open] : made->unjoined) joined = joined && (!open || other == s);
  for (Stream* each : w.streams)
    if (each->capturing == made) each->capturing = nullptr;
  s->origin = false;
  std::erase_if(w.captures, [&](const auto& one) { return one.second == made; });
  *graph = nullptr;
  if (!made->broken && joined) {
    *graph = reinterpret_cast<cudaGraph_t>(made);
    return cudaSuccess;
  }
  const bool broken = made->broken;  // nobody gets such a graph, so nobody destroys it
  w.graphs.erase(made);
  delete made;
  return broken ? refuse(cudaErrorStreamCaptureInvalidated, w.message + " (the capture is void)")
                : refuse(cudaErrorStreamCaptureUnjoined, "cudaStreamEndCapture: a forked stream did not come back");
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count) {
  const std::lock_guard lock(world().mutex);
  if (nodes) return refuse(cudaErrorInvalidValue, "cudaGraphGetNodes: the fake only counts them");
  *count = reinterpret_cast<Graph*>(graph)->nodes.size();
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* made, cudaGraph_t graph, unsigned long long) {
  World& w = world();
  const std::lock_guard lock(w.mutex);
  if (const cudaError_t e = healthy()) return e;
  auto* g = reinterpret_cast<Graph*>(graph);
  if (!w.graphs.contains(g)) return refuse(cudaErrorInvalidValue, "cudaGraphInstantiate: not a graph");
  auto* copy = new Graph;
  copy->nodes = g->nodes;
  w.executables.insert(copy);
  *made = reinterpret_cast<cudaGraphExec_t>(copy);
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t stream) {
  World& w = world();
  const std::lock_guard lock(w.mutex);
  auto* g = reinterpret_cast<Graph*>(graph);
  if (!w.executables.contains(g)) return refuse(cudaErrorInvalidValue, "cudaGraphLaunch: not an executable graph");
  ++w.graph_launches;
  return submit(stream, [g] {
    if (!world().executables.contains(g)) return refuse(cudaErrorIllegalAddress, "a graph was destroyed before it ran");
    for (const Work& node : g->nodes)
      if (const cudaError_t e = node()) return e;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) {
  World& w = world();
  const std::lock_guard lock(w.mutex);
  auto* g = reinterpret_cast<Graph*>(graph);
  if (w.executables.erase(g) == 0)
    return refuse(cudaErrorInvalidValue, "cudaGraphExecDestroy: not an executable graph");
  delete g;
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  World& w = world();
  const std::lock_guard lock(w.mutex);
  auto* g = reinterpret_cast<Graph*>(graph);
  if (w.graphs.erase(g) == 0) return refuse(cudaErrorInvalidValue, "cudaGraphDestroy: not a graph");
  delete g;
  return cudaSuccess;
}
}
