// The lists behind gather.h. A plug-in adds to them, tests walk them.
#pragma once

#include "compute/backends/implementations.h"
#include "compute/ops/gather/gather.h"

namespace moescope {

using GatherRowsFn = void(const PairList& pairs, const Tensor& x, const Tensor& rows);
using GatherRowsBackwardFn = void(const PairList& pairs, const Tensor& drows, const Tensor& dx);
using CombineRowsFn = void(const PairList& pairs, const Tensor& rows, const Tensor& y);
using CombineRowsBackwardFn = void(const PairList& pairs, const Tensor& rows, const Tensor& dy, const Tensor& drows,
                                   const Tensor& dweight);

ImplementationList<GatherRowsFn>& gather_rows_list();
ImplementationList<GatherRowsBackwardFn>& gather_rows_backward_list();
ImplementationList<CombineRowsFn>& combine_rows_list();
ImplementationList<CombineRowsBackwardFn>& combine_rows_backward_list();

}  // namespace moescope
