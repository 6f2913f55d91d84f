// The list of runners: a new kind is one file and one line here.
#include "compute/conform/conform_kinds.h"

namespace moescope {
namespace {

struct Kind {
  std::string_view name;
  GoldenRunner* run;
};

constexpr Kind kKinds[] = {
    {"aux", conform_aux},
    {"moe", conform_moe},
    {"optim", conform_optim},
    {"soft_rms", conform_soft_rms},
    {"ties", conform_ties},
    {"vit", conform_vit},
};

}  // namespace

GoldenRunner* find_golden_runner(std::string_view kind) {
  for (const Kind& one : kKinds)
    if (one.name == kind) return one.run;
  return nullptr;
}

}  // namespace moescope
