// The window: GLFW, OpenGL and ImGui around a workspace.
#include "window/window.h"

#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>

#include <chrono>
#include <cmath>
#include <ctime>

#include "assets/assets.h"
#include "widgets/gl/gl.h"
#include "widgets/gl/gl_textures.h"
#include "widgets/panels/status_bar.h"
#include "widgets/ui/fonts.h"
#include "window/key_taps.h"
#include "window/png_file.h"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

namespace moescope {
namespace {

double cpu_ms_of_this_thread() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
}

constexpr double kStallMs = 100;

[[noreturn]] void refuse(const std::string& what) {
  const char* words = nullptr;
  glfwGetError(&words);
  throw WindowError(what + (words ? std::string(" (") + words + ")" : std::string()) +
                    "; use `moescope train` to train without a window");
}

/// ui::Look::clear_rect by OpenGL. The back end has switched the scissor test on; it sets its own before what comes
/// next.
void clear_rect(const ImDrawList*, const ImDrawCmd* command) {
  const auto& fill = *static_cast<const ui::OpaqueFill*>(command->UserCallbackData);
  const ImGuiIO& io = ImGui::GetIO();
  const float sx = io.DisplayFramebufferScale.x, sy = io.DisplayFramebufferScale.y;
  const ImVec4 color = ImGui::ColorConvertU32ToFloat4(fill.color);
  const float bottom = io.DisplaySize.y - fill.y - fill.h;  // OpenGL counts rows from below
  glScissor(static_cast<int>(fill.x * sx), static_cast<int>(bottom * sy), static_cast<int>(fill.w * sx),
            static_cast<int>(fill.h * sy));
  glClearColor(color.x, color.y, color.z, 1);
  glClear(GL_COLOR_BUFFER_BIT);
}

std::string picture_name() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  char text[64];
  std::strftime(text, sizeof text, "moescope-%Y%m%d-%H%M%S.png", &parts);
  return text;
}

}  // namespace

struct Window::Impl {
  Impl(WindowOptions given, LiveRun& live, SessionDoor* door, FindingsDoor* reader, AgentsDoor* stage)
      : options(std::move(given)), run(live), sessions(door), findings(reader), agents(stage) {}
  ~Impl();

  WindowOptions options;
  LiveRun& run;
  SessionDoor* sessions;   // may be null
  FindingsDoor* findings;  // may be null
  AgentsDoor* agents;      // may be null
  GLFWwindow* window = nullptr;
  Workspace workspace;
  ui::Look look;
  KeyTaps taps;
  std::unique_ptr<gl::GlTextures> textures;
  std::shared_ptr<const Snapshot> snapshot;
  uint64_t serial = 0;
  std::shared_ptr<const Look> answer;
  uint64_t look_serial = 0;
  std::vector<std::shared_ptr<const Report>> reports;  // the newest of each id
  std::vector<CheckpointInfo> checkpoints;
  Pace pace;
  FrameStats stats;
  bool fonts_stale = true, look_stale = true, software = false;
  std::string store_text;  // as last drawn
  panels::Leave leave = panels::Leave::undecided;

  void open();
  void start_imgui();
  void set_callbacks();
  void take_news();
  void refresh_look();
  void draw(ImagePixels* picture = nullptr);
  void note_stall(const char* phase, double ms);
  bool may_close();
  ImagePixels read_back() const;
  static Impl& of(GLFWwindow* w) { return *static_cast<Impl*>(glfwGetWindowUserPointer(w)); }
};

void Window::Impl::open() {
  if (!glfwInit()) refuse("no display can be opened");
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
  glfwWindowHint(GLFW_VISIBLE, options.visible ? GLFW_TRUE : GLFW_FALSE);
  glfwWindowHint(GLFW_DEPTH_BITS, 0);
  glfwWindowHint(GLFW_STENCIL_BITS, 0);
  float scale = options.scale;
  int width = options.width, height = options.height;
  if (GLFWmonitor* monitor = glfwGetPrimaryMonitor()) {
    float y = 1;
    int left = 0, top = 0, room_w = 0, room_h = 0;
    if (scale <= 0) glfwGetMonitorContentScale(monitor, &scale, &y);
    glfwGetMonitorWorkarea(monitor, &left, &top, &room_w, &room_h);
    width = static_cast<int>(std::lround(static_cast<float>(width) * std::max(1.f, scale)));
    height = static_cast<int>(std::lround(static_cast<float>(height) * std::max(1.f, scale)));
    if (room_w > 0 && room_h > 0) width = std::min(width, room_w), height = std::min(height, room_h);
  }
  window = glfwCreateWindow(width, height, options.title.c_str(), nullptr, nullptr);
  if (!window) refuse("this display has no OpenGL 3.3");
  glfwMakeContextCurrent(window);
  glfwSwapInterval(1);
  const auto* renderer = reinterpret_cast<const char*>(glGetString(GL_RENDERER));
  const std::string name = renderer ? renderer : "";
  software = name.find("llvmpipe") != std::string::npos || name.find("softpipe") != std::string::npos ||
             name.find("SWR") != std::string::npos;
  glfwSetWindowSizeLimits(window, 720, 480, GLFW_DONT_CARE, GLFW_DONT_CARE);
  look.scale = scale > 0 ? scale : 1;
}

