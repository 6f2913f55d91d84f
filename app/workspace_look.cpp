// When to look.
#include "app/workspace_look.h"

#include <algorithm>

namespace moescope {

std::optional<LookRequest> LookAsker::ask(const panels::Seen& seen, const panels::Selection& selection,
                                          int64_t attention_block) {
  LookRequest wanted;
  wanted.what_if = selection.asking.now();
  wanted.attention_block = attention_block;
  if (!seen.snapshot || !selection.has_image || (wanted.what_if.is_nothing() && attention_block < 0)) {
    asked_.reset();
    return std::nullopt;
  }
  wanted.images = {selection.image};
  if (asked_) {
    wanted.id = asked_->id;
    const bool same = wanted == *asked_;
    const bool answered = seen.look && seen.look->request.id == asked_->id;
    const bool moved_on =
        answered && seen.look->refusal.empty() && seen.look->model.live && seen.snapshot->step > seen.look->model.step;
    const double rest = answered ? std::max(kAgainSecs, seen.look->answer_ms * 1e-3 / kLookShare) : kAgainSecs;
    if (same && !(moved_on && seen.now_secs - asked_at_ >= rest)) return std::nullopt;
  }
  wanted.id = next_id_++;
  asked_ = wanted;
  asked_at_ = seen.now_secs;
  return wanted;
}

}  // namespace moescope
