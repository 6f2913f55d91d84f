// F5 walked in a real window over a real store: a figure of the runs chosen in F3 is made, kept, written and proved.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "sessions/session_store.h"
#include "support/ui_three_runs.h"

namespace moescope {
namespace {

using testing::HasSubstr;

class FiguresStory : public demo::ThreeRunsWindow {
 protected:
  FiguresPage& page() { return window_->workspace().figures(); }
  /// Draws after anything that no hand did.
  bool shows(const std::function<bool()>& done) {
    window_->draw_now();
    return until(done);
  }
  void choose_runs(std::vector<RunMoment> runs) {
    window_->workspace().compare().table().choose_only(std::move(runs));
    window_->draw_now();
  }
  std::string content(const std::string& name) const {
    std::ifstream file(temp_.path() / "figures" / name, std::ios::binary);
    return (std::ostringstream() << file.rdbuf()).str();
  }
};

TEST_F(FiguresStory, AFigureOfTheChosenRunsIsKeptWrittenAndProved) {
  choose_runs({{1, -1}, {2, -1}, {3, -1}});
  hand("key F5");
  ASSERT_TRUE(until([&] { return page().drawn() && page().list(); }));
  EXPECT_EQ(page().drawn()->refusal, "");
  EXPECT_EQ(page().draft().runs.size(), 3u);
  picture("figures-new");
  hand("key ctrl+e");
  ASSERT_TRUE(until([&] { return page().chosen_figure() == 1 && page().drawn(); }));
  ASSERT_TRUE(until([&] { return clipboard() == (temp_.path() / "figures" / "figure-1.svg").string(); }));
  for (const char* name : {"figure-1.svg", "figure-1.csv", "figure-1.tex", "figure-1.json", "figure-1.png"})
    EXPECT_THAT(content(name), HasSubstr("rebuild with: moescope figure rebuild 1 --check")) << name;
  EXPECT_THAT(content("figure-1.pdf"), HasSubstr("/Subject"));

  hand("key r");
  ASSERT_TRUE(until([&] { return page().verdict() && page().verdict()->same; }));
  picture("figures-kept");
  // What the page says is what the command says; and a changed value is found out by both.
  EXPECT_EQ(run_program({"figure", "rebuild", "1", "--check", "--store", store_}).status, 0);
  {
    const SessionStore store(store_, SessionStore::Access::edit);
    store.database().execute("UPDATE metrics_data SET value = 9 WHERE run_id = 1 AND step = 2");
  }
  hand("key r");
  ASSERT_TRUE(until([&] { return page().verdict() && !page().verdict()->same; }));
  EXPECT_THAT(page().verdict()->words, HasSubstr("differs from what was made"));
  EXPECT_EQ(run_program({"figure", "rebuild", "1", "--check", "--store", store_}).status, 1);
  picture("figures-differs");
}

TEST_F(FiguresStory, EveryKindIsDrawnAsItsFileIs) {
  for (const auto& [kind, about] : figure_kinds()) {
    std::vector<std::string> arguments = {"figure", "make", kind, "3"};
    if (kind == "parallel") arguments.emplace_back("1");  // needs two that differ
    arguments.insert(arguments.end(), {"--store", store_, "--to", temp_ / (kind + ".svg")});
    ASSERT_EQ(run_program(arguments).status, 0) << kind;
  }
  hand("key F5");
  ASSERT_TRUE(until([&] { return page().list() && page().list()->figures.size() == figure_kinds().size(); }));
  for (const KeptFigure& figure : std::vector<KeptFigure>(page().list()->figures)) {
    page().choose(figure.figure_id);
    ASSERT_TRUE(shows([&] { return page().drawn() && page().drawn()->ask.spec.kind == figure.spec.kind; }));
    EXPECT_EQ(page().drawn()->refusal, "") << figure.spec.kind;
    picture("figures-" + figure.spec.kind);
  }
  const std::vector<KeptFigure> all = page().list()->figures;
  page().choose(all[0].figure_id);
  hand("key k");
  ASSERT_TRUE(until([&] { return page().chosen_figure() == all[1].figure_id; })) << "the one after";
  hand("key j");
  ASSERT_TRUE(until([&] { return page().chosen_figure() == all[0].figure_id; }));
  page().choose(all.back().figure_id);
  hand("key n");  // like the one on view, to be changed
  ASSERT_TRUE(until([&] { return page().chosen_figure() == 0; }));
  EXPECT_EQ(page().draft().kind, "curves");
  EXPECT_THAT(page().draft().runs, testing::ElementsAre("3@12"));
}

TEST_F(FiguresStory, NoTextIsCutAtTheSizesThatWePromise) {
  ASSERT_EQ(run_program({"figure", "make", "pareto", "1", "3", "--store", store_, "--to", temp_ / "a.svg"}).status, 0);
  for (const bool dark : {true, false}) {
    for (const auto& [width, height] : {std::pair{1600, 900}, {1280, 800}}) {
      open(width, height, dark);
      choose_runs({{1, -1}, {2, -1}, {3, -1}});
      window_->workspace().open(ui::Key::f5);
      for (const int64_t figure : {0, 1}) {
        page().choose(figure);
        ASSERT_TRUE(shows([&] { return page().drawn() && page().list(); }));
        turns(12, 0.03);
        ui::look().cut_texts = 0;
        window_->draw_now();
        EXPECT_EQ(ui::look().cut_texts, 0) << width << " figure " << figure;
        picture("figures-" + std::to_string(figure) + (dark ? "-dark-" : "-light-") + std::to_string(width));
      }
    }
  }
}

}  // namespace
}  // namespace moescope
