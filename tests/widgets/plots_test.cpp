// Series, axes, lines: what is drawn is what was recorded.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/ui_demo.h"
#include "support/ui_stage.h"
#include "widgets/plots/axis.h"
#include "widgets/plots/line_plot.h"
#include "widgets/plots/polyline.h"
#include "widgets/plots/series.h"

namespace moescope::plots {
namespace {

TEST(Series, EnvelopeEqualsABruteForceWalk) {
  Series series;
  for (int64_t step = 1; step <= 5000; ++step) {
    double value = demo::noise(static_cast<uint64_t>(step), 1);
    if (step % 777 == 0) value = NAN;
    series.add(step * 3, value);
  }
  const int columns = 37;
  const int64_t first = 10, last = 14000;
  const std::vector<Column> found = series.envelope(first, last, columns);
  std::vector<Column> wanted(columns, Column{INFINITY, -INFINITY, 0, 0, 0});
  std::vector<double> sums(columns);
  for (const Point& point : series.points()) {
    if (point.step < first || point.step > last) continue;
    // Column c holds the steps from ceil(c * span / columns): the definition, read from the point's side.
    int c = columns - 1;
    while (point.step < first + static_cast<int64_t>(std::ceil(static_cast<double>(last - first + 1) * c / columns)))
      --c;
    Column& column = wanted[static_cast<size_t>(c)];
    if (std::isnan(point.value)) {
      ++column.bad;
      continue;
    }
    column.min = std::min(column.min, static_cast<float>(point.value));
    column.max = std::max(column.max, static_cast<float>(point.value));
    sums[static_cast<size_t>(c)] += point.value;
    ++column.count;
  }
  int64_t bad = 0;
  for (size_t c = 0; c < wanted.size(); ++c) {
    EXPECT_EQ(found[c].count, wanted[c].count);
    EXPECT_EQ(found[c].bad, wanted[c].bad);
    EXPECT_EQ(found[c].min, wanted[c].min);
    EXPECT_EQ(found[c].max, wanted[c].max);
    EXPECT_NEAR(found[c].mean, sums[c] / static_cast<double>(wanted[c].count),
                1e-6);  // sums in another order, then float
    bad += found[c].bad;
  }
  EXPECT_EQ(bad, 6);  // no NaN is lost
}

TEST(Series, GoingBackToACheckpointDropsTheAbandonedBranch) {
  Series series;
  for (int64_t step = 1; step <= 600; ++step) series.add(step, 1);
  series.add(400, 9);  // restored at 399, trained one step
  EXPECT_EQ(series.size(), 400u);
  EXPECT_EQ(series.last_step(), 400);
  const std::vector<Column> all = series.envelope(1, 400, 1);
  EXPECT_EQ(all[0].count, 400);
  EXPECT_EQ(all[0].max, 9);
  EXPECT_EQ(series.at(399)->value, 1);
  EXPECT_EQ(series.at(0), nullptr);
}

TEST(Series, TenMillionPointsAreSummarisedFromBlocks) {
  Series series;
  for (int64_t step = 0; step < 10'000'000; ++step) series.add(step, step == 7'654'321 ? 5 : 0);
  const std::vector<Column> columns = series.envelope(0, 9'999'999, 500);
  int64_t count = 0;
  float max = 0;
  for (const Column& column : columns) count += column.count, max = std::max(max, column.max);
  EXPECT_EQ(count, 10'000'000);
  EXPECT_EQ(max, 5);  // one point in ten million is still on the picture
}

TEST(Axis, RoundEndsHoldTheRangeAndStayStill) {
  const Axis axis = round_axis(0.013, 2.31, 5);
  EXPECT_LE(axis.low, 0.013);
  EXPECT_GE(axis.high, 2.31);
  EXPECT_EQ(round_axis(0.013, 2.36, 5).high, axis.high);  // a slightly larger value moves nothing
  EXPECT_LE(axis.ticks.size(), 6u);
  EXPECT_EQ(tick_label(axis, axis.ticks.front()), "0");
}

TEST(Axis, OddRangesStillGiveAnAxis) {
  for (const auto& [low, high] :
       {std::pair{0.0, 0.0}, {5.0, 5.0}, {double(NAN), 1.0}, {3.0, -1.0}, {0.0, double(INFINITY)}}) {
    const Axis axis = round_axis(low, high, 4);
    EXPECT_LT(axis.low, axis.high);
    EXPECT_FALSE(axis.ticks.empty());
    EXPECT_LT(axis.ticks.size(), 20u);
  }
}

TEST(Axis, StepsAreWholeNumbers) {
  const Axis axis = step_axis(1, 840, 4);
  for (const double tick : axis.ticks) EXPECT_EQ(tick, std::round(tick));
  EXPECT_EQ(tick_label(axis, 12000), "12\u2009000");
}

/// Every index of a draw list points at the vertex it was written for: no wrap at 65,536.
void expect_indices_in_order(const ImDrawList& list, size_t first_command) {
  for (int c = static_cast<int>(first_command); c < list.CmdBuffer.Size; ++c) {
    const ImDrawCmd& command = list.CmdBuffer[c];
    if (command.ElemCount == 0) continue;
    unsigned last = command.VtxOffset + list.IdxBuffer[static_cast<int>(command.IdxOffset)];
    for (unsigned i = 0; i < command.ElemCount; ++i) {
      const unsigned vertex = command.VtxOffset + list.IdxBuffer[static_cast<int>(command.IdxOffset + i)];
      ASSERT_LT(vertex, static_cast<unsigned>(list.VtxBuffer.Size));
      ASSERT_LT(vertex > last ? vertex - last : last - vertex, 20'000u) << "an index wrapped";
      last = vertex;
    }
  }
}

TEST(Polyline, AHundredThousandPointsDoNotWrap) {
  demo::Stage stage;
  std::vector<ImVec2> points, lower;
  for (int i = 0; i < 100'000; ++i) points.push_back({static_cast<float>(i) * 0.01f, static_cast<float>(i % 50)});
  for (const ImVec2& p : points) lower.push_back({p.x, p.y + 20});
  stage.show([&] {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    draw_polyline(list, points, IM_COL32_WHITE, 1.5f);
    draw_band(list, points, lower, IM_COL32_WHITE);
    EXPECT_GT(list.VtxBuffer.Size, 400'000);
    expect_indices_in_order(list, 0);
  });
  stage.frame();
}

TEST(LinePlot, ReportsTheStepUnderTheMouse) {
  demo::Stage stage(600, 300);
  Series series;
  for (int64_t step = 1; step <= 1000; ++step) series.add(step, 1.0 / static_cast<double>(step));
  int64_t under = -2;
  stage.show([&] {
    LinePlot plot;
    plot.lines.push_back({&series, "loss", IM_COL32_WHITE, false, false, 3});
    under = draw_line_plot({0, 0, 600, 300}, plot, -1);
  });
  stage.frame();
  EXPECT_EQ(under, -1);
  stage.move(44 + (600 - 44 - 8) / 2.f, 100);  // the plot lies right of 44 units of labels and left of 8 of margin
  EXPECT_NEAR(static_cast<double>(under), 500, 2);
}

TEST(LinePlot, EmptyAndNanSeriesAreDrawnWithoutHarm) {
  demo::Stage stage(600, 300);
  Series empty, nan;
  for (int64_t step = 1; step <= 10; ++step) nan.add(step, NAN);
  stage.show([&] {
    LinePlot plot;
    plot.lines.push_back({&empty, "a", IM_COL32_WHITE, false, false, 3});
    draw_line_plot({0, 0, 300, 300}, plot, -1);
    plot.lines.push_back({&nan, "b", IM_COL32_WHITE, true, false, 3});
    draw_line_plot({300, 0, 300, 300}, plot, 5);
    for (const ImDrawVert& vertex : ImGui::GetWindowDrawList()->VtxBuffer) {
      ASSERT_TRUE(std::isfinite(vertex.pos.x) && std::isfinite(vertex.pos.y));
    }
  });
  stage.frame();
}

}  // namespace
}  // namespace moescope::plots
