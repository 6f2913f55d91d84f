// What the page asks of the store, and what it does with the answers.
#include "window/figures_page.h"

#include <algorithm>
#include <charconv>

#include "compute/records/words.h"

namespace moescope {

namespace {

constexpr int64_t kPlace = 10;  // of FigureAsk; the compare page has the ones below

}  // namespace

void FiguresPage::set_chosen(const std::vector<RunMoment>& runs) {
  std::string text;
  for (const RunMoment& run : runs) text += (text.empty() ? "" : " ") + moment_text(run);
  if (text == chosen_text_) return;
  if (runs_text_.empty() || runs_text_ == chosen_text_) runs_text_ = text;  // what a person wrote stays
  chosen_text_ = text;
}

bool FiguresPage::take_news() {
  if (!door) return false;
  bool any = door->take_figure_list(list_);
  if (any && list_) {
    const int64_t newest = list_->figures.empty() ? 0 : list_->figures.front().figure_id;
    if (wait_for_newest_ && newest > newest_) figure_id_ = newest, wait_for_newest_ = false;
    newest_ = newest;
    if (figure_id_ != 0 && !kept()) figure_id_ = 0;
  }
  any |= door->take_verdict(verdict_);
  std::shared_ptr<const FigureAnswer> answer = door->take_figure(kPlace);
  if (answer && to_json(answer->ask.spec) == asked_) drawn_ = std::move(answer), any = true;
  return any;
}

const KeptFigure* FiguresPage::kept() const {
  if (!list_ || figure_id_ == 0) return nullptr;
  const auto found = std::find_if(list_->figures.begin(), list_->figures.end(),
                                  [&](const KeptFigure& figure) { return figure.figure_id == figure_id_; });
  return found == list_->figures.end() ? nullptr : &*found;
}

FigureSpec FiguresPage::draft() const {
  FigureSpec spec = form_;
  spec.runs = words_of(runs_text_, " ,");
  spec.layer = -1;
  std::from_chars(layer_text_.data(), layer_text_.data() + layer_text_.size(), spec.layer);
  return spec;
}

void FiguresPage::update(const PageInput&, bool shown, std::vector<Command>&) {
  if (!door || shown) return;
  if (!std::exchange(resting_, true)) door->rest();
}

void FiguresPage::ask() {
  if (std::exchange(resting_, false)) door->show_figures();
  const KeptFigure* figure = kept();
  const FigureSpec spec = figure ? figure->spec : draft();
  const bool nothing = figure ? !figure->trouble.empty() : spec.runs.empty();
  const std::string text = nothing ? std::string() : to_json(spec);
  if (text == asked_) return;
  asked_ = text;
  drawn_.reset();
  view_.fit();
  if (!nothing) door->draw({kPlace, spec});
}

void FiguresPage::start_new() {
  if (const KeptFigure* figure = kept(); figure && figure->trouble.empty()) {  // as the one on view, to be changed
    form_ = figure->spec;
    form_.labels.clear();
    runs_text_.clear();
    for (const std::string& run : figure->spec.runs) runs_text_ += (runs_text_.empty() ? "" : " ") + run;
    layer_text_ = form_.layer < 0 ? "" : std::to_string(form_.layer);
  }
  figure_id_ = 0;
}

void FiguresPage::keep_or_write() {
  if (const KeptFigure* figure = kept()) {
    for (const char* ending : {".pdf", ".png", ".csv", ".json", ".tex", ".svg"})
      door->export_figure(figure->figure_id, ending);
  } else if (!draft().runs.empty()) {
    door->save_figure(draft());
    wait_for_newest_ = true;
  }
}

void FiguresPage::take_keys(const PageInput& input) {
  if (!input.has_keyboard) return;
  if (const int64_t move = ui::typed('k') - ui::typed('j'); move != 0 && list_ && !list_->figures.empty()) {
    const std::vector<KeptFigure>& all = list_->figures;
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& f) { return f.figure_id == figure_id_; });
    const int64_t place = at == all.end() ? (move > 0 ? -1 : 0) : at - all.begin();
    figure_id_ = all[static_cast<size_t>(std::clamp<int64_t>(place + move, 0, std::ssize(all) - 1))].figure_id;
  }
  if (ui::typed('n') > 0) start_new();
  if (ui::typed('f') > 0) view_.fit();
  if (ui::ctrl_typed('e')) keep_or_write();
  if (ui::typed('r') > 0 && kept()) door->check_figure(figure_id_);
}

std::vector<ui::KeyHint> FiguresPage::key_hints(const PageInput&) const {
  const bool any = list_ && !list_->figures.empty();
  return {{"J  K", "figure", any},
          {"N", kept() ? "a new one like it" : "new", kept() != nullptr},
          {"Ctrl+E", kept() ? "write all files" : "keep it", kept() || !draft().runs.empty()},
          {"R", "make it again and compare", kept() != nullptr},
          {"F", "all of it", !view_.is_fitted()}};
}

}  // namespace moescope