Window::Impl::~Impl() {
  run.set_waker(nullptr);
  if (sessions) sessions->set_waker(nullptr);
  if (findings) findings->set_waker(nullptr);
  if (agents) agents->set_waker(nullptr);
  textures.reset();
  if (ImGui::GetCurrentContext()) {
    ImGui_ImplOpenGL3_Shutdown();
    ImGui_ImplGlfw_Shutdown();
    ImGui::DestroyContext();
  }
  if (window) glfwDestroyWindow(window);
  glfwTerminate();
}

void Window::Impl::start_imgui() {
  ImGui::CreateContext();
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = io.LogFilename = nullptr;
  io.ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
  ImGui_ImplGlfw_InitForOpenGL(window, true);
  ImGui_ImplOpenGL3_Init("#version 330 core");
  textures = std::make_unique<gl::GlTextures>(gl::HeatMapFiles{shader_path("heatmap.vert").string(),
                                                               shader_path("heatmap.frag").string(),
                                                               asset_path("colormaps/magma.txt").string()});
  look.clear_rect = clear_rect;
  ui::use(look);
}

void Window::Impl::set_callbacks() {
  glfwSetWindowUserPointer(window, this);
  glfwSetKeyCallback(window, [](GLFWwindow* w, int key, int, int action, int mods) {
    if (action == GLFW_PRESS) {
      of(w).look.key_presses.push_back({key, (mods & GLFW_MOD_CONTROL) != 0});
      of(w).taps.pressed(key, mods);
    }
    of(w).pace.input(glfwGetTime());
  });
  glfwSetCharCallback(window, [](GLFWwindow* w, unsigned) { of(w).pace.input(glfwGetTime()); });
  glfwSetMouseButtonCallback(window, [](GLFWwindow* w, int, int, int) { of(w).pace.input(glfwGetTime()); });
  glfwSetScrollCallback(window, [](GLFWwindow* w, double, double) { of(w).pace.input(glfwGetTime()); });
  glfwSetCursorPosCallback(window, [](GLFWwindow* w, double, double) { of(w).pace.input(glfwGetTime()); });
  glfwSetCursorEnterCallback(window, [](GLFWwindow* w, int) { of(w).pace.input(glfwGetTime()); });
  glfwSetWindowFocusCallback(window, [](GLFWwindow* w, int) { of(w).pace.input(glfwGetTime()); });
  glfwSetFramebufferSizeCallback(window, [](GLFWwindow* w, int, int) { of(w).pace.input(glfwGetTime()); });
  glfwSetWindowRefreshCallback(window, [](GLFWwindow* w) { of(w).pace.again(); });
  glfwSetWindowContentScaleCallback(window, [](GLFWwindow* w, float x, float) {
    Impl& self = of(w);
    if (self.options.scale > 0 || x <= 0) return;
    self.look.scale = x;
    self.fonts_stale = self.look_stale = true;
    self.pace.input(glfwGetTime());
  });
  glfwSetDropCallback(window, [](GLFWwindow* w, int count, const char** paths) {
    of(w).run.open_files({paths, paths + count});
    of(w).pace.input(glfwGetTime());
  });
}

void Window::Impl::take_news() {
  if (run.take(snapshot)) {
    ++serial;
    pace.data();
  }
  if (run.take_look(answer)) {
    ++look_serial;
    pace.again();  // somebody waits for it
  }
  for (std::shared_ptr<const Report>& report : run.take_reports()) {
    std::erase_if(reports, [&](const auto& old) { return old->request.id == report->request.id; });
    reports.push_back(std::move(report));
    pace.data();
  }
  RunNews news = run.take_news();
  if (news.other_run) {
    workspace.forget_run();
    reports.clear();
    answer.reset();
    pace.again();
  }
  workspace.add(news.metrics, news.applied);
  if (news.checkpoints) checkpoints = std::move(*news.checkpoints);
  if (!news.metrics.empty() || !news.applied.empty() || news.checkpoints) pace.data();
  if (workspace.take_session_news()) pace.again();
  if (workspace.take_agent_news()) pace.data();
  for (std::string& text : run.drain_notices()) {
    workspace.banner().notice(std::move(text));
    pace.again();
  }
  const panels::StoreStatus store = run.store_status();
  const std::string text = panels::saved_text(store) + store.message;
  if (text != store_text) {
    store_text = text;
    pace.again();
  }
}

