// What runs say about a claim, one inequality at a time.
#pragma once

#include <string>

namespace moescope {

enum class Verdict { reproduced, not_reproduced, not_settled };

inline const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::reproduced: return "reproduced";
    case Verdict::not_reproduced: return "not reproduced";
    case Verdict::not_settled: break;
  }
  return "not settled";
}

/// One inequality of a criterion, with what was found.
struct Check {
  std::string text;   // "n=10 reaches at most 1/8 of the loss of n=1"
  std::string found;  // "0.081 [0.079, 0.084]"
  Verdict verdict = Verdict::not_settled;
};

}  // namespace moescope
