// Prints parameters, work, memory and traffic of a named paper model or a preset; --list holds all against the papers.
#include "app/commands/command_plan.h"

#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/models/named_model.h"
#include "app/models/paper_models.h"
#include "app/terminal/text_table.h"
#include "compute/models/plan.h"
#include "compute/records/config_fields.h"

namespace moescope {

namespace {

struct PlanFlags {
  std::string model, parallel = "data", format = "table";
  std::vector<std::string> settings;
  int64_t image = 0, classes = 0, batch = 0, devices = 1;
  double steps = 0;
  bool list = false;
};

std::string bytes_text(double bytes) {
  const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  for (; bytes >= 1024 && unit < 4; ++unit) bytes /= 1024;
  return fixed(bytes, unit == 0 ? 0 : 2) + " " + units[unit];
}

TextTable as_table(const ModelPlan& plan, const PlanAsk& ask) {
  TextTable table({"what", ">value", "how it is counted"});
  const auto add = [&](const std::string& what, const std::string& value, const std::string& how) {
    table.add({what, value, how});
  };
  const auto gflops = [](double flops) { return fixed(flops * 1e-9, flops < 1e9 ? 5 : 2); };
  add("parameters", with_unit(static_cast<double>(plan.cost.parameters)), std::to_string(plan.cost.parameters));
  add("of them in experts", with_unit(static_cast<double>(plan.expert_parameters)), "kernels and biases of their MLPs");
  add("GFLOPs/image", gflops(plan.cost.forward_flops), "inference, 2 a multiply-add, as executed here");
  if (plan.cost.padding_flops > 0)
    add("+ empty places", gflops(plan.cost.padding_flops), "GFLOPs/image if experts computed their whole buffers");
  add("dispatch by einsum", gflops(plan.einsum_flops), "GFLOPs/image of products with weights (S,E,C), both ways");
  if (plan.scatter_bytes > 0)
    add("dispatch by scatter", bytes_text(plan.scatter_bytes), "moved an image, both ways; no FLOPs; done so here");
  if (ask.steps > 0) {
    const std::string run = fixed(ask.steps, 0) + " steps of " + std::to_string(ask.batch_size) + " images";
    add("training exaFLOPs", fixed(plan.train_exaflops, 3), run + ", 2 a multiply-add, backward twice the forward");
    add("the same, 1 a multiply-add", fixed(plan.train_exaflops_macs_1, 3), "as the Soft MoE paper's tables count");
    if (plan.einsum_exaflops_macs_1 > plan.train_exaflops_macs_1)
      add("the same with einsum", fixed(plan.einsum_exaflops_macs_1, 3), "and whole buffers, as the papers' programs");
  }
  add("weights", bytes_text(plan.weights), "float32, each device");
  add("gradients", bytes_text(plan.gradients), "float32, each device");
  add("optimiser", bytes_text(plan.optimizer), "its moments, each device");
  add("activations", bytes_text(plan.activations),
      "kept for the backward pass of " + std::to_string(plan.images_at_once) + " images at once, each device");
  if (ask.devices > 1) {
    add("all-to-all", bytes_text(plan.all_to_all),
        ask.parallel == Parallel::expert ? "sent by a device in a step: 4 trips of the experts' rows"
                                         : "none: every device has all experts");
    add("all-reduce", bytes_text(plan.all_reduce), "sent by a device in a step, as a ring");
  }
  return table;
}

std::string as_json(const ModelPlan& plan, const std::string& name) {
  const nlohmann::ordered_json json = {{"model", name},
                                       {"parameters", plan.cost.parameters},
                                       {"expert_parameters", plan.expert_parameters},
                                       {"gflops_per_image", plan.cost.forward_flops * 1e-9},
                                       {"padding_gflops_per_image", plan.cost.padding_flops * 1e-9},
                                       {"einsum_gflops_per_image", plan.einsum_flops * 1e-9},
                                       {"scatter_bytes_per_image", plan.scatter_bytes},
                                       {"train_exaflops", plan.train_exaflops},
                                       {"train_exaflops_macs_1", plan.train_exaflops_macs_1},
                                       {"einsum_exaflops_macs_1", plan.einsum_exaflops_macs_1},
                                       {"weight_bytes", plan.weights},
                                       {"gradient_bytes", plan.gradients},
                                       {"optimizer_bytes", plan.optimizer},
                                       {"activation_bytes", plan.activations},
                                       {"images_at_once", plan.images_at_once},
                                       {"all_to_all_bytes", plan.all_to_all},
                                       {"all_reduce_bytes", plan.all_reduce}};
  return json.dump() + "\n";
}

int list() {
  TextTable table({"model", "quantity", ">paper", ">here", ">deviation", "", "source"});
  size_t num_agreeing = 0;
  const std::vector<Agreement> rows = compare_with_papers(load_paper_models());
  for (const Agreement& row : rows) {
    num_agreeing += row.agrees;
    table.add({row.model, row.quantity, row.paper, row.ours, fixed(100 * row.deviation, 2) + " %",
               row.agrees ? "agrees" : "differs", row.source});
  }
  std::cout << table.aligned() << num_agreeing << " of " << rows.size()
            << " published numbers agree: parameters to the printed digit, GFLOPs within 0.7 %, exaFLOPs and relative "
               "FLOPs within 1 %\n";
  return num_agreeing == rows.size() ? 0 : 1;
}

int plan(const PlanFlags& flags) {
  if (flags.list || flags.model.empty()) return list();
  const NamedModel named = named_model(flags.model, flags.settings, flags.image, flags.classes);
  const VisionTransformer model(named.config, named.image);
  PlanAsk ask;
  ask.devices = flags.devices;
  ask.parallel = flags.parallel == "expert" ? Parallel::expert : Parallel::data;
  ask.batch_size = flags.batch > 0 ? flags.batch : named.config.train.batch_size;
  ask.steps = flags.steps > 0 ? flags.steps : named.steps;
  const ModelPlan result = plan_model(model, ask);
  if (flags.format == "json") {
    std::cout << as_json(result, flags.model);
    return 0;
  }
  const ImageShape& image = model.image();
  std::cout << flags.model << ": " << named.about << "\n"
            << image.height << " x " << image.width << " pixels, " << model.tokens_per_image() << " tokens, "
            << image.classes << " classes, batch " << ask.batch_size << ", " << ask.devices << " device"
            << (ask.devices > 1 ? "s, " + flags.parallel + " parallel" : "") << "\n"
            << as_table(result, ask).aligned();
  return 0;
}

}  // namespace

void add_plan_command(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand(
      "plan", "what a model costs before it is trained: parameters, FLOPs, memory, traffic between devices");
  const auto flags = std::make_shared<PlanFlags>();
  command->add_option("MODEL", flags->model, "a paper's model (--list) or a preset");
  command->add_flag("--list", flags->list, "the papers' models, and their published numbers beside ours");
  command->add_option("--set", flags->settings, "set one field, such as router.num_experts=8; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  command->add_option("--image", flags->image, "side of an image in pixels")->check(CLI::Range(1, 4096));
  command->add_option("--classes", flags->classes, "classes of the head")->check(CLI::Range(1, 10000000));
  command->add_option("--batch", flags->batch, "images of a step, all devices")->check(CLI::Range(1, 100000000));
  command->add_option("--steps", flags->steps, "steps of training")->check(CLI::Range(1.0, 1e12));
  command->add_option("--devices", flags->devices, "how many share the work")->check(CLI::Range(1, 1000000));
  command->add_option("--parallel", flags->parallel, "data: each device has all experts; expert: they are spread")
      ->check(CLI::IsMember({"data", "expert"}));
  command->add_option("--format", flags->format, "table or json")->check(CLI::IsMember({"table", "json"}));
  command->callback([&action, flags] { action = [flags] { return plan(*flags); }; });
}

}  // namespace moescope