void Window::Impl::refresh_look() {
  if (workspace.dark != look.theme.dark) look_stale = true;
  if (!fonts_stale && !look_stale) return;
  look.theme = workspace.dark ? ui::dark_theme() : ui::light_theme();
  if (fonts_stale) {
    ui::load_fonts(look);
    ImGui_ImplOpenGL3_DestroyFontsTexture();
    ImGui_ImplOpenGL3_CreateFontsTexture();
  }
  ui::apply_to_imgui(look);
  fonts_stale = look_stale = false;
}

void Window::Impl::note_stall(const char* phase, double ms) {
  if (ms <= kStallMs || stats.frames <= 2) return;  // the first frames upload fonts and compile shaders
  ++stats.stalls;
  stats.last_stall = "step " + std::to_string(snapshot ? snapshot->step : 0) + ": " + phase + " took " +
                     std::to_string(std::lround(ms)) + " ms";
  if (options.log) options.log("window stalled at " + stats.last_stall);
}

void Window::Impl::draw(ImagePixels* picture) {
  const double start = glfwGetTime(), cpu_start = cpu_ms_of_this_thread();
  refresh_look();
  look.palette = workspace.safe_colors ? ui::Palette::safe : ui::Palette::full;
  look.redraw_in = 1e9;
  look.opaque_fills.clear();
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplGlfw_NewFrame();
  taps.hold();
  ImGui::NewFrame();
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  std::vector<Command> commands;
  panels::Seen seen{snapshot.get(), serial, textures.get(), start, answer.get(), look_serial, reports};
  seen.checkpoints = checkpoints;
  const bool was_dark = workspace.dark, was_safe = workspace.safe_colors;
  workspace.draw_ui({0, 0, size.x, size.y}, seen, run.gallery(), run.store_status(), commands);
  ImGui::Render();
  look.key_presses.clear();
  const bool key_came_up = taps.let_go(window);
  for (Command& command : commands) run.send(std::move(command));
  if (const std::optional<int64_t> choice = workspace.take_checkpoint_choice()) run.explore_checkpoint(*choice);
  if (const std::optional<int64_t> step = workspace.take_branch()) run.branch(*step);
  if (std::optional<LookRequest> request = workspace.explore().take_look_request()) run.look(std::move(*request));
  if (workspace.explore().take_stop_looking()) run.stop_looking();
  if (std::vector<std::string> pasted = workspace.take_pasted(); !pasted.empty()) run.open_files(std::move(pasted));
  panels::ReportAsks asks = workspace.explore().take_report_asks();
  for (const int64_t id : asks.cancelled) run.cancel_report(id);
  for (ReportRequest& request : asks.reports) run.report(std::move(request));
  const double built = glfwGetTime(), cpu_built = cpu_ms_of_this_thread();

  int width = 0, height = 0;
  glfwGetFramebufferSize(window, &width, &height);
  glViewport(0, 0, width, height);
  const ImVec4 background = ImGui::ColorConvertU32ToFloat4(look.theme.background);
  glClearColor(background.x, background.y, background.z, 1);
  glClear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  const double submitted = glfwGetTime();
  if (picture) *picture = read_back();
  glfwSwapBuffers(window);
  const double now = glfwGetTime();

  stats.build_ms = 1e3 * (built - start);
  stats.worst_build_ms = stats.frames > 2 ? std::max(stats.worst_build_ms, stats.build_ms) : 0;
  stats.add_build(cpu_built - cpu_start);
  stats.submit_ms = 1e3 * (submitted - built);
  stats.swap_ms = 1e3 * (now - submitted);
  note_stall("build", stats.build_ms);
  if (!software) note_stall("submit", stats.submit_ms);  // else it is the rasteriser's time, which Pace keeps in bounds
  // Waiting for the display is no cost to others; a software rasteriser's swap is.
  pace.drawn(now, (software ? now : submitted) - start);
  pace.timer(look.redraw_in < 1e8 ? now + look.redraw_in : 1e18);
  // After drawn(), which counts this frame off.
  if (workspace.needs_another_frame() || key_came_up || workspace.dark != was_dark || workspace.safe_colors != was_safe)
    pace.again();
}

