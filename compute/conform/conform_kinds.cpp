// The list of runners: a new kind is one file and one line here.
#include "compute/conform/conform_kinds.h"

namespace moescope {
namespace {

constexpr GoldenKind kKinds[] = {
    {"aux", conform_aux},     {"minatar", conform_minatar, true}, {"moe", conform_moe},
    {"optim", conform_optim}, {"rainbow", conform_rainbow},       {"rl", conform_rl},
    {"rl_td", conform_rl_td}, {"soft_rms", conform_soft_rms},     {"ties", conform_ties},
    {"vit", conform_vit},
};

}  // namespace

const GoldenKind* find_golden_kind(std::string_view name) {
  for (const GoldenKind& one : kKinds)
    if (one.name == name) return &one;
  return nullptr;
}

}  // namespace moescope
