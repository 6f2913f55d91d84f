// What the page of claims needs of the recipes and the store: questions go in, what was found comes out.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compute/records/cell_table.h"
#include "compute/records/verdict.h"
#include "figure/scene.h"
#include "window/norm_picture.h"

namespace moescope {

/// What a recipe can be given: a click runs it.
struct BudgetLook {
  std::string name;   // quick, full
  int64_t seeds = 3;  // its own
  size_t num_arms = 0;
  std::string words;  // "settles nothing: ..."; empty: it judges
};

/// A recipe as the store knows it.
struct FindingLook {
  std::string name, id, title, claim, source, criterion;
  std::vector<BudgetLook> budgets;
  std::string progress;            // "3 of 12 (quick)"; "-": no run of it
  std::string refusal;             // why its runs cannot be read; empty: they can
  std::optional<Verdict> verdict;  // none: no run of it; what follows is empty then
  std::string why;                 // of a verdict that no check gives
  std::vector<Check> checks;
  std::vector<NamedTable> tables;
  figure::Scene scene;
};

struct Findings {
  std::vector<FindingLook> recipes;  // by id
  std::string refusal;               // why the recipes or the store cannot be read; empty: they can
};

/// All calls come from the UI thread and return at once.
class FindingsDoor {
 public:
  virtual ~FindingsDoor() = default;

  /// Somebody looks from now on: what there is comes soon, and again whenever the store changes.
  virtual void show() = 0;
  virtual void rest() = 0;
  virtual bool take(std::shared_ptr<const Findings>& out) = 0;
  /// Fits norm-function's layer anew and shows it on the way; latest wins.
  virtual void refit(const NormAsk& ask) = 0;
  virtual bool take_refit(std::shared_ptr<const NormPicture>& out) = 0;
  /// NAME.md, .svg and .csv; a notice says where they are.
  virtual void save_report(const std::string& recipe) = 0;
  /// One-line messages for the person since the last call.
  virtual std::vector<std::string> drain_notices() = 0;
  /// Gives a function that any thread may call when something new can be taken.
  virtual void set_waker(std::function<void()> wake) = 0;
};

}  // namespace moescope
