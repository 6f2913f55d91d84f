// From flags to a WhatIf.
#include "app/options/what_if_options.h"

#include <charconv>

#include "app/options/number_checks.h"
#include "compute/records/error.h"

namespace moescope {

namespace {

/// Whole numbers in the pattern "3:0=5", whose marks stand between them.
std::vector<int64_t> numbers_in(const std::string& flag, const std::string& text, const std::string& marks,
                                const std::string& pattern) {
  std::vector<int64_t> numbers;
  const char *at = text.data(), *const end = at + text.size();
  for (size_t i = 0; i <= marks.size(); ++i) {
    int64_t number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    const bool right_mark = i < marks.size() ? next != end && *next == marks[i] : next == end;
    if (error != std::errc() || !right_mark)
      throw ConfigError(flag + " " + text + " is not " + pattern + "; write whole numbers in this form");
    numbers.push_back(number);
    at = next + 1;
  }
  return numbers;
}

}  // namespace

void add_what_if_options(CLI::App& command, WhatIfOptions& options) {
  const auto many = [&](const char* flag, std::vector<std::string>& to, const char* help, const char* type) {
    command.add_option(flag, to, help)->type_name(type)->expected(1)->take_all();
  };
  many("--disable-expert", options.off, "switch an expert off; blocks and experts count from 0; may be repeated",
       "LAYER:EXPERT");
  many("--replace-expert", options.replaced, "let another expert do its work; may be repeated", "LAYER:EXPERT=BY");
  many("--force-patch", options.forced, "send a patch to an expert; may be repeated", "LAYER:PATCH=EXPERT");
  command.add_option("--experts-kept", options.kept, "only so many experts work for each image, in every layer")
      ->check(CLI::Range(1, 4096));
  command.add_option("--experts-by", options.kept_by,
                     "which ones: combine (Algorithm 1 of the implicit-bias paper), random or load");
  command.add_option("--seed", options.seed, "of --experts-by random and of --noise");
  command.add_option("--k", options.k, "experts per token")->check(CLI::Range(1, 64));
  command.add_option("--capacity-factor", options.capacity_factor, "slots per expert relative to a fair share")
      ->check(above_zero());
  command.add_option("--bpr", options.bpr, "Batch Prioritized Routing: on or off")->check(CLI::IsMember({"on", "off"}));
  command.add_option("--temperature", options.temperature, "the router's logits are divided by it")
      ->check(above_zero());
  command.add_option("--slots", options.slots, "slots per expert of a soft router, at most those it has")
      ->check(CLI::Range(1, 4096));
  many("--occlude-patch", options.occluded, "blacken a patch; may be repeated", "PATCH");
  command.add_option("--noise", options.noise, "deviation of noise on the pixels, 0 to 255")
      ->check(CLI::Range(0., 255.));
  command.add_option("--shift", options.shift, "move the image by so many pixels")->type_name("RIGHT,DOWN");
  command.add_option("--paint", options.spot, "a white disc")->type_name("ROW,COLUMN,RADIUS");
}

WhatIf chosen_what_if(const WhatIfOptions& options) {
  WhatIf what_if;
  for (const std::string& text : options.off) {
    const auto n = numbers_in("--disable-expert", text, ":", "LAYER:EXPERT (3:0)");
    what_if.off.push_back({n[0], n[1]});
  }
  for (const std::string& text : options.replaced) {
    const auto n = numbers_in("--replace-expert", text, ":=", "LAYER:EXPERT=BY (3:0=5)");
    what_if.replaced.push_back({n[0], n[1], n[2]});
  }
  for (const std::string& text : options.forced) {
    const auto n = numbers_in("--force-patch", text, ":=", "LAYER:PATCH=EXPERT (3:24=5)");
    what_if.forced.push_back({n[0], n[1], n[2]});
  }
  what_if.kept = {options.kept, keep_by_named(options.kept_by), options.kept > 0 ? options.seed : 0};
  if (what_if.kept.count == 0) what_if.kept = {};
  if (options.k > 0) what_if.k = options.k;
  if (options.capacity_factor > 0) what_if.capacity_factor = options.capacity_factor;
  if (!options.bpr.empty()) what_if.bpr = options.bpr == "on";
  if (options.temperature > 0) what_if.temperature = options.temperature;
  if (options.slots > 0) what_if.slots_per_expert = options.slots;
  for (const std::string& text : options.occluded)
    what_if.edits.emplace_back(OccludePatch{numbers_in("--occlude-patch", text, "", "a patch's number")[0], 0});
  if (options.noise > 0) what_if.edits.emplace_back(AddNoise{options.noise, options.seed});
  if (!options.shift.empty()) {
    const auto n = numbers_in("--shift", options.shift, ",", "RIGHT,DOWN (2,-1)");
    what_if.edits.emplace_back(ShiftImage{n[0], n[1]});
  }
  if (!options.spot.empty()) {
    const auto n = numbers_in("--paint", options.spot, ",,", "ROW,COLUMN,RADIUS (14,14,3)");
    what_if.edits.emplace_back(PaintSpot{n[0], n[1], n[2]});
  }
  return what_if;
}

}  // namespace moescope
