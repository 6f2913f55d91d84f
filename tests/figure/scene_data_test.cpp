// What a figure shows as tables.
#include "figure/scene_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace moescope::figure {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Scene a_scene() {
  Scene scene;
  scene.title = "A, \"quoted\" title";
  Panel panel;
  panel.title = "left, right";
  panel.y = {.label = "50 % of loss_1", .log = true, .low = 0.1, .high = {}};
  panel.marks = {Line{.name = "loss",
                      .color = 0,
                      .x = {1, 2, 3},
                      .y = {0.1, std::nan(""), -std::numeric_limits<double>::infinity()}},
                 Band{.color = 0, .x = {1}, .low = {0.05}, .high = {0.2}}};
  panel.events = {{2, "router.k 2"}};
  scene.panels = {panel};
  return scene;
}

TEST(SceneData, CsvHasOneRowANumber) {
  EXPECT_EQ(scene_csv(a_scene()),
            "panel,mark,name,x,y,low,high\n"
            "\"left, right\",line,loss,1,0.1,,\n"
            "\"left, right\",line,loss,2,nan,,\n"
            "\"left, right\",line,loss,3,-inf,,\n"
            "\"left, right\",band,,1,,0.05,0.2\n"
            "\"left, right\",event,router.k 2,2,,,\n");
}

TEST(SceneData, JsonSaysEverythingAndIsEqualOnlyForEqualScenes) {
  const std::string text = scene_json(a_scene());
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["panels"][0]["marks"][0]["y"], (nlohmann::json{0.1, "NaN", "-Infinity"}));
  EXPECT_EQ(json["panels"][0]["y"]["low"], 0.1);
  EXPECT_EQ(scene_json(a_scene()), text);
  Scene other = a_scene();
  std::get<Line>(other.panels[0].marks[0]).y[0] = std::nextafter(0.1, 1);  // the last bit
  EXPECT_NE(scene_json(other), text);
  other = a_scene();
  other.panels[0].events[0].text = "router.k 3";
  EXPECT_NE(scene_json(other), text);
}

TEST(SceneData, LatexIsEscapedAndBreaksLinesAtNan) {
  EXPECT_THAT(scene_pgfplots(a_scene()),
              AllOf(HasSubstr("ylabel={50 \\% of loss\\_1},ymode=log,ymin=0.1"),
                    HasSubstr("unbounded coords=jump] coordinates {(1,0.1) (2,nan) (3,-inf) };"),
                    HasSubstr("\\addlegendentry{loss}"), HasSubstr("\\end{document}")));
}

}  // namespace
}  // namespace moescope::figure
