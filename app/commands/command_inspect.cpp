// Loads a checkpoint, asks it one question through the explorer's own jobs, prints the answer.
#include "app/commands/command_inspect.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <iostream>

#include "app/commands/inspect_json.h"
#include "app/commands/inspect_text.h"
#include "app/models/stored_model.h"
#include "app/options/backend_option.h"
#include "app/options/config_options.h"
#include "app/options/store_path.h"
#include "app/options/what_if_options.h"
#include "compute/data/image_file.h"
#include "compute/explore/looker.h"
#include "compute/explore/report_job.h"
#include "compute/records/nearest_name.h"
#include "compute/records/view_link.h"

namespace moescope {

namespace {

constexpr std::array<std::string_view, 10> kQuestions{"image",    "affinity",  "top-patches", "coactivation",
                                                      "mistakes", "embedding", "capacity",    "kept",
                                                      "purity",   "parity"};

struct InspectFlags {
  std::string store, run, question, image, projection = "pca", fit = "crop";
  std::vector<std::string> settings;
  WhatIfOptions what_if;
  bool json = false;
  StepMatch match = StepMatch::exact;
  int64_t step = -1, images = 0, patch = -1, attention = -1, layer = -1, points = 2000, per_expert = 16, per_image = 2;
  double perplexity = 30;
};

WatchedImage chosen_image(const std::string& asked, const std::string& fit) {
  int64_t index = 0;
  const auto [end, error] = std::from_chars(asked.data(), asked.data() + asked.size(), index);
  if (error == std::errc() && end == asked.data() + asked.size()) return {index, nullptr, "test " + asked};
  const ImageFit how = fit == "crop" ? ImageFit::crop : fit == "pad" ? ImageFit::pad : ImageFit::stretch;
  return {-1, std::make_shared<const ImagePixels>(read_image_file(asked)), asked, how};
}

Question question_of(const InspectFlags& flags, const RunConfig& config) {
  if (flags.question == "affinity") return AskAffinity{};
  if (flags.question == "top-patches") return AskTopPatches{flags.per_expert, flags.per_image};
  if (flags.question == "coactivation") return AskCoactivation{};
  if (flags.question == "mistakes") return AskMistakes{};
  if (flags.question == "capacity" || flags.question == "kept") {
    AskCurve curve =
        flags.question == "capacity"
            ? capacity_curve()
            : kept_curve(config.router.num_experts, keep_by_named(flags.what_if.kept_by), flags.what_if.seed);
    if (flags.image.empty()) return curve;
    return AskImageCurve{chosen_image(flags.image, flags.fit), std::move(curve)};
  }
  if (flags.question == "purity") return AskPurity{};
  if (flags.question == "parity") return AskParity{};
  const Projection projection = flags.projection == "tsne" ? Projection::tsne : Projection::pca;
  return AskEmbedding{flags.layer, projection, flags.points, flags.perplexity};
}

void check_question(const InspectFlags& flags) {
  if (std::find(kQuestions.begin(), kQuestions.end(), flags.question) != kQuestions.end()) return;
  std::string all;
  for (const std::string_view one : kQuestions) all += (all.empty() ? "" : ", ") + std::string(one);
  throw UserError("nothing is called '" + flags.question + "'; did you mean '" +
                  std::string(nearest_name(flags.question, kQuestions)) + "'? There are " + all);
}

void check_patch(const InspectFlags& flags, const VisionTransformer& model) {
  const int64_t patches = model.grid_height() * model.grid_width();
  if (flags.patch >= patches)
    throw ConfigError("--patch " + std::to_string(flags.patch) + " does not exist; the image has patches 0 to " +
                      std::to_string(patches - 1));
}

int inspect_image(const InspectFlags& flags, Replica& replica, const WhatIf& what_if) {
  check_patch(flags, *replica.model);
  LookRequest request;
  request.images = {chosen_image(flags.image.empty() ? "0" : flags.image, flags.fit)};
  request.what_if = what_if;
  request.attention_block = flags.attention;
  const Look look = Looker().look(replica, request);
  if (!look.refusal.empty()) throw UserError(look.refusal);
  const std::vector<std::string>& names = replica.dataset->info().class_names;
  if (flags.json)
    std::cout << to_json(look, flags.patch, names).dump(1) << "\n";
  else
    std::cout << to_text(look, flags.patch, names);
  return 0;
}

int inspect_images(const InspectFlags& flags, Replica& replica, const WhatIf& what_if) {
  ReportRequest request;
  request.question = question_of(flags, replica.config);
  request.what_if = what_if;
  if (flags.question == "kept") request.what_if.kept = {};  // the curve goes through all numbers
  request.max_images = flags.images;
  const bool aloud = isatty(STDERR_FILENO) != 0;
  const Report report = run_report(replica, request, [&](double progress) {
    if (aloud) std::fprintf(stderr, "\r\033[K%s %.0f %%", flags.question.c_str(), progress * 100);
    return true;
  });
  if (aloud) std::fprintf(stderr, "\r\033[K");
  if (flags.json)
    std::cout << to_json(report).dump(1) << "\n";
  else
    std::cout << to_text(report, replica.dataset->info().class_names);
  return 0;
}

/// What a link says and no flag does.
void take_link(InspectFlags& flags) {
  if (!is_link(flags.run)) return;
  const ViewLink link = link_from_text(flags.run);
  flags.run = link.run;
  if (flags.step < 0) {  // links are copied at any step, not only where a checkpoint was taken
    flags.step = link.step;
    flags.match = StepMatch::up_to;
  }
  if (flags.image.empty() && link.image >= 0) flags.image = std::to_string(link.image);
  if (flags.patch < 0) flags.patch = link.patch;
  if (flags.layer < 0) flags.layer = link.layer;
}

int inspect(InspectFlags flags) {
  check_question(flags);
  take_link(flags);
  const WhatIf what_if = chosen_what_if(flags.what_if);
  StoredModel stored = load_stored_model(flags.store, flags.run, flags.settings, flags.step, flags.match);
  if (flags.step >= 0 && stored.step != flags.step)
    std::cerr << "step " << flags.step << " is not stored; this is the checkpoint of step " << stored.step << "\n";
  tell_about_data(stored);
  Replica replica = replica_of(stored);
  return flags.question == "image" ? inspect_image(flags, replica, what_if) : inspect_images(flags, replica, what_if);
}

}  // namespace

void add_inspect_command(CLI::App& program, Action& action) {
  CLI::App* command =
      program.add_subcommand("inspect", "what a stored run's experts do, and what would happen otherwise");
  const auto flags = std::make_shared<InspectFlags>();
  command->add_option("RUN", flags->run, "a run's number, its name, latest, or a link")->required();
  command
      ->add_option("WHAT", flags->question,
                   "image, affinity, top-patches, coactivation, mistakes, embedding, capacity, kept, purity or parity")
      ->required();
  add_store_option(*command, flags->store);
  command->add_option("--step", flags->step, "the checkpoint of this step; default: the last");
  command->add_option(
      "--image", flags->image,
      "image (default 0), or capacity and kept for one image: a number of the test set, or a PNG or JPEG file");
  command->add_option("--fit", flags->fit, "image: how a file of another shape is fitted: crop, pad or stretch")
      ->check(CLI::IsMember({"crop", "pad", "stretch"}));
  command->add_option("--patch", flags->patch, "image: follow this patch through the layers");
  command->add_option("--attention", flags->attention, "image: also the attention of this block (from 0)");
  command->add_option("--images", flags->images, "only the first so many test images; default: all");
  command->add_option("--layer", flags->layer, "embedding: the MoE layer (block, from 0); default: the last");
  command->add_option("--projection", flags->projection, "embedding: pca or tsne")
      ->check(CLI::IsMember({"pca", "tsne"}));
  command->add_option("--points", flags->points, "embedding: at most so many patches");
  command->add_option("--perplexity", flags->perplexity, "embedding: of tsne");
  command->add_option("--per-expert", flags->per_expert, "top-patches: how many of each expert");
  command->add_option("--per-image", flags->per_image, "top-patches: at most so many of one image");
  add_what_if_options(*command, flags->what_if);
  add_stored_settings(*command, flags->settings);
  command
      ->add_option_function<std::string>(
          "--backend",
          [flags](const std::string& backend) {
            flags->settings.push_back(use_backend(backend) ? "compute.device=cuda" : "compute.device=cpu");
          },
          "who computes: cuda, or cuda-host: the GPU program on this host, the CUDA libraries faked")
      ->check(CLI::IsMember({"cuda", "cuda-host"}));
  command->add_flag("--json", flags->json, "print JSON with every array");
  command->callback([&action, flags] { action = [flags] { return inspect(*flags); }; });
}

}  // namespace moescope
