// The lists behind attention.h. A plug-in adds to them, tests walk them.
#pragma once

#include "compute/backends/implementations.h"
#include "compute/ops/attention/attention.h"

namespace moescope {

using AttentionFn = void(const AttentionShape& shape, HeadRows q, HeadRows k, HeadRows v, HeadRows out,
                         const Tensor& probabilities);
using AttentionBackwardFn = void(const AttentionShape& shape, HeadRows q, HeadRows k, HeadRows v, HeadRows dout,
                                 HeadRows dq, HeadRows dk, HeadRows dv);

ImplementationList<AttentionFn>& attention_list();
ImplementationList<AttentionBackwardFn>& attention_backward_list();

}  // namespace moescope
