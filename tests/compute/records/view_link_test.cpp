// Links out and in.
#include "compute/records/view_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compute/records/error.h"

namespace moescope {
namespace {

using testing::HasSubstr;

TEST(ViewLink, SaysWhatIsLookedAtAndNothingElse) {
  EXPECT_EQ(to_text({.run = "3", .step = 400, .image = 12, .layer = 5, .expert = 2, .patch = 17, .page = "explore"}),
            "moescope://run/3?step=400&image=test:12&layer=5&expert=2&patch=17&page=explore");
  EXPECT_EQ(to_text({}), "moescope://run/latest");
}

TEST(ViewLink, ComesBackAsItWas) {
  for (const ViewLink& link : {ViewLink{.run = "3"}, ViewLink{.run = "a name & more?", .step = 0, .page = "figures"},
                               ViewLink{.run = "100 %", .image = 9999, .slot = 47, .stretch = 1}}) {
    EXPECT_EQ(link_from_text(to_text(link)), link) << to_text(link);
  }
  EXPECT_EQ(link_from_text("moescope://run/latest?image=7").image, 7);  // as a hand writes it
}

TEST(ViewLink, MistakesAreSentences) {
  const auto error = [](const std::string& text) -> std::string {
    try {
      link_from_text(text);
    } catch (const ConfigError& wrong) { return wrong.what(); }
    return "";
  };
  EXPECT_THAT(error("http://run/3"), HasSubstr("is no link"));
  EXPECT_THAT(error("moescope://figure/3"), HasSubstr("is no link"));
  EXPECT_THAT(error("moescope://run/"), HasSubstr("names no run"));
  EXPECT_THAT(error("moescope://run/3?imag=2"), HasSubstr("did you mean 'image'?"));
  EXPECT_THAT(error("moescope://run/3?layer=two"), HasSubstr("layer=two"));
  EXPECT_THAT(error("moescope://run/3?layer=-1"), HasSubstr("layer=-1"));
  EXPECT_THAT(error("moescope://run/3?step"), HasSubstr("without a value"));
  EXPECT_THAT(error("moescope://run/a%2"), HasSubstr("two digits"));
  EXPECT_THAT(error("moescope://run/a%zz"), HasSubstr("two digits"));
}

}  // namespace
}  // namespace moescope
