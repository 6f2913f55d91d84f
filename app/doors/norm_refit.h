// Theorem 1 by hand: whoever drags the number of experts sees a small layer learn the length of its inputs anew, on a
// thread of its own; the next drag ends what is under way.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "app/tools/worker.h"
#include "compute/core/mailbox.h"
#include "window/norm_picture.h"

namespace moescope {

class NormRefit {
 public:
  /// wake: called on the worker's thread when there is something to take; failed: told there why nothing came.
  NormRefit(std::function<void()> wake, std::function<void(std::string words)> failed);
  ~NormRefit() { stop(); }

  void ask(const NormAsk& ask);
  void stop() { ++wanted_; }
  bool take(std::shared_ptr<const NormPicture>& out) { return pictures_.take(out); }

 private:
  void fit(const NormAsk& ask, int64_t number);

  const std::function<void()> wake_;
  std::atomic<int64_t> wanted_ = 0;  // number of the newest ask
  Mailbox<std::shared_ptr<const NormPicture>> pictures_;
  Worker fitting_;  // last: it uses all of the above
};

}  // namespace moescope
