// The lists behind l2_normalize.h. A plug-in adds to them, tests walk them.
#pragma once

#include "compute/backends/implementations.h"

namespace moescope {

using L2RowsFn = void(NormEps eps, const Tensor& x, const Tensor& y, float gain, const Tensor& gains);
using L2RowsBackwardFn = void(NormEps eps, const Tensor& x, const Tensor& dy, const Tensor& dx, float gain,
                              const Tensor& gains, const Tensor& dgains);
using L2ColumnsFn = void(NormEps eps, const Tensor& x, const Tensor& y, float gain);
using L2ColumnsBackwardFn = void(NormEps eps, const Tensor& x, const Tensor& dy, const Tensor& dx, float gain);

ImplementationList<L2RowsFn>& l2_normalize_rows_list();
ImplementationList<L2RowsBackwardFn>& l2_normalize_rows_backward_list();
ImplementationList<L2ColumnsFn>& l2_normalize_columns_list();
ImplementationList<L2ColumnsBackwardFn>& l2_normalize_columns_backward_list();

}  // namespace moescope
