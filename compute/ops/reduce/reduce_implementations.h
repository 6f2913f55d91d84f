// The lists behind reduce.h. A plug-in adds to them, tests walk them.
#pragma once

#include "compute/backends/implementations.h"

namespace moescope {

using AddColumnSumsFn = void(const Tensor& x, const Tensor& sum);
using AddColumnSumsGroupedFn = void(const Tensor& x, const int32_t* offset, const Tensor& sum);
using AddFn = void(const Tensor& x, const Tensor& y);
using AddToEachFn = void(const Tensor& table, const Tensor& x, int64_t images);
using AddToEachBackwardFn = void(const Tensor& dx, const Tensor& table, int64_t images);
using MeanRowsFn = void(const Tensor& x, int64_t images, const Tensor& mean);
using MeanRowsBackwardFn = void(const Tensor& dmean, int64_t images, const Tensor& dx);
using FillFn = void(const Tensor& x, float value);
using CopyFn = void(const Tensor& from, const Tensor& to);
using ScaleFn = void(const Tensor& x, float factor);
using RoundToBf16Fn = void(const Tensor& x, const Tensor& y);

ImplementationList<AddColumnSumsFn>& add_column_sums_list();
ImplementationList<AddColumnSumsGroupedFn>& add_column_sums_grouped_list();
ImplementationList<AddFn>& add_list();
ImplementationList<AddToEachFn>& add_to_each_list();
ImplementationList<AddToEachBackwardFn>& add_to_each_backward_list();
ImplementationList<MeanRowsFn>& mean_rows_list();
ImplementationList<MeanRowsBackwardFn>& mean_rows_backward_list();
ImplementationList<FillFn>& fill_list();
ImplementationList<CopyFn>& copy_list();
ImplementationList<ScaleFn>& scale_list();
ImplementationList<RoundToBf16Fn>& round_to_bf16_list();

}  // namespace moescope
