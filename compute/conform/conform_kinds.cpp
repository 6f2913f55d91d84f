// The list of runners: a new kind is one file and one line here.
#include "compute/conform/conform_kinds.h"

namespace moescope {
namespace {

constexpr GoldenKind kKinds[] = {
    {"aux", conform_aux, false, true},
    {"minatar", conform_minatar, true},
    {"moe", conform_moe, false, true},
    {"optim", conform_optim, false, true},
    {"rainbow", conform_rainbow},
    {"rl", conform_rl},
    {"rl_td", conform_rl_td},
    {"soft_rms", conform_soft_rms, false, true},
    {"ties", conform_ties, false, true},
    {"vit", conform_vit, false, true},
};

}  // namespace

const GoldenKind* find_golden_kind(std::string_view name) {
  for (const GoldenKind& one : kKinds)
    if (one.name == name) return &one;
  return nullptr;
}

}  // namespace moescope
