// Accuracy against compute.
#include "widgets/panels/study_views.h"
#include "widgets/plots/xy_plot.h"
#include "widgets/ui/draw.h"
#include "widgets/ui/format.h"

namespace moescope::panels {

void draw_curve(const ui::Rect& area, const Report& report, const Curve& curve, bool has_marker, double position) {
  const ui::Theme& t = ui::theme();
  plots::XyPlot plot;
  plot.x_title = "GFLOPs / image";
  plot.y_title = "accuracy";
  plots::XyLine line{{}, curve.axis, t.accent};
  std::vector<plots::XyPoint> gflops, accuracy;  // over the position
  for (const CurvePoint& p : curve.points) {
    if (p.num_images == 0) continue;
    const double band = 1.96 * p.accuracy_error;  // 95 % of a normal distribution
    const std::string name = curve.axis + " " + ui::compact(p.position) + ", " + ui::grouped(p.num_images) +
                             " images, " + ui::grouped(static_cast<int64_t>(p.images_per_sec)) + " images/s";
    line.points.push_back({p.gflops_per_image, p.accuracy, band, name});
    gflops.push_back({p.position, p.gflops_per_image, 0, ""});
    accuracy.push_back({p.position, p.accuracy, 0, ""});
  }
  if (gflops.empty()) return;
  plot.has_marker = has_marker;
  plot.marker_x = plots::interpolate(gflops, position);
  plot.marker_y = plots::interpolate(accuracy, position);
  plot.marker_name = curve.axis + " " + ui::compact(position) + ": " + ui::fixed(plot.marker_y, 3);
  plot.lines.push_back(std::move(line));
  plot.note = curve.axis + ", " + ui::grouped(curve.points.front().num_images) + " images" +
              (curve.exact ? ", exact" : ", 95 % band") +
              (report.request.what_if.is_nothing() ? "" : ", " + describe(report.request.what_if));
  plot.short_note = curve.axis;
  plots::draw_xy_plot(area, plot);
}

}  // namespace moescope::panels
