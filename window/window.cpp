// The loop: news of the run in, frames out, the person's wishes back to the run.
#include "window/window.h"

#include <chrono>
#include <cmath>
#include <ctime>

#include "assets/assets.h"
#include "widgets/gl/gl_textures.h"
#include "widgets/panels/status_bar.h"
#include "widgets/ui/fonts.h"
#include "window/display.h"
#include "window/png_file.h"

namespace moescope {
namespace {

double cpu_ms_of_this_thread() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
}

constexpr double kStallMs = 100;

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
  Impl(WindowOptions given, LiveRun& live, SessionDoor* door, FindingsDoor* reader, AgentsDoor* stage);
  ~Impl();

  WindowOptions options;
  LiveRun& run;
  SessionDoor* sessions;   // may be null
  FindingsDoor* findings;  // may be null
  AgentsDoor* agents;      // may be null
  Workspace workspace;
  ui::Look look;
  Pace pace;
  Display display;
  gl::GlTextures textures;  // after the display, whose OpenGL it uses
  std::shared_ptr<const Snapshot> snapshot;
  uint64_t serial = 0;
  std::shared_ptr<const Look> answer;
  uint64_t look_serial = 0;
  std::vector<std::shared_ptr<const Report>> reports;  // the newest of each id
  std::vector<CheckpointInfo> checkpoints;
  FrameStats stats;
  bool fonts_stale = true, look_stale = true;
  std::string store_text;  // as last drawn
  panels::Leave leave = panels::Leave::undecided;

  DisplayEvents events();
  void open_workspace();
  void set_wakers(const std::function<void()>& wake);
  void take_news();
  void take_looks();
  void tell_road();
  void take_store_text();
  void refresh_look();
  void draw(ImagePixels* picture = nullptr);
  void pass_on_wishes(std::vector<Command>& commands);
  void save_picture();
  void note_stall(const char* phase, double ms);
  bool may_close();
};

Window::Impl::Impl(WindowOptions given, LiveRun& live, SessionDoor* door, FindingsDoor* reader, AgentsDoor* stage)
    : options(std::move(given)),
      run(live),
      sessions(door),
      findings(reader),
      agents(stage),
      display(options, events()),
      textures(gl::HeatMapFiles{shader_path("heatmap.vert").string(), shader_path("heatmap.frag").string(),
                                asset_path("colormaps/magma.txt").string()}) {
  look.scale = display.scale();
  look.clear_rect = clear_rect;
  ui::use(look);
  open_workspace();
  set_wakers(Display::wake);
}

Window::Impl::~Impl() { set_wakers(nullptr); }

DisplayEvents Window::Impl::events() {
  return {[this] { pace.input(Display::now_secs()); }, [this] { pace.again(); },
          [this](ui::KeyPress press) { look.key_presses.push_back(press); },
          [this](float scale) {
            look.scale = scale;
            fonts_stale = look_stale = true;
          },
          [this](std::vector<std::string> files) { run.open_files(std::move(files)); }};
}

void Window::Impl::open_workspace() {
  workspace.dark = options.dark;
  workspace.explore().reroute = [this](const RoutingMap& map, const WhatIf& what_if, const RouterConfig& router,
                                       int64_t image) { return run.reroute(map, what_if, router, image); };
  workspace.compare().door = workspace.figures().door = workspace.findings().sessions = sessions;
  workspace.compare().colors = workspace.figures().colors = workspace.findings().colors = load_color_map();
  workspace.findings().door = findings;
  workspace.agents().door = agents;
}

void Window::Impl::set_wakers(const std::function<void()>& wake) {
  run.set_waker(wake);
  if (sessions) sessions->set_waker(wake);
  if (findings) findings->set_waker(wake);
  if (agents) agents->set_waker(wake);
}

void Window::Impl::take_news() {
  if (run.take(snapshot)) {
    ++serial;
    pace.data();
  }
  take_looks();
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
  take_store_text();
}

/// Which way heat maps take from a GPU is found out when the first is drawn.
void Window::Impl::tell_road() {
  std::optional<gl::DeviceValues::News> news = textures.take_news();
  if (!news) return;
  news->trouble ? workspace.banner().notice(std::move(news->text)) : workspace.banner().tell(std::move(news->text));
  pace.again();
}

void Window::Impl::take_looks() {
  if (run.take_look(answer)) {
    ++look_serial;
    pace.again();  // somebody waits for it
  }
  for (std::shared_ptr<const Report>& report : run.take_reports()) {
    std::erase_if(reports, [&](const auto& old) { return old->request.id == report->request.id; });
    reports.push_back(std::move(report));
    pace.data();
  }
}

void Window::Impl::take_store_text() {
  const panels::StoreStatus store = run.store_status();
  std::string text = panels::saved_text(store) + store.message;
  if (text == store_text) return;
  store_text = std::move(text);
  pace.again();
}

