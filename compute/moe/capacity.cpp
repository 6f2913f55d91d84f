// Which factor and which assignments count, and what to say when nothing is left.
#include "compute/moe/capacity.h"

#include <algorithm>
#include <string>

#include "compute/core/error.h"

namespace moescope {
namespace {

[[noreturn]] void refuse(const char* field, double factor, int64_t group_tokens, int64_t experts) {
  throw ConfigError(std::string(field) + " " + std::to_string(factor) + " leaves no slot per expert with " +
                    std::to_string(group_tokens) + " tokens a group and router.num_experts " + std::to_string(experts) +
                    "; raise the factor or take fewer experts");
}

bool has_own_factor(const RouterConfig& router, bool training) { return !training && router.eval_capacity_factor > 0; }

double factor_for(const RouterConfig& router, bool training) {
  return has_own_factor(router, training) ? router.eval_capacity_factor : router.capacity_factor;
}

int64_t any_capacity(const RouterConfig& router, int64_t group_tokens, bool training) {
  const bool by_token = router.kind == RouterKind::tokens_choice;
  const int64_t assignments = by_token ? group_tokens * router.k : group_tokens;
  const int64_t capacity = compute_capacity(assignments, router.num_experts, factor_for(router, training),
                                            router.capacity_rounding, router.capacity_multiple_of);
  return by_token ? capacity : std::min(capacity, group_tokens);
}

}  // namespace

int64_t sparse_capacity(const RouterConfig& router, int64_t group_tokens, bool training) {
  const int64_t capacity = any_capacity(router, group_tokens, training);
  if (capacity < 1)
    refuse(has_own_factor(router, training) ? "router.eval_capacity_factor" : "router.capacity_factor",
           factor_for(router, training), group_tokens, router.num_experts);
  return capacity;
}

int64_t partial_group_capacity(const RouterConfig& router, int64_t group_tokens, bool training) {
  return std::max<int64_t>(1, any_capacity(router, group_tokens, training));
}

int64_t soft_slots_per_expert(const RouterConfig& router, int64_t group_tokens) {
  if (router.slots_per_expert > 0) return router.slots_per_expert;
  const int64_t slots =
      compute_capacity(group_tokens, router.num_experts, router.capacity_factor, CapacityRounding::round, 1);
  if (slots < 1) refuse("router.capacity_factor", router.capacity_factor, group_tokens, router.num_experts);
  return slots;
}

}  // namespace moescope
