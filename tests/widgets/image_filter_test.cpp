// Words typed above the gallery.
#include "widgets/panels/image_filter.h"

#include <gtest/gtest.h>

#include "widgets/panels/layer_health.h"

namespace moescope::panels {
namespace {

/// Image 7: a sneaker taken for a sandal, a quarter of its patches dropped, routed unlike other sneakers.
ImageVerdict sneaker() {
  ImageVerdict v;
  v.image = 7, v.label = 1, v.predicted = 0, v.dropped = 0.25f, v.distance = 0.7f;
  return v;
}
Mistakes norms() {
  Mistakes m;
  m.far_distance = {0.5f, 0.6f};
  return m;
}
bool passes(const std::string& text, const ImageVerdict* verdict) {
  const Mistakes m = norms();
  return parse_image_filter(text).passes(7, "Sneaker", verdict, &m);
}

TEST(ImageFilter, NamesAndNumbersNeedNoModel) {
  EXPECT_TRUE(passes("", nullptr));
  EXPECT_TRUE(passes("SNEAK", nullptr));
  EXPECT_TRUE(passes("7", nullptr));
  EXPECT_FALSE(passes("boot", nullptr));
  EXPECT_FALSE(passes("70", nullptr));
  EXPECT_FALSE(parse_image_filter("sneak").needs_verdicts());
}

TEST(ImageFilter, ConditionsAskWhatTheModelSays) {
  const ImageVerdict v = sneaker();
  EXPECT_TRUE(passes("wrong", &v));
  EXPECT_FALSE(passes("right", &v));
  EXPECT_TRUE(passes("sneak dropped>0.2", &v));
  EXPECT_FALSE(passes("dropped>0.25", &v));
  EXPECT_TRUE(passes("dropped<0.3", &v));
  EXPECT_TRUE(passes("unusual", &v));
  EXPECT_FALSE(passes("wrong", nullptr));  // not looked at: nobody knows
  EXPECT_TRUE(parse_image_filter("wrong").needs_verdicts());
}

TEST(ImageFilter, AHalfTypedConditionIsNoneYet) {
  EXPECT_TRUE(passes("dropped>", nullptr));
  EXPECT_TRUE(passes("dropped>0.x", nullptr));
}

ExpertLoad load_with(std::vector<float> load) {
  ExpertLoad l;
  l.router = RouterKind::tokens_choice;
  l.load = load;
  l.importance = std::move(load);
  l.entropy = 1, l.entropy_max = 2;
  return l;
}

TEST(LayerHealth, CountsTheDeadAndNamesTheBusiest) {
  // loads 0, 0.004 (dead), 2, 1.996 of 4 experts: the mean is 1, the deviation 1 but for a hair
  const LayerHealth h = health_of(load_with({0, .004f, 2, 1.996f}));
  EXPECT_EQ(h.dead, 2);
  EXPECT_EQ(h.busiest, 2);
  EXPECT_DOUBLE_EQ(h.overload, 2);
  EXPECT_NEAR(h.importance_cv, 1, 0.01);
  EXPECT_DOUBLE_EQ(h.relative_entropy, 0.5);
  EXPECT_FALSE(h.collapsed);  // two experts share the work
}

TEST(LayerHealth, ALayerCollapsesOntoOneExpertOrOntoFew) {
  EXPECT_EQ(health_of(load_with({2.4f, .6f, .5f, .5f})).why, "E0 takes 60 % of the work");
  std::vector<float> few(16, 0);
  few[1] = few[4] = 5, few[9] = 6;
  EXPECT_EQ(health_of(load_with(few)).why, "13 of 16 experts are dead");
  few[2] = few[3] = 1;
  EXPECT_FALSE(health_of(load_with(few)).collapsed);
  EXPECT_FALSE(health_of(load_with({1.4f, .6f})).collapsed);   // of two experts one is always the busier
  EXPECT_FALSE(health_of(load_with({0, 0, 0, 0})).collapsed);  // nothing was routed yet
}

}  // namespace
}  // namespace moescope::panels
