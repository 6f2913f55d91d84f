// The window: a workspace on a display, fed by a run and by what reads the store.
#pragma once

#include <memory>
#include <string>

#include "window/agents_door.h"
#include "window/findings_door.h"
#include "window/live_run.h"
#include "window/pace.h"
#include "window/session_door.h"
#include "window/window_options.h"
#include "window/workspace.h"

namespace moescope {

class Window {
 public:
  /// Opens the window. Throws WindowError. The run and what reads the store must outlive it; without them the pages
  /// about stored runs say so.
  Window(WindowOptions options, LiveRun& run, SessionDoor* sessions = nullptr, FindingsDoor* findings = nullptr,
         AgentsDoor* agents = nullptr);
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  /// Draws and answers until the person closes the window. Closing it while the run trains asks what becomes of the
  /// run; `save` when it does not train.
  panels::Leave run_until_closed();
  /// One turn of that loop: waits for events (at most at_most_secs), takes what is new, draws when a frame is due.
  /// False when the window was closed. `drew` tells whether a frame was drawn.
  bool turn(double at_most_secs, bool* drew = nullptr);
  /// The same as a click on the window's close button.
  void close();
  /// Makes a waiting turn() return; any thread may call it.
  void wake();

  /// Takes what is new and draws a frame, due or not (for measuring).
  void draw_now();
  /// Draws a frame now and reads it back (RGB).
  ImagePixels screenshot();
  /// What the person decided when the window was closed; undecided before.
  panels::Leave leave() const;
  /// Workspace::view_text of what is on screen.
  std::string view_text() const;
  /// What came last from the run; null before anything came.
  std::shared_ptr<const Snapshot> snapshot() const;
  const FrameStats& stats() const;
  Workspace& workspace();
  /// True when a software rasteriser draws.
  bool software_gl() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace moescope
