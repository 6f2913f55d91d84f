// How long one MoE layer takes when the same number of slots is cut into more and more experts (arXiv:2308.00951,
// figure 6, bottom): inference of one layer, in the processor time of this thread.
#include <algorithm>

#include "compute/core/rng.h"
#include "compute/records/config_fields.h"
#include "compute/records/error.h"
#include "compute/studies/bare_layer.h"
#include "compute/studies/study.h"
#include "compute/studies/thread_time.h"

namespace moescope {

StudyOutcome layer_time(const StudyCase& study, const StudyProgress& progress) {
  RunConfig config = study.config;
  const auto tokens = static_cast<int64_t>(number_of(study.numbers, "tokens", 256));
  const auto images = static_cast<int64_t>(number_of(study.numbers, "images", 8));
  const auto repeats = static_cast<int64_t>(number_of(study.numbers, "repeats", 7));
  if (config.router.kind == RouterKind::dense) throw ConfigError("layer-time needs a router.kind with experts");
  if (tokens % config.router.num_experts != 0)
    throw ConfigError("layer-time gives each of " + std::to_string(config.router.num_experts) +
                      " experts the same share of " + std::to_string(tokens) +
                      " slots; choose a number that divides it");
  MoeLayerShape shape = bare_layer_shape(config);
  shape.kind = config.router.kind;
  shape.slots_per_expert = tokens / config.router.num_experts;
  ParameterSet parameters;
  const MoeLayer layer(parameters, "", shape);
  // Values without gradients, and all of them drawn: nothing is trained, and no two experts may be alike.
  parameters.allocate_values(host_memory());
  Rng draw(static_cast<uint64_t>(config.train.seed), RngPurpose::init);
  draw.fill_normal(parameters.values().f32(), parameters.values().size(), 0.05f);
  const Buffer x({images * tokens, shape.width}), y({images * tokens, shape.width});
  Rng(static_cast<uint64_t>(config.train.seed), RngPurpose::test).fill_normal(x.f32(), x.size(), 1);
  Arena arena;
  Pass pass;
  pass.arena = &arena;
  pass.router = &config.router;
  std::vector<double> secs;
  for (int64_t i = 0; i <= repeats; ++i) {
    arena.reset();
    MoeLayer::Context context;
    const double before = thread_secs();
    layer.forward(x, tokens * group_images(config.router), pass, y, context);
    if (i > 0) secs.push_back(thread_secs() - before);  // the first one makes products and memory
    if (!progress(static_cast<double>(i + 1) / static_cast<double>(repeats + 1))) throw StudyStopped();
  }
  std::nth_element(secs.begin(), secs.begin() + static_cast<std::ptrdiff_t>(secs.size() / 2), secs.end());
  StudyOutcome outcome;
  outcome.values["ms_per_image"] = 1e3 * secs[secs.size() / 2] / static_cast<double>(images);
  outcome.steps = repeats;
  outcome.num_parameters = parameters.count();
  outcome.dataset = std::to_string(tokens) + " normal tokens an image";
  return outcome;
}

}  // namespace moescope
