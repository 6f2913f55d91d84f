// A comparison in words and tables.
#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "app/runs/comparison.h"
#include "app/runs/runs_report.h"

namespace moescope {

namespace {

ReportSection knob_section(const RunComparison& comparison) {
  std::vector<std::string> headings{">step", "knob"};
  headings.insert(headings.end(), comparison.labels.begin(), comparison.labels.end());
  TextTable table(std::move(headings));
  for (const ComparedKnob& knob : comparison.knobs) {
    std::vector<std::string> row{std::to_string(knob.step), knob.text};
    for (const uint8_t in_run : knob.in_run) row.emplace_back(in_run ? "yes" : "-");
    table.add(std::move(row));
  }
  const bool any = !comparison.knobs.empty();
  ReportSection section{
      "Knobs turned in some of them", any ? "" : "No knob was turned in one and not in another.", {}, ""};
  if (any) section.table = std::move(table);
  return section;
}

std::string interval_text(const MeanInterval& mean) {
  if (mean.count < 2) return fixed(mean.mean, 4);
  return fixed(mean.mean, 4) + " (" + fixed(mean.low, 4) + " to " + fixed(mean.high, 4) + ")";
}

/// A curve at about ten of its places: one column a group.
ReportSection curve_section(const std::vector<SeedGroup>& groups, const std::vector<MeanCurve>& curves,
                            const std::string& key) {
  constexpr size_t kRows = 10;
  std::set<double> places;
  for (const MeanCurve& curve : curves) {
    for (size_t row = 0; row < kRows && !curve.x.empty(); ++row)
      places.insert(curve.x[row * (curve.x.size() - 1) / (kRows - 1)]);
  }
  std::vector<std::string> headings{">step"};
  for (const SeedGroup& group : groups) headings.push_back(">" + group.label);
  TextTable table(std::move(headings));
  for (const double x : places) {
    std::vector<std::string> row{fixed(x, 0)};
    for (const MeanCurve& curve : curves) {
      const auto at = std::lower_bound(curve.x.begin(), curve.x.end(), x);
      row.push_back(at != curve.x.end() && *at == x ? interval_text(curve.y[static_cast<size_t>(at - curve.x.begin())])
                                                    : "-");
    }
    table.add(std::move(row));
  }
  return {curve_heading(key),
          places.empty() ? "None of the runs has this metric."
                         : "Mean over seeds, with its 95 % bootstrap interval in parentheses.",
          places.empty() ? std::nullopt : std::optional(std::move(table)), ""};
}

std::string number_or_dash(double value, int decimals) { return std::isnan(value) ? "-" : fixed(value, decimals); }

ReportSection pareto_section(const std::vector<ComparedRun>& runs, const std::vector<RunCost>& costs) {
  std::vector<double> accuracy;
  for (const RunCost& cost : costs) accuracy.push_back(cost.accuracy);
  const auto beaten = [&](double RunCost::*axis) {
    std::vector<double> values;
    for (const RunCost& cost : costs) values.push_back(cost.*axis);
    return dominated(values, accuracy);
  };
  const auto by_flops = beaten(&RunCost::gflops_per_image), by_time = beaten(&RunCost::ms_per_image),
             by_parameters = beaten(&RunCost::parameters);
  const auto mark = [](bool is_beaten) { return is_beaten ? "" : " *"; };
  TextTable table({"run", ">test accuracy", ">GFLOPs/image", ">ms/image", ">parameters"});
  for (size_t i = 0; i < runs.size(); ++i) {
    table.add({runs[i].label, number_or_dash(costs[i].accuracy, 4),
               number_or_dash(costs[i].gflops_per_image, 4) + mark(by_flops[i]),
               number_or_dash(costs[i].ms_per_image, 3) + mark(by_time[i]),
               with_unit(costs[i].parameters) + mark(by_parameters[i])});
  }
  return {kParetoHeading, "* nobody in this list reaches as much for less of it.", std::move(table), ""};
}

std::string match_text(const RoutingDistance& layer) {
  std::string text;
  for (size_t i = 0; i < layer.match.size(); ++i) {
    text += (i > 0 ? " " : "") + std::to_string(i) + ">" + std::to_string(layer.match[i]);
  }
  return text;
}

ReportSection routing_section(const ComparedRun& a, const ComparedRun& b, const std::vector<RoutingDistance>& layers) {
  ReportSection section{"Routing of " + a.label + " and of " + b.label, "", {}, ""};
  if (layers.empty()) {
    section.text = "They have stored no routing of a common image and layer.";
    return section;
  }
  section.text =
      "Jensen-Shannon distance of where a patch goes (0 equal, 1 disjoint) and the share of patches whose main expert "
      "differs, over " +
      std::to_string(layers.front().num_images) +
      " stored images; raw, and after each expert was matched with the one that takes the same patches.";
  TextTable table(
      {">layer", ">patches", ">JS raw", ">JS matched", ">changed raw", ">changed matched", "experts matched"});
  for (const RoutingDistance& layer : layers) {
    table.add({std::to_string(layer.layer), std::to_string(layer.num_patches), fixed(layer.distance, 4),
               fixed(layer.matched_distance, 4), fixed(layer.changed, 4), fixed(layer.matched_changed, 4),
               match_text(layer)});
  }
  section.table = std::move(table);
  return section;
}

/// Where the patches of each expert of a go in b, the greatest flows first.
ReportSection flow_section(const RoutingDistance& layer) {
  constexpr size_t kRows = 12;
  struct Flow {
    int64_t from, to, patches;
  };
  std::vector<Flow> flows;
  const int64_t width = layer.num_experts + 1;
  for (int64_t i = 0; i < width * width; ++i) {
    if (layer.flow[static_cast<size_t>(i)] > 0)
      flows.push_back({i / width, i % width, layer.flow[static_cast<size_t>(i)]});
  }
  std::stable_sort(flows.begin(), flows.end(), [](const Flow& x, const Flow& y) { return x.patches > y.patches; });
  const auto expert = [&](int64_t e) { return e == layer.num_experts ? std::string("none") : std::to_string(e); };
  TextTable table({">expert", ">expert there", ">patches", ">share"});
  for (size_t i = 0; i < std::min(kRows, flows.size()); ++i) {
    table.add({expert(flows[i].from), expert(flows[i].to), std::to_string(flows[i].patches),
               fixed(static_cast<double>(flows[i].patches) / static_cast<double>(layer.num_patches), 4)});
  }
  return {"Flow between experts in layer " + std::to_string(layer.layer),
          "The " + std::to_string(std::min(kRows, flows.size())) + " greatest of " + std::to_string(flows.size()) +
              " flows.",
          std::move(table), ""};
}

}  // namespace

std::string curve_heading(const std::string& key) { return "Curve of " + key; }

ReportPage compare_runs(const RunReader& reader, const std::vector<ComparedRun>& runs,
                        const std::vector<std::string>& curve_keys) {
  ReportPage page;
  for (const ComparedRun& run : runs) page.title += (page.title.empty() ? "Runs " : ", ") + run.label;
  const RunComparison differs = what_differs(reader, runs);
  page.sections.push_back({"Results, and the settings that differ", "", comparison_table(differs), ""});
  page.sections.push_back(knob_section(differs));
  const std::vector<SeedGroup> groups = seed_groups(runs);
  for (const std::string& key : curve_keys) {
    std::vector<MeanCurve> curves;
    for (const SeedGroup& group : groups) curves.push_back(group_curve(reader, runs, group, key));
    page.sections.push_back(curve_section(groups, curves, key));
  }
  std::vector<RunCost> costs;
  for (const ComparedRun& run : runs) costs.push_back(cost_of(reader, run));
  page.sections.push_back(pareto_section(runs, costs));
  for (size_t i = 1; i < runs.size(); ++i) {
    const std::vector<RoutingDistance> layers = stored_routing_distance(reader, runs.front(), runs[i]);
    page.sections.push_back(routing_section(runs.front(), runs[i], layers));
    for (const RoutingDistance& layer : layers) page.sections.push_back(flow_section(layer));
  }
  return page;
}

}  // namespace moescope
