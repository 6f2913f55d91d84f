// Reads the table and holds our counts against it.
#include "app/models/paper_models.h"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "app/options/config_file.h"
#include "app/options/config_options.h"
#include "app/terminal/text_table.h"
#include "assets/assets.h"
#include "compute/models/plan.h"
#include "compute/records/error.h"

namespace moescope {

namespace {

using Json = nlohmann::json;
constexpr double kGflopsTolerance = 0.007, kExaflopsTolerance = 0.01, kRelativeTolerance = 0.01;
constexpr const char* kReference = "vmoe-vit-h14";  // what the V-MoE paper's relative FLOPs divide by
constexpr int64_t kBatch = 4096;

std::optional<double> number(const Json& json, const char* key) {
  if (!json.contains(key)) return {};
  return json[key].get<double>();
}

PaperModel read_model(const Json& json) {
  PaperModel model;
  model.name = json.at("name");
  model.about = json.at("about");
  model.preset = json.at("preset");
  model.settings = json.at("settings").get<std::vector<std::string>>();
  model.classes = json.at("classes");
  model.parameters = json.value("parameters", "");
  model.source = json.at("source");
  model.gflops = number(json, "gflops");
  model.steps = number(json, "steps");
  model.exaflops = number(json, "exaflops");
  model.relative_gflops = number(json, "relative_gflops");
  model.einsum = json.value("einsum", false);
  return model;
}

Agreement of_numbers(const PaperModel& model, const std::string& quantity, double paper, double ours, int decimals,
                     double tolerance) {
  const double deviation = ours / paper - 1;
  return {model.name,   quantity,  fixed(paper, decimals),          fixed(ours, decimals + 1),
          model.source, deviation, std::abs(deviation) <= tolerance};
}

}  // namespace

bool prints_as(double count, const std::string& digits) {
  const double unit = digits.ends_with('B') ? 1e9 : 1e6;
  const size_t point = digits.find('.');
  const int decimals = point == std::string::npos ? 0 : static_cast<int>(digits.size() - point - 2);
  const double step = std::pow(10.0, decimals), value = count / unit * step;
  const std::string wanted = digits.substr(0, digits.size() - 1);
  return fixed(std::floor(value) / step, decimals) == wanted || fixed(std::round(value) / step, decimals) == wanted;
}

std::vector<PaperModel> load_paper_models() {
  const std::filesystem::path path = asset_path("paper_models.json");
  std::ifstream file(path);
  std::vector<PaperModel> models;
  try {
    const Json table = Json::parse(file);
    for (const Json& json : table.at("models")) models.push_back(read_model(json));
  } catch (const Json::exception& error) {
    throw ConfigError(path.string() + ", model " + std::to_string(models.size() + 1) + ": " + error.what() +
                      "; restore the file");
  }
  return models;
}

VisionTransformer build_paper_model(const PaperModel& model) {
  RunConfig config = load_preset(model.preset);
  for (const std::string& setting : model.settings) apply_setting(config, setting);
  config.data.path = ".";  // only counted: no images are looked for
  return {config, {224, 224, 3, model.classes}};
}

std::vector<Agreement> compare_with_papers(const std::vector<PaperModel>& models) {
  std::vector<Agreement> rows;
  double reference = 0;  // GFLOPs of the V-MoE paper's dense ViT H/14
  for (const PaperModel& model : models) {
    if (model.name != kReference) continue;
    const ModelCost cost = model_cost(build_paper_model(model));
    reference = cost.forward_flops + cost.padding_flops;
  }
  for (const PaperModel& model : models) {
    const VisionTransformer built = build_paper_model(model);
    const ModelPlan plan = plan_model(built, {.devices = 1, .batch_size = kBatch, .steps = model.steps.value_or(0)});
    if (!model.parameters.empty()) {
      const auto count = static_cast<double>(plan.cost.parameters);
      const bool same = prints_as(count, model.parameters);
      const double paper = std::stod(model.parameters) * (model.parameters.ends_with('B') ? 1e9 : 1e6);
      rows.push_back({model.name, "parameters", model.parameters, fixed(count / 1e6, 1) + "M", model.source,
                      same ? 0 : count / paper - 1, same});
    }
    if (model.gflops) {
      rows.push_back(
          of_numbers(model, "GFLOP/image", *model.gflops, plan.cost.forward_flops * 1e-9, 1, kGflopsTolerance));
    }
    if (model.exaflops) {
      const double ours = model.einsum ? plan.einsum_exaflops_macs_1 : plan.train_exaflops_macs_1;
      rows.push_back(of_numbers(model, "train exaFLOP", *model.exaflops, ours, 1, kExaflopsTolerance));
    }
    if (model.relative_gflops) {
      const double ours = 100 * (plan.cost.forward_flops + plan.cost.padding_flops) / reference;
      rows.push_back(of_numbers(model, "% of ViT H/14", *model.relative_gflops, ours, 1, kRelativeTolerance));
    }
  }
  return rows;
}

StudyOutcome count_paper_models(const StudyCase&, const StudyProgress&) {
  const auto number = [](const std::string& digits) { return std::stod(digits) * (digits.ends_with('B') ? 1e3 : 1); };
  StudyOutcome outcome;
  for (const Agreement& row : compare_with_papers(load_paper_models())) {
    const std::string of = "/" + row.quantity + "/" + row.model;
    outcome.values["paper" + of] = number(row.paper);
    outcome.values["here" + of] = number(row.ours);
    outcome.values["deviation" + of] = row.deviation;
    outcome.values["agrees" + of] = row.agrees;
  }
  outcome.dataset = "the papers' tables";
  return outcome;
}

}  // namespace moescope