/// Whether a wish to close is granted: at once when nothing trains, else when the sheet has been answered.
bool Window::Impl::may_close() {
  if (workspace.leave() == panels::Leave::save || workspace.leave() == panels::Leave::go_on) {
    leave = workspace.leave();
    return true;
  }
  if (!glfwWindowShouldClose(window)) return false;
  if (!snapshot || snapshot->state != RunState::running) {
    leave = panels::Leave::save;
    return true;
  }
  glfwSetWindowShouldClose(window, GLFW_FALSE);
  workspace.ask_to_leave();
  pace.again();
  return false;
}

ImagePixels Window::Impl::read_back() const {
  int width = 0, height = 0;
  glfwGetFramebufferSize(window, &width, &height);
  std::vector<uint8_t> upside_down(static_cast<size_t>(width) * static_cast<size_t>(height) * 3);
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glReadBuffer(GL_BACK);
  glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE, upside_down.data());
  ImagePixels pixels{height, width, 3, std::vector<uint8_t>(upside_down.size())};
  const size_t row = static_cast<size_t>(width) * 3;
  for (size_t y = 0; y < static_cast<size_t>(height); ++y)
    std::copy_n(upside_down.data() + (static_cast<size_t>(height) - 1 - y) * row, row, pixels.values.data() + y * row);
  return pixels;
}

Window::Window(WindowOptions options, LiveRun& run, SessionDoor* sessions, FindingsDoor* findings, AgentsDoor* agents)
    : impl_(std::make_unique<Impl>(std::move(options), run, sessions, findings, agents)) {
  Impl& self = *impl_;
  self.open();
  self.set_callbacks();
  self.workspace.dark = self.options.dark;
  self.workspace.explore().reroute = [&run](const RoutingMap& map, const WhatIf& what_if, const RouterConfig& router,
                                            int64_t image) { return run.reroute(map, what_if, router, image); };
  self.workspace.compare().door = self.workspace.figures().door = self.workspace.findings().sessions = sessions;
  self.workspace.compare().colors = self.workspace.figures().colors = self.workspace.findings().colors =
      load_color_map();
  self.workspace.findings().door = findings;
  self.workspace.agents().door = agents;
  self.start_imgui();
  run.set_waker([] { glfwPostEmptyEvent(); });
  if (sessions) sessions->set_waker([] { glfwPostEmptyEvent(); });
  if (findings) findings->set_waker([] { glfwPostEmptyEvent(); });
  if (agents) agents->set_waker([] { glfwPostEmptyEvent(); });
}

Window::~Window() = default;

bool Window::turn(double at_most_secs, bool* drew) {
  Impl& self = *impl_;
  const double wait = std::min(at_most_secs, self.pace.wait_secs(glfwGetTime()));
  if (wait > 0)
    glfwWaitEventsTimeout(wait);
  else
    glfwPollEvents();
  self.take_news();
  const bool hidden = glfwGetWindowAttrib(self.window, GLFW_ICONIFIED) != 0;
  const bool due = !hidden && self.pace.due(glfwGetTime());
  if (due) self.draw();
  if (drew) *drew = due;
  if (self.workspace.screenshot_wanted) {
    self.workspace.screenshot_wanted = false;
    const std::string path = self.options.screenshot_folder + "/" + picture_name();
    try {
      write_png(screenshot(), path);
      self.workspace.banner().tell("picture saved as " + path);
    } catch (const UserError& error) { self.workspace.banner().notice(error.what()); }
    self.pace.again();
  }
  return !self.may_close();
}

panels::Leave Window::run_until_closed() {
  while (turn(1.0)) {}
  return impl_->leave;
}

panels::Leave Window::leave() const { return impl_->leave; }
std::string Window::view_text() const {
  panels::Seen seen;
  seen.snapshot = impl_->snapshot.get();
  return impl_->workspace.view_text(seen);
}
std::shared_ptr<const Snapshot> Window::snapshot() const { return impl_->snapshot; }

void Window::close() { glfwSetWindowShouldClose(impl_->window, GLFW_TRUE); }

void Window::wake() { glfwPostEmptyEvent(); }

void Window::draw_now() {
  impl_->take_news();
  impl_->draw();
}

ImagePixels Window::screenshot() {
  ImagePixels picture;
  impl_->take_news();
  impl_->draw(&picture);
  return picture;
}

const FrameStats& Window::stats() const { return impl_->stats; }
Workspace& Window::workspace() { return impl_->workspace; }
bool Window::software_gl() const { return impl_->software; }

}  // namespace moescope
