// A figure's scene under a mouse: zooming into a box, all of it again, the point that is meant.
#include "widgets/plots/scene_view.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/ui_stage.h"

namespace moescope::plots {
namespace {

struct SceneStage : demo::Stage {
  explicit SceneStage(std::vector<figure::Mark> marks) : Stage(800, 600) {
    scene.panels.push_back({});
    scene.panels[0].x.label = "step";
    scene.panels[0].y.label = "loss";
    scene.panels[0].marks = std::move(marks);
    show([this] {
      hit = view.draw_ui("scene", {50, 50, 700, 500}, scene, colors, textures);
      clicked |= hit.clicked ? hit.point + 1 : 0;
    });
    frame(2);
  }
  figure::Scene scene;
  figure::ColorMap colors;
  SceneView view;
  SceneHit hit;
  int64_t clicked = 0;  // the point, plus one
};

figure::Line ramp(size_t points) {
  figure::Line line;
  line.name = "loss";
  for (size_t i = 0; i <= points; ++i)
    line.x.push_back(static_cast<double>(i)), line.y.push_back(static_cast<double>(i % 7));
  return line;
}

TEST(SceneView, ADragZoomsIntoTheBoxAndADoubleClickShowsAll) {
  SceneStage stage({ramp(1000)});
  stage.move(400, 300);
  ASSERT_EQ(stage.hit.panel, 0);
  EXPECT_TRUE(stage.view.is_fitted());
  stage.move(300, 300);
  const double low = stage.hit.x;
  stage.move(500, 300);
  const double high = stage.hit.x;
  EXPECT_LT(low, high);
  stage.drag(300, 300, 500, 305);
  ASSERT_TRUE(stage.view.zoomed_x());
  EXPECT_NEAR(stage.view.zoomed_x()->low, low, 2);  // a pixel is about 1.5 steps
  EXPECT_NEAR(stage.view.zoomed_x()->high, high, 2);
  stage.click(400, 300);
  stage.press();
  stage.release();
  EXPECT_TRUE(stage.view.is_fitted());
}

TEST(SceneView, AClickInTheLegendHidesACurveAndAnotherBringsItBack) {
  figure::Line high = ramp(10);
  high.name = "high";
  for (double& y : high.y) y += 1000;
  SceneStage stage({ramp(10), high});
  // The legend stands above the plot: the first place there that answers a click is the first entry.
  float x = 60, y = 52;
  for (; y < 90 && stage.view.hidden().empty(); y += 4)
    for (x = 60; x < 300 && stage.view.hidden().empty(); x += 8) stage.click(x, y);
  ASSERT_EQ(stage.view.hidden(), std::vector<std::string>{"loss"});
  stage.frame(2);
  stage.move(400, 300);
  EXPECT_GT(stage.hit.y, 900);  // the axis is that of what is left
  stage.click(x - 8, y - 4);
  EXPECT_TRUE(stage.view.hidden().empty());
  stage.frame(2);
  stage.move(400, 300);
  EXPECT_LT(stage.hit.y, 900);
}

TEST(SceneView, PanelsWithOneAxisAreZoomedTogether) {
  SceneStage stage({ramp(1000)});
  stage.scene.panels.push_back(stage.scene.panels[0]);
  stage.frame(2);
  stage.drag(300, 150, 500, 152);  // in the upper panel
  ASSERT_TRUE(stage.view.zoomed_x(0));
  ASSERT_TRUE(stage.view.zoomed_x(1));
  EXPECT_EQ(stage.view.zoomed_x(0)->low, stage.view.zoomed_x(1)->low);
}

TEST(Crosshair, IsWhereTheMouseWasAndAsksForOneMoreFrame) {
  Crosshair crosshair;
  crosshair.begin_frame();
  EXPECT_FALSE(crosshair.moved());
  SceneHit hit;
  crosshair.follow(hit);  // of a plot without the mouse
  EXPECT_TRUE(std::isnan(crosshair.x()));
  hit.panel = 0, hit.x = 7;
  crosshair.follow(hit);
  EXPECT_TRUE(crosshair.moved());
  crosshair.begin_frame();
  EXPECT_EQ(crosshair.x(), 7);
  EXPECT_TRUE(crosshair.moved());  // it goes, unless the mouse is still there
  crosshair.follow(hit);
  EXPECT_FALSE(crosshair.moved());
}

TEST(SceneView, OutsideThePlotNothingIsPointedAt) {
  SceneStage stage({ramp(10)});
  stage.move(20, 20);
  EXPECT_EQ(stage.hit.panel, -1);
}

TEST(SceneView, TheNearestPointOfAScatterIsMeant) {
  figure::Scatter points;
  points.x = {1, 2, 3}, points.y = {1, 2, 3};
  points.labels = {"a", "b", "c"};
  SceneStage stage({points});
  for (float x = 60; x < 740 && stage.hit.point != 1; x += 6)
    for (float y = 60; y < 540 && stage.hit.point != 1; y += 6) stage.move(x, y);
  ASSERT_EQ(stage.hit.point, 1);
  EXPECT_NEAR(stage.hit.x, 2, 0.1);
  stage.press();
  stage.release();
  EXPECT_EQ(stage.clicked, 2);
}

TEST(SceneView, ALineOfAHundredThousandPointsStaysWithinSixteenBitIndices) {
  // Above 16,384 points one ImGui poly-line of fractional width wraps its indices without a word.
  SceneStage stage({ramp(100000)});
  const ImDrawData* drawn = ImGui::GetDrawData();
  int vertices = 0;
  for (int i = 0; i < drawn->CmdListsCount; ++i) vertices += drawn->CmdLists[i]->VtxBuffer.Size;
  EXPECT_GT(vertices, 200000);
  for (int i = 0; i < drawn->CmdListsCount; ++i)
    for (const ImDrawCmd& command : drawn->CmdLists[i]->CmdBuffer)
      EXPECT_LE(command.VtxOffset, static_cast<unsigned>(drawn->CmdLists[i]->VtxBuffer.Size));
}

TEST(SceneView, AFigureOfEveryKindOfMarkDraws) {
  figure::Band band{.color = 1, .x = {0, 1, 2}, .low = {0, 1, 1}, .high = {2, 2, 3}};
  figure::HeatMap map{.rows = 2, .columns = 2, .values = {0, 1, 2, NAN}, .value_label = "load"};
  figure::Ridge ridge;
  ridge.histograms.push_back({"step 1", {1, 4, 2}, 0, 1, 0});
  figure::Bars bars{.color = 0, .names = {"a"}, .values = {0.5}, .low = {0.4}, .high = {0.6}};
  for (figure::Mark mark : {figure::Mark(band), figure::Mark(map), figure::Mark(ridge), figure::Mark(bars)}) {
    SceneStage stage({mark});
    EXPECT_GT(ImGui::GetDrawData()->TotalVtxCount, 20);
  }
}

}  // namespace
}  // namespace moescope::plots
