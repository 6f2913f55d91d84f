// What Pass::what_if does to a routing: experts off, replaced, kept for an input only, and patches forced.
#pragma once

#include "compute/core/arena.h"
#include "compute/moe/routing.h"
#include "compute/nn/pass.h"

namespace moescope {

/// Before routing: fills expert_off and computed_by from Pass::experts_off and Pass::what_if, and unit_tokens.
/// group_tokens: of a full group.
void start_interventions(const Pass& pass, int64_t group_tokens, Routing& routing, Arena& arena);

/// Of the slots that a soft layer's experts have, how many take part: the first of each. Throws ConfigError when there
/// are not so many.
int64_t slots_under(const WhatIf& what_if, int64_t has);

/// Sparse, before assignment: a forced patch's gate for its expert changes places with its largest one.
void force_gates(const Pass& pass, const Routing& routing);
/// Soft: a forced patch's combine weights become 0 but for those of its expert, which then sum to 1.
void force_combine(const Pass& pass, const Routing& routing);

/// The implicit-bias paper's Algorithm 1 (arXiv 2409.00879) and its rivals, for each input of the routing: fills
/// unit_off with all but the what_if.kept.count experts that rank first by
///   combine  the sum over the input's tokens of the gates (sparse) or of the combine weights of the expert's slots
///   load     the number of tokens for which the expert has the most of these, then by combine
///   random   a draw from (seed, input, layer)
/// Experts switched off by hand are not chosen; ties go to the lower number. Weights are not renormalised (PAPERS 2.5).
/// Does nothing when all experts are kept.
void choose_kept(const Pass& pass, Routing& routing, Arena& arena);

}  // namespace moescope
