// What the page asks of the store, and what it does with the answers.
#include "window/compare_page.h"

#include <algorithm>
#include <cmath>

#include "compute/records/test_image.h"
#include "widgets/panels/gallery.h"

namespace moescope {

namespace {

constexpr int64_t kPairImages = 32;
constexpr CompareView kFigureViews[] = {CompareView::curves, CompareView::compute, CompareView::settings};

bool is_over(const SessionJob& job) {
  return job.state != SessionJob::State::waiting && job.state != SessionJob::State::running;
}

bool looks_the_same(const SessionJob& a, const SessionJob& b) {
  return a.job_id == b.job_id && a.state == b.state && a.share == b.share && a.title == b.title;
}

}  // namespace

bool ComparePage::take_news() {
  if (!door) return false;
  bool any = door->take_table(table_);
  any |= door->take_comparison(comparison_);
  any |= door->take_pair(pair_);
  any |= experiments_.take_news(*door);
  any |= door->take_found(found_);
  for (const CompareView view : kFigureViews) {
    const auto place = static_cast<int64_t>(view);
    if (std::shared_ptr<const FigureAnswer> answer = door->take_figure(place))
      figures_[place] = std::move(answer), any = true;
  }
  std::vector<SessionJob> jobs = door->take_jobs();
  any |= !std::equal(jobs.begin(), jobs.end(), jobs_.begin(), jobs_.end(), looks_the_same);
  for (const SessionJob& job : jobs) show_runs(job);
  for (const SessionJob& job : jobs)
    if (is_over(job)) notices_.push_back({job.result, job.state == SessionJob::State::failed});
  std::erase_if(jobs, is_over);
  jobs_ = std::move(jobs);
  for (SessionNotice& notice : door->drain_notices()) notices_.push_back(std::move(notice));
  const std::string written = door->take_written_path();
  if (!written.empty() && ImGui::GetCurrentContext()) ImGui::SetClipboardText(written.c_str());
  return any || !notices_.empty();
}

bool ComparePage::needs_another_frame() const {
  return pair_selection_.hovered != pair_selection_.hovering || crosshair_.moved();
}

bool ComparePage::has_figure(CompareView view) const {
  const auto asked = asked_figures_.find(static_cast<int64_t>(view));
  const auto found = figures_.find(static_cast<int64_t>(view));
  if (asked == asked_figures_.end() || asked->second.empty() || found == figures_.end()) return false;
  return found->second->ask.all || to_json(found->second->ask.spec) == asked->second;
}

std::vector<std::string> ComparePage::runs_of_figure(CompareView view) const {
  const auto found = figures_.find(static_cast<int64_t>(view));
  return found == figures_.end() ? std::vector<std::string>() : found->second->ask.spec.runs;
}

plots::SceneView& ComparePage::scene_view(CompareView view) {
  return view == CompareView::curves ? curve_view_ : view == CompareView::compute ? cost_view_ : settings_view_;
}

/// Alone, or besides the others, each in a panel of its own; besides one that is there takes it out.
void ComparePage::choose_metric(const std::string& key, bool besides) {
  FigureSpec shown;
  shown.key = metric_;
  std::vector<std::string> keys = figure_keys(shown);
  if (!besides)
    keys = {key};
  else if (std::erase(keys, key) == 0)
    keys.push_back(key);
  if (keys.empty()) return;  // one stays
  metric_.clear();
  for (const std::string& one : keys) metric_ += (metric_.empty() ? "" : " ") + one;
}

void ComparePage::update(const PageInput& input, bool shown, std::vector<Command>&) {
  if (input.gallery.own.size() > own_images_ && shown) own_image_ = input.gallery.own.back();  // just dropped
  own_images_ = input.gallery.own.size();
  if (!door || shown) return;
  if (!std::exchange(resting_, true)) door->rest();
}

/// Two runs, or one at two steps: what the pictures show.
std::vector<RunMoment> ComparePage::pair_moments() const {
  const std::vector<RunMoment>& chosen = table_panel_.chosen();
  if (chosen.empty() || chosen.size() > 2) return {};
  RunMoment a = chosen.front(), b = chosen.back();
  a.step = step_a_, b.step = step_b_;
  if (chosen.size() == 1 && step_a_ < 0) a.step = 0;  // its first checkpoint beside its last
  return {a, b};
}

/// The chosen ones; before any is chosen, the one where J and K stand, so that the page is never bare.
std::vector<RunMoment> ComparePage::runs_on_curves() const {
  if (!table_panel_.chosen().empty()) return table_panel_.chosen();
  const RunTableRow* row = table_panel_.current(table_.get());
  return row ? std::vector<RunMoment>{{row->summary.run_id, -1}} : std::vector<RunMoment>();
}

std::optional<FigureSpec> ComparePage::spec_of(CompareView view) const {
  const std::vector<RunMoment> runs = view == CompareView::curves ? runs_on_curves() : table_panel_.chosen();
  if (runs.empty() || view == CompareView::images) return std::nullopt;
  FigureSpec spec;
  for (const RunMoment& run : runs) spec.runs.push_back(moment_text(run));
  if (view == CompareView::curves) {
    spec.kind = "curves";
    spec.key = metric_;
    spec.x = curve_axis_;
    spec.log_x = log_x_, spec.log_y = log_y_;
    const auto zoomed = curve_view_.zoomed_x();  // the part in view, as exactly as it is stored
    if (zoomed && curve_axis_ == "step") {
      spec.first_step = static_cast<int64_t>(std::floor(zoomed->low));
      spec.last_step = static_cast<int64_t>(std::ceil(zoomed->high));
    }
  } else if (view == CompareView::settings) {
    if (spec.runs.size() < 2) return std::nullopt;
    spec.kind = "parallel";
  } else {
    spec.kind = "pareto";
    spec.x = cost_axis_;
  }
  return spec;
}

void ComparePage::ask_figures() {
  for (const CompareView view : kFigureViews) {
    const auto place = static_cast<int64_t>(view);
    const std::optional<FigureSpec> spec = spec_of(view);
    const RunTableQuestion& table = table_panel_.question();
    const bool all = !spec && view == CompareView::compute && view_ == static_cast<int>(view);
    std::string text = spec ? to_json(*spec) : std::string();
    if (all)
      text = "all " + cost_axis_ + (table.archived ? " archived " : table.trash ? " trash " : " ") + table.filter;
    if (asked_figures_[place] == text) continue;
    asked_figures_[place] = text;
    FigureAsk ask{.place = place, .spec = spec.value_or(FigureSpec{})};
    if (all) ask.spec.x = cost_axis_, ask.all = table;
    if (spec || all)
      door->draw(std::move(ask));
    else
      figures_.erase(place);
  }
}

void ComparePage::ask_pair(const PageInput& input) {
  const std::vector<RunMoment> moments = pair_moments();
  if (view_ != static_cast<int>(CompareView::images) || moments.empty()) return;
  PairRequest wanted;
  wanted.a = moments[0], wanted.b = moments[1];
  const int64_t count = std::max<int64_t>(1, input.gallery.count);
  wanted.image = own_image_ ? *own_image_ : test_image(image_index_ % count);
  wanted.num_images = kPairImages;
  if (asked_pair_) {
    wanted.id = asked_pair_->id;
    if (wanted == *asked_pair_) return;
  }
  const bool other_runs = !asked_pair_ || !(asked_pair_->a == wanted.a) || !(asked_pair_->b == wanted.b);
  if (other_runs) pair_.reset();  // pictures of other runs under these names would mislead
  ++wanted.id;
  asked_pair_ = wanted;
  door->look(wanted);
}

std::span<const RunSummary> ComparePage::found_runs(const std::string& typed) {
  if (!door || typed.empty()) return {};
  if (asked_name_ != typed) door->find_runs(typed), asked_name_ = typed;
  return found_ && found_->typed == typed ? std::span(found_->runs) : std::span<const RunSummary>();
}

void ComparePage::ask(const PageInput& input) {
  const panels::RunTablePanel& panel = table_panel_;
  const bool woken = std::exchange(resting_, false);
  if (woken || asked_table_ != panel.question() || asked_first_ != panel.first_row() ||
      asked_rows_ != panel.num_rows()) {
    asked_table_ = panel.question(), asked_first_ = panel.first_row(), asked_rows_ = panel.num_rows();
    door->show_table(panel.question(), asked_first_, asked_rows_);
  }
  if (asked_runs_ != panel.chosen()) {
    asked_runs_ = panel.chosen();
    step_a_ = step_b_ = -1;
    if (asked_runs_.empty()) comparison_.reset();
    door->compare(asked_runs_);
  }
  ask_figures();
  ask_pair(input);
}

/// What twins and small sweeps made is chosen, so that it stands side by side at once.
void ComparePage::show_runs(const SessionJob& job) {
  constexpr size_t kMost = 12;
  if (job.runs.empty() || job.runs.size() > kMost) return;
  std::vector<RunMoment> made;
  for (const int64_t run : job.runs) made.push_back({run, -1});
  table_panel_.choose_only(std::move(made));
}

void ComparePage::act(const panels::RunTableActs& acts) {
  for (const RunEdit& edit : acts.edits) door->edit(edit);
  for (const int64_t run : acts.replays) door->replay(run);
  if (acts.new_runs) experiments_.open();
  if (acts.report) door->save_report(table_panel_.chosen());
}

void ComparePage::save_shown_figure() {
  if (const std::optional<FigureSpec> spec = spec_of(static_cast<CompareView>(view_)))
    door->save_figure(*spec);
  else
    notices_.push_back({"no figure is on view: choose runs and open Curves, Compute or Settings", true});
}

void ComparePage::take_keys(const PageInput& input) {
  if (!input.has_keyboard || table_panel_.columns_open() || experiments_.is_open()) return;
  panels::RunTableActs acts;
  table_panel_.take_keys(table_.get(), acts);
  act(acts);
  view_ = (view_ + ui::typed('v')) % 4;
  if (ui::typed('m') % 2 == 1) table_large_ = !table_large_;
  if (ui::ctrl_typed('e')) save_shown_figure();
  if (view_ == static_cast<int>(CompareView::images)) {
    panels::PairPicture::take_keys(pair_.get(), pair_selection_);
    const int64_t move = ui::typed(']') - ui::typed('['), count = std::max<int64_t>(1, input.gallery.count);
    if (move != 0) image_index_ = (image_index_ + move + count) % count, own_image_.reset();
  } else if (ui::typed('f') > 0) {
    for (const CompareView view : kFigureViews) scene_view(view).fit();
  }
}

std::vector<ui::KeyHint> ComparePage::key_hints(const PageInput&) const {
  const bool images = view_ == static_cast<int>(CompareView::images) && pair_ && !pair_->layers.empty();
  const bool figure = spec_of(static_cast<CompareView>(view_)).has_value();
  std::vector<ui::KeyHint> hints = {{"Shift hold", "blink", images}, {",  .", "layer", images},
                                    {"[  ]", "image", images},       {"W", "way of looking", images},
                                    {"L", "matched or raw", images}, {"Ctrl+E", "save figure", figure},
                                    {"V", "next view", true}};
  const std::vector<ui::KeyHint> of_table = table_panel_.key_hints(table_.get());
  hints.insert(hints.end(), of_table.begin(), of_table.end());
  return hints;
}

}  // namespace moescope