void Window::Impl::refresh_look() {
  if (workspace.dark != look.theme.dark) look_stale = true;
  if (!fonts_stale && !look_stale) return;
  look.theme = workspace.dark ? ui::dark_theme() : ui::light_theme();
  if (fonts_stale) {
    ui::load_fonts(look);
    display.upload_fonts();
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
  const double start = Display::now_secs(), cpu_start = cpu_ms_of_this_thread();
  refresh_look();
  look.palette = workspace.safe_colors ? ui::Palette::safe : ui::Palette::full;
  look.redraw_in = 1e9;
  look.opaque_fills.clear();
  display.begin_frame();
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  std::vector<Command> commands;
  panels::Seen seen{snapshot.get(), serial, &textures, start, answer.get(), look_serial, reports};
  seen.checkpoints = checkpoints;
  const bool was_dark = workspace.dark, was_safe = workspace.safe_colors;
  workspace.draw_ui({0, 0, size.x, size.y}, seen, run.gallery(), run.store_status(), commands);
  const bool key_came_up = display.end_frame();
  look.key_presses.clear();
  pass_on_wishes(commands);
  tell_road();
  const double built = Display::now_secs(), cpu_built = cpu_ms_of_this_thread();

  display.submit(look.theme.background);
  const double submitted = Display::now_secs();
  if (picture) *picture = display.read_back();
  display.show();
  const double now = Display::now_secs();

  stats.build_ms = 1e3 * (built - start);
  stats.worst_build_ms = stats.frames > 2 ? std::max(stats.worst_build_ms, stats.build_ms) : 0;
  stats.add_build(cpu_built - cpu_start);
  stats.submit_ms = 1e3 * (submitted - built);
  stats.swap_ms = 1e3 * (now - submitted);
  note_stall("build", stats.build_ms);
  const bool software = display.software();
  if (!software) note_stall("submit", stats.submit_ms);  // else it is the rasteriser's time, which Pace keeps in bounds
  // Waiting for the display is no cost to others; a software rasteriser's swap is.
  pace.drawn(now, (software ? now : submitted) - start);
  pace.timer(look.redraw_in < 1e8 ? now + look.redraw_in : 1e18);
  // After drawn(), which counts this frame off.
  if (workspace.needs_another_frame() || key_came_up || workspace.dark != was_dark || workspace.safe_colors != was_safe)
    pace.again();
}

void Window::Impl::pass_on_wishes(std::vector<Command>& commands) {
  for (Command& command : commands) run.send(std::move(command));
  if (const std::optional<int64_t> choice = workspace.take_checkpoint_choice()) run.explore_checkpoint(*choice);
  if (const std::optional<int64_t> step = workspace.take_branch()) run.branch(*step);
  if (std::optional<LookRequest> request = workspace.explore().take_look_request()) run.look(std::move(*request));
  if (workspace.explore().take_stop_looking()) run.stop_looking();
  if (std::vector<std::string> pasted = workspace.take_pasted(); !pasted.empty()) run.open_files(std::move(pasted));
  panels::ReportAsks asks = workspace.explore().take_report_asks();
  for (const int64_t id : asks.cancelled) run.cancel_report(id);
  for (ReportRequest& request : asks.reports) run.report(std::move(request));
}

void Window::Impl::save_picture() {
  const std::string path = options.screenshot_folder + "/" + picture_name();
  ImagePixels picture;
  draw(&picture);
  try {
    write_png(picture, path);
    workspace.banner().tell("picture saved as " + path);
  } catch (const UserError& error) { workspace.banner().notice(error.what()); }
  pace.again();
}

/// Whether a wish to close is granted: at once when nothing is at work, else when the sheet has been answered.
bool Window::Impl::may_close() {
  if (workspace.leave() == panels::Leave::save || workspace.leave() == panels::Leave::go_on) {
    leave = workspace.leave();
    return true;
  }
  if (!display.close_wanted()) return false;
  panels::Seen seen;
  seen.snapshot = snapshot.get();
  if (!workspace.at_work(seen).any()) {
    leave = panels::Leave::save;
    return true;
  }
  display.want_close(false);
  workspace.ask_to_leave();
  pace.again();
  return false;
}

Window::Window(WindowOptions options, LiveRun& run, SessionDoor* sessions, FindingsDoor* findings, AgentsDoor* agents)
    : impl_(std::make_unique<Impl>(std::move(options), run, sessions, findings, agents)) {}

Window::~Window() = default;

bool Window::turn(double at_most_secs, bool* drew) {
  Impl& self = *impl_;
  self.display.wait(std::min(at_most_secs, self.pace.wait_secs(Display::now_secs())));
  self.take_news();
  const bool due = !self.display.minimised() && self.pace.due(Display::now_secs());
  if (due) self.draw();
  if (drew) *drew = due;
  if (std::exchange(self.workspace.screenshot_wanted, false)) self.save_picture();
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

void Window::close() { impl_->display.want_close(true); }

void Window::wake() { Display::wake(); }

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
bool Window::software_gl() const { return impl_->display.software(); }

}  // namespace moescope
