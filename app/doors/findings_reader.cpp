// Reads all recipes at once: a change of the store may concern any of them.
#include "app/doors/findings_reader.h"

#include <algorithm>

#include "app/recipes/recipe_report.h"
#include "app/tools/timing.h"

namespace moescope {

namespace {

FindingLook look_at(const RunReader* reader, const Recipe& recipe) {
  FindingLook look;
  look.name = recipe.name, look.id = recipe.id, look.title = recipe.title, look.claim = recipe.claim;
  look.source = recipe.source, look.criterion = recipe.criterion, look.progress = "-";
  for (const RecipeBudget& budget : recipe.budgets) {
    const std::string words = budget.unsettled.empty() ? std::string() : "settles nothing: " + budget.unsettled;
    look.budgets.push_back({budget.name, budget.seeds, recipe.arms.size(), words});
  }
  // What a click begins unasked is the short one.
  std::stable_partition(look.budgets.begin(), look.budgets.end(),
                        [](const BudgetLook& b) { return b.name == "quick"; });
  if (!reader) return look;
  RecipeState state = recipe_state(*reader, recipe, "", 0, "");
  look.progress = state.progress();
  look.refusal = state.refusal;
  if (!state.report) return look;
  look.verdict = state.report->verdict, look.why = state.report->why;
  look.checks = std::move(state.report->finding.checks);
  look.tables = std::move(state.report->finding.tables);
  look.scene = std::move(state.report->finding.scene);
  return look;
}

}  // namespace

FindingsReader::FindingsReader(std::filesystem::path store, std::filesystem::path folder)
    : store_path_(std::move(store)),
      folder_(std::move(folder)),
      reading_([this](std::string words) { notice(std::move(words)); }, [this] { read(); }) {}

FindingsReader::~FindingsReader() { set_waker(nullptr); }

void FindingsReader::show() {
  if (shown_.exchange(true)) return;
  asked_ = true;
  reading_.post([this] { read(); });
}

void FindingsReader::rest() {
  shown_ = false;
  refit_.stop();
}

void FindingsReader::save_report(const std::string& recipe) {
  reading_.post([this, recipe] {
    try {
      write_report(recipe);
    } catch (const std::exception& error) { notice(std::string("the report was not saved: ") + error.what()); }
  });
}

std::vector<std::string> FindingsReader::drain_notices() {
  const std::lock_guard lock(mutex_);
  return std::exchange(notices_, {});
}

void FindingsReader::set_waker(std::function<void()> wake_window) { wake_.set(std::move(wake_window)); }

// ---- the reading thread's side

void FindingsReader::notice(std::string text) {
  {
    const std::lock_guard lock(mutex_);
    notices_.push_back(std::move(text));
  }
  wake_();
}

/// A store in which a run trains changes all the time: reading it again takes no more than a fifth of this thread.
void FindingsReader::read() {
  if (!shown_) return;
  const bool asked = asked_.exchange(false);
  auto findings = std::make_shared<Findings>();
  const auto begin = std::chrono::steady_clock::now();
  try {
    if (!store_ && std::filesystem::exists(store_path_)) store_.emplace(store_path_, SessionStore::Access::read);
    std::optional<RunReader> reader;
    if (store_) {
      const int64_t version = store_->database().integer("PRAGMA data_version");
      if (!asked && (version == data_version_ || secs_since(read_at_) < 5 * read_cost_secs_)) return;
      data_version_ = version;
      reader.emplace(*store_);
    } else if (!asked) {
      return;
    }
    for (const Recipe& recipe : load_recipes())
      findings->recipes.push_back(look_at(reader ? &*reader : nullptr, recipe));
  } catch (const std::exception& error) { findings->refusal = error.what(); }
  read_at_ = std::chrono::steady_clock::now();
  read_cost_secs_ = secs_since(begin);
  findings_.post(std::move(findings));
  wake_();
}

void FindingsReader::write_report(const std::string& name) {
  if (!store_) throw UserError("no run has been stored yet");
  const Recipe recipe = find_recipe(name);
  const RecipeReport report = report_recipe(RunReader(*store_), recipe, "", 0, recipe.name + ".svg");
  notice("report: " + write_recipe_report(report, folder_, true).back().string() + ", beside it .svg and .csv");
}

}  // namespace moescope
