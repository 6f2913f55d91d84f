// What is found by some of its letters, and what the keys of the sheet are as commands.
#include "widgets/panels/palette.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/ui_stage.h"

namespace moescope {
namespace {

using panels::fuzzy_score;
using panels::KeyCommand;
using panels::PaletteLine;
using testing::ElementsAre;

std::vector<std::string> names(const std::vector<PaletteLine>& lines) {
  std::vector<std::string> all;
  for (const PaletteLine& line : lines) all.push_back(line.name);
  return all;
}

TEST(Palette, LettersInOrderAreEnoughAndBeginningsOfWordsCountMore) {
  EXPECT_TRUE(fuzzy_score("", "anything"));
  EXPECT_TRUE(fuzzy_score("eval now", "evaluate now"));
  EXPECT_TRUE(fuzzy_score("SVC", "save a checkpoint"));
  EXPECT_FALSE(fuzzy_score("sacq", "save a checkpoint"));
  EXPECT_FALSE(fuzzy_score("x", ""));
  // An early letter inside a word must not take the place of one that the rest needs.
  EXPECT_TRUE(fuzzy_score("ab", "xa b"));
  EXPECT_GT(*fuzzy_score("sc", "save a checkpoint"), *fuzzy_score("sc", "this and each"));
  EXPECT_GT(*fuzzy_score("next", "the next study"), *fuzzy_score("next", "nine extra things"));
  EXPECT_GT(*fuzzy_score("dark", "dark"), *fuzzy_score("dark", "dark or light"));
}

TEST(Palette, EveryKeyOfTheSheetIsACommandThatCanBePressed) {
  const std::vector<KeyCommand> commands =
      panels::key_commands("Explore", {{"Ctrl+S", "checkpoint", false}, {"T", "start", true}});
  const auto find = [&](const std::string& name) {
    const auto found = std::find_if(commands.begin(), commands.end(), [&](const auto& c) { return c.name == name; });
    EXPECT_NE(found, commands.end()) << name;
    return found == commands.end() ? KeyCommand{} : *found;
  };
  EXPECT_EQ(find("start or pause").press, (ui::Press{.character = 'T'}));
  EXPECT_TRUE(find("start or pause").works);
  EXPECT_EQ(find("save a checkpoint").press, (ui::Press{.key = 'S', .ctrl = true}));
  EXPECT_FALSE(find("save a checkpoint").works);
  EXPECT_EQ(find("MoE layer after").press, (ui::Press{.character = '.'}));
  EXPECT_EQ(find("MoE layer before").press, (ui::Press{.character = ','}));
  for (const KeyCommand& command : commands) EXPECT_FALSE(command.name.empty()) << command.keys;
  EXPECT_FALSE(ui::press_of("X hold"));
  EXPECT_FALSE(ui::press_of("wheel, drag"));
  EXPECT_EQ(ui::press_of("F3")->key, 292);
  EXPECT_THAT(panels::split_names("back, or do it again", 2), ElementsAre("back", "do it again"));
  EXPECT_THAT(panels::split_names("the run, stored runs side by side", 2),
              ElementsAre("the run", "stored runs side by side"));
}

TEST(Palette, NumbersAndLinksArePlaces) {
  const std::vector<KeyCommand> commands = {{"evaluate now", "E", {.character = 'E'}, true},
                                            {"image before", "J", {.character = 'J'}, false}};
  EXPECT_THAT(names(panels::palette_lines("image 12", commands)), ElementsAre("image 12 of the test set"));
  EXPECT_THAT(names(panels::palette_lines("", commands)), ElementsAre("evaluate now", "image before"));
  const auto link = panels::palette_lines("moescope://run/3?image=test:5", commands);
  ASSERT_EQ(link.size(), 1u);
  EXPECT_EQ(std::get<ViewLink>(link[0].does).image, 5);
  const auto broken = panels::palette_lines("moescope://run/3?imag=5", commands);
  ASSERT_EQ(broken.size(), 1u);
  EXPECT_FALSE(broken[0].works);
}

TEST(Palette, IsTypedInChosenFromAndClosed) {
  demo::Stage stage;
  panels::Palette palette;
  std::vector<PaletteLine> chosen;
  const std::vector<KeyCommand> commands = {{"start or pause", "T", {.character = 'T'}, true},
                                            {"evaluate now", "E", {.character = 'E'}, true},
                                            {"save a checkpoint", "Ctrl+S", {.key = 'S', .ctrl = true}, false}};
  stage.show(
      [&] {
        if (!palette.is_open()) return;
        if (auto one = palette.draw_ui(stage.screen(), commands)) chosen.push_back(*one);
      },
      true);
  const auto choose = [&](const std::string& letters) {
    palette.open();
    stage.frame(3);
    stage.type(letters);
    stage.frame(2);
    stage.tap(257);
    return std::exchange(chosen, {});
  };
  EXPECT_THAT(names(choose("eval")), ElementsAre("evaluate now"));
  EXPECT_FALSE(palette.is_open());
  EXPECT_THAT(names(choose("layer 5")), ElementsAre("layer 5"));
  EXPECT_TRUE(choose("checkpoint").empty());  // it does nothing now, so it cannot be chosen
  EXPECT_TRUE(palette.is_open());
  stage.tap(256);
  EXPECT_FALSE(palette.is_open());
}

}  // namespace
}  // namespace moescope
