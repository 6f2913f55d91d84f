// Every knob and every control about stored runs tells what it is, how it is computed and where that comes from.
#include "widgets/panels/control_tips.h"

#include <gtest/gtest.h>

#include <set>

#include "compute/records/config_fields.h"
#include "compute/records/field_notes.h"
#include "support/ui_stage.h"
#include "widgets/panels/knobs.h"

namespace moescope {
namespace {

TEST(ControlTips, EverySettingThatChangesWhileAModelRunsHasFormulaAndSource) {
  for (const FieldText& field : list_fields(RunConfig{})) {
    if (field.field.adjust == Adjust::next_run) continue;
    const std::optional<FieldNote> note = find_note(field.field.key);
    ASSERT_TRUE(note) << field.field.key;
    EXPECT_FALSE(note->formula.empty()) << field.field.key;
    EXPECT_FALSE(note->source.empty()) << field.field.key;
    EXPECT_FALSE(field.field.help.empty()) << field.field.key;
  }
}

TEST(ControlTips, EveryKnobOfEveryRouterHasANote) {
  for (const RouterKind kind :
       {RouterKind::tokens_choice, RouterKind::experts_choice, RouterKind::soft, RouterKind::dense}) {
    RunConfig config;
    config.router.kind = kind;
    config.router.num_experts = 8;
    for (const panels::Knob& knob : panels::knobs_for(config)) EXPECT_TRUE(find_note(knob.key)) << knob.key;
  }
}

TEST(ControlTips, NotesAreOfSettingsThatThereAreAndEachOnce) {
  std::set<std::string_view> seen;
  for (const FieldNote& note : field_notes()) {
    EXPECT_NO_THROW(find_field(note.key)) << note.key;
    EXPECT_TRUE(seen.insert(note.key).second) << note.key;
  }
}

TEST(ControlTips, EveryControlHasATitleAndAText) {
  std::set<std::string_view> seen;
  for (const panels::ControlTip& one : panels::control_tips()) {
    EXPECT_TRUE(seen.insert(one.control).second) << one.control;
    EXPECT_FALSE(one.tip.title.empty()) << one.control;
    EXPECT_FALSE(one.tip.text.empty()) << one.control;
  }
  demo::Stage stage;
  stage.show([&] { EXPECT_THROW(panels::tip_of("runs.nothing", stage.screen()), std::logic_error); });
  stage.frame();
}

}  // namespace
}  // namespace moescope
