// Microseconds are bounds, from bytes and FLOPs alone; they say what a step cannot be faster than.
#include "app/benchmarks/roofline_table.h"

#include <algorithm>

#include "app/terminal/text_table.h"
#include "compute/models/roofline.h"

namespace moescope {

namespace {

void add_row(TextTable& table, const RooflineRow& row, const char* limit, double a100_secs, double h100_secs) {
  table.add({row.kernel, fixed(row.launches, 0), fixed(row.bytes * 1e-6, 1), fixed(row.flops * 1e-9, 2), limit,
             fixed(a100_secs * 1e6, 1), fixed(h100_secs * 1e6, 1)});
}

}  // namespace

std::string roofline_table(const VisionTransformer& model, int64_t batch, Precision precision) {
  std::vector<RooflineRow> rows = roofline_of_step(model, batch);
  std::stable_sort(rows.begin(), rows.end(), [&](const RooflineRow& a, const RooflineRow& b) {
    return bound_secs(a, kA100, precision) > bound_secs(b, kA100, precision);
  });
  TextTable table({"kernel", ">launches", ">MB", ">GFLOP", "limited by", ">A100 us", ">H100 us"});
  RooflineRow sum{"sum", 0, 0, 0, false};
  double a100_secs = 0, h100_secs = 0;
  for (const RooflineRow& row : rows) {
    const double a100 = bound_secs(row, kA100, precision), h100 = bound_secs(row, kH100, precision);
    add_row(table, row,
            is_memory_bound(row, kA100, precision) ? "memory"
            : row.product                          ? "tensor cores"
                                                   : "arithmetic",
            a100, h100);
    sum.launches += row.launches, sum.bytes += row.bytes, sum.flops += row.flops;
    a100_secs += a100, h100_secs += h100;
  }
  add_row(table, sum, "", a100_secs, h100_secs);
  return table.aligned() +
         "\nBounds from bytes and FLOPs alone, not measurements: no step of these kernels is faster than " +
         fixed(a100_secs * 1e3, 2) + " ms on an " + kA100.name + " (" +
         fixed(static_cast<double>(batch) / a100_secs, 0) + " images/s), " + fixed(h100_secs * 1e3, 2) + " ms on an " +
         kH100.name + " (" + fixed(static_cast<double>(batch) / h100_secs, 0) +
         " images/s). Launches go out as one CUDA graph.\n";
}

}  // namespace moescope
