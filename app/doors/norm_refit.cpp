// Recipe norm-function's own settings, at its quick budget.
#include "app/doors/norm_refit.h"

#include <algorithm>
#include <chrono>

#include "app/recipes/recipes.h"
#include "compute/backends/thread_pool.h"
#include "compute/core/clock.h"
#include "compute/studies/norm_fit.h"

namespace moescope {

namespace {

constexpr int64_t kStepsAtOnce = 10, kShownInputs = 300;
constexpr double kShowEverySecs = 0.06;

/// The configuration of the recipe's arm of this shape.
RunConfig config_of(const NormAsk& ask) {
  const Recipe recipe = find_recipe("norm-function");
  for (const RecipeCell& cell : recipe_cells(recipe, recipe.budget("quick"), 1)) {
    const RunConfig& config = cell.cell.config;
    if (config.model.width == ask.width && config.router.num_experts == ask.experts) return config;
  }
  throw UserError("recipe norm-function has no arm of width " + std::to_string(ask.width) + " with " +
                  std::to_string(ask.experts) + " experts");
}

figure::Scene scene_of(const std::vector<double>& steps, const std::vector<double>& losses, double last_step,
                       const std::vector<double>& lengths, const std::vector<double>& predicted) {
  figure::Scene scene;
  scene.columns = 2;
  figure::Panel curve = panel_of("", "step", "squared error", false, true);
  curve.x.low = 0, curve.x.high = last_step;
  curve.y.low = 0.5, curve.y.high = 200;
  curve.marks.emplace_back(figure::Line{
      .name = "best constant", .color = 7, .x = {0, last_step}, .y = {kConstantLoss, kConstantLoss}, .dots = false});
  curve.marks.emplace_back(figure::Line{.name = "this layer", .color = 0, .x = steps, .y = losses, .dots = false});
  figure::Panel points = panel_of("", "true length", "predicted");
  points.x.low = points.y.low = 0;
  points.x.high = points.y.high = 32;
  points.marks.emplace_back(figure::Line{.name = "", .color = 7, .x = {0, 32}, .y = {0, 32}, .dots = false});
  points.marks.emplace_back(
      figure::Scatter{.name = "", .color = 0, .x = lengths, .y = predicted, .labels = {}, .faded = {}});
  scene.panels = {std::move(curve), std::move(points)};
  return scene;
}

}  // namespace

NormRefit::NormRefit(std::function<void()> wake, std::function<void(std::string)> failed)
    : wake_(std::move(wake)), fitting_(std::move(failed)) {}

void NormRefit::ask(const NormAsk& ask) {
  const int64_t number = ++wanted_;
  fitting_.post([this, ask, number] { fit(ask, number); });
}

void NormRefit::fit(const NormAsk& ask, int64_t number) {
  if (number != wanted_) return;  // dragged on already
  work_alone_on_this_thread(true);
  const RunConfig config = config_of(ask);
  NormFit fit(config);
  std::vector<double> steps, losses, lengths, predicted;
  auto shown = std::chrono::steady_clock::now();
  for (bool over = false; !over && number == wanted_;) {
    losses.push_back(fit.advance(kStepsAtOnce));
    steps.push_back(static_cast<double>(fit.step()));
    over = fit.step() >= config.train.schedule_steps;
    if (!over && secs_since(shown) < kShowEverySecs) continue;
    fit.predict(kShownInputs, lengths, predicted);
    const auto last = static_cast<double>(config.train.schedule_steps);
    pictures_.post(std::make_shared<const NormPicture>(NormPicture{ask, fit.step(), config.train.schedule_steps,
                                                                   losses.back(), kConstantLoss,
                                                                   scene_of(steps, losses, last, lengths, predicted)}));
    wake_();
    shown = std::chrono::steady_clock::now();
  }
}

}  // namespace moescope
