// The storyboard's steps that need a real run: trainer, store and explorer behind a real window.
// MOESCOPE_PICTURES=FOLDER keeps a picture of each.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <future>

#include "compute/records/config_fields.h"
#include "sessions/run_reader.h"
#include "support/encode_images.h"
#include "support/heard_run.h"
#include "support/synthetic_dataset.h"
#include "support/temp_folder.h"
#include "support/ui_real_window.h"
#include "widgets/panels/shown.h"

namespace moescope {
namespace {

class RealRun : public demo::RealWindow {
 protected:
  void open(std::function<void(Trainer&)> before_step = {}) {
    PreparedRun run;
    run.store = store_;
    run.setup.config = tiny_config(RouterKind::tokens_choice);
    run.setup.config.train.checkpoint_secs = 3600;  // the beginning is stored
    run.setup.config.train.epochs = 100000;         // no test waits for its end
    run.setup.dataset = std::make_shared<SyntheticDataset>();
    run.setup.watched = {{0, nullptr, "test 0"}};
    run.setup.before_step = std::move(before_step);
    controller_ = std::make_unique<HeardRun>(std::move(run));
    WindowOptions options;
    options.scale = 1;
    window_ = std::make_unique<Window>(options, *controller_);
  }
  Workspace& workspace() { return window_->workspace(); }
  const Snapshot& snapshot() { return *window_->snapshot(); }
  /// It has its row in the store, too, which the recorder makes beside the first steps.
  bool trains() {
    return window_->snapshot() && snapshot().state == RunState::running && snapshot().step > 0 && snapshot().run_id > 0;
  }
  /// The picture without what a running number changes: the panel in the middle.
  ImagePixels middle() {
    ImagePixels all = window_->screenshot(), part{380, 700, 3, {}};
    for (int64_t y = 0; y < part.height; ++y) {
      const auto row = all.values.begin() + static_cast<std::ptrdiff_t>(((y + 100) * all.width + 260) * 3);
      part.values.insert(part.values.end(), row, row + part.width * 3);
    }
    return part;
  }

  TempFolder folder_;
  const std::string store_ = folder_ / "sessions.db";
  std::unique_ptr<HeardRun> controller_;
};

TEST_F(RealRun, At0_00TheFirstOverlayComesByItself) {
  open();
  ASSERT_TRUE(until([&] { return window_->snapshot() && !snapshot().images.empty(); }));
  EXPECT_EQ(snapshot().device.find("CPU oneDNN"), 0u) << snapshot().device;
  const panels::Selection& selection = workspace().explore().selection();
  ASSERT_TRUE(selection.has_image);
  const ImageView* view = panels::find_view(snapshot(), selection.image);
  ASSERT_TRUE(view);
  ASSERT_TRUE(panels::find_map(*view, selection.layer));
  // On the screen: the colours of two experts at least, mixed with the grey image, make many more than the chrome's.
  window_->draw_now();
  const ImagePixels seen = middle();
  size_t colourful = 0;
  for (size_t i = 0; i + 2 < seen.values.size(); i += 3) {
    const auto [low, high] = std::minmax({seen.values[i], seen.values[i + 1], seen.values[i + 2]});
    colourful += high - low > 40;
  }
  EXPECT_GT(colourful, 2000u);  // of 266,000 pixels; the chrome's few coloured words have some hundreds
  picture("real-0-00");
}

TEST_F(RealRun, At3_00ADroppedFileOfAnotherSizeIsRoutedAndCanBePadded) {
  open();
  ASSERT_TRUE(until([&] { return trains(); }));
  ImagePixels shoe{40, 80, 3, std::vector<uint8_t>(40 * 80 * 3, 30)};
  for (size_t i = 0; i < shoe.values.size(); i += 7) shoe.values[i] = 200;
  write_png(shoe, folder_ / "shoe.png");
  controller_->open_files({folder_ / "shoe.png"});
  const auto& selection = workspace().explore().selection();
  ASSERT_TRUE(until([&] { return selection.image.own != nullptr; }));
  ASSERT_TRUE(until([&] { return panels::find_view(snapshot(), selection.image) != nullptr; }));
  const std::vector<uint8_t> cropped = panels::find_view(snapshot(), selection.image)->pixels.values;
  picture("real-3-00");
  hand("mousemove 980 125");  // "pad", the second of three words at the right end of the strip
  turns(5);
  hand("click 1");
  ASSERT_TRUE(until([&] { return selection.image.fit == ImageFit::pad; }));
  ASSERT_TRUE(until([&] { return panels::find_view(snapshot(), selection.image)->pixels.values != cropped; }));
  EXPECT_EQ(panels::find_view(snapshot(), selection.image)->pixels.values[0], 0);  // black beside the image
  picture("real-3-00-padded");
}

TEST_F(RealRun, At3_00EveryKindOfFileIsRoutedOrRefusedInOneSentence) {
  open();
  ASSERT_TRUE(until([&] { return trains(); }));
  const std::vector<uint8_t> grey(24 * 40, 90), colour(24 * 40 * 3, 90), inks(24 * 40 * 4, 90), wide(24 * 40 * 2, 90);
  write_png(ImagePixels{24, 40, 1, grey}, folder_ / "grey.png");
  encode_png(folder_ / "sixteen.png", 24, 40, wide, {.color_type = PNG_COLOR_TYPE_GRAY, .bits = 16});
  encode_jpeg(folder_ / "cmyk.jpg", 24, 40, 4, inks);
  // The camera was held upright: EXIF orientation 6.
  encode_jpeg(
      folder_ / "turned.jpg", 24, 40, 3, colour,
      {'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0});
  std::filesystem::create_directory(folder_ / "folder");
  write_png(ImagePixels{30, 30, 1, std::vector<uint8_t>(900, 9)}, std::string(folder_ / "folder") + "/inside.png");
  const auto& selection = workspace().explore().selection();
  for (const std::string name : {"grey.png", "sixteen.png", "cmyk.jpg", "turned.jpg", "folder"}) {
    if (name == "grey.png") {  // pasted, the others dropped
      ImGui::SetClipboardText((folder_ / name).c_str());
      hand("key ctrl+v");
    } else {
      controller_->open_files({folder_ / name});
    }
    const std::string label = name == "folder" ? "inside.png" : name;
    ASSERT_TRUE(until([&] { return selection.image.label == label; })) << name;
    ASSERT_TRUE(until([&] { return panels::find_view(snapshot(), selection.image) != nullptr; })) << name;
    EXPECT_EQ(selection.image.own->height, name == "turned.jpg" ? 40 : name == "folder" ? 30 : 24) << name;
    picture("real-3-00-" + label);
  }
  EXPECT_TRUE(controller_->notices.empty()) << controller_->notices.front();

  std::ofstream(folder_ / "text.png") << "no picture at all";
  std::ofstream(folder_ / "moving.gif", std::ios::binary) << "GIF89a" << std::string(64, '\0');
  std::filesystem::create_directory(folder_ / "nothing");
  encode_png(folder_ / "huge.png", 20000, 20000, std::vector<uint8_t>(20000 * 2500), {.color_type = 0, .bits = 1});
  const auto before = selection.image.own;
  for (const auto& [name, words] : {std::pair{"text.png", "neither PNG nor JPEG"},
                                    {"moving.gif", "is a GIF"},
                                    {"nothing", "holds no PNG or JPEG"},
                                    {"huge.png", "20000"}}) {
    controller_->notices.clear();
    controller_->open_files({folder_ / name});
    ASSERT_TRUE(until([&] { return !controller_->notices.empty(); })) << name;
    ASSERT_EQ(controller_->notices.size(), 1u);
    EXPECT_NE(controller_->notices[0].find(words), std::string::npos) << controller_->notices[0];
    EXPECT_EQ(controller_->notices[0].find('\n'), std::string::npos);
    EXPECT_EQ(selection.image.own, before) << name;
  }
  picture("real-3-00-refused");
}

TEST_F(RealRun, ExpertsAllOffAreRefusedAndTheModelIsShownAsItIs) {
  open();
  ASSERT_TRUE(until([&] { return trains(); }));
  const auto& off = workspace().explore().selection().asking.lasting.off;
  // Down the column of eyes, again where a click came between two frames; one that is off already is left alone.
  for (int y = 104, tries = 0; off.size() < 4 && tries < 200; y = y < 330 ? y + 9 : 104, ++tries) {
    hand("mousemove 1563 " + std::to_string(y));
    turns(4);
    const ExpertOff one{1, workspace().explore().selection().hovered.expert};
    if (one.expert < 0 || std::find(off.begin(), off.end(), one) != off.end()) continue;
    hand("click 1");
    turns(6);
  }
  ASSERT_EQ(off.size(), 4u);
  ASSERT_TRUE(until([&] { return controller_->last_look && controller_->last_look->request.what_if.off.size() == 4; }));
  EXPECT_EQ(controller_->last_look->refusal, "every expert of layer 1 is off; switch one on");
  for (const ImageLook& look : controller_->last_look->images)
    for (const float p : look.changed.probabilities) EXPECT_TRUE(std::isfinite(p));
  picture("real-all-off");
}

TEST_F(RealRun, At2_30AKnobIsMarkedStoredAndTakenBack) {
  open();
  ASSERT_TRUE(until([&] { return trains(); }));
  hand("mousemove 1440 795 mousedown 1");
  turns(5);
  hand("mousemove 1380 795 mouseup 1");
  const auto& marks = workspace().history().marks();
  ASSERT_TRUE(until([&] { return !marks.empty(); }));
  const std::string key = marks.front().title;
  const std::string changed = get_field(snapshot().config, key);
  picture("real-2-30");
  hand("key ctrl+z");
  ASSERT_TRUE(until([&] { return marks.size() >= 2 && get_field(snapshot().config, key) != changed; }));
  // Both are in the store, with the step at which they took hold.
  ASSERT_TRUE(until([&] {
    const SessionStore store(store_, SessionStore::Access::read);
    return RunReader(store).load_run(snapshot().run_id).commands.size() >= 2;
  }));
}

TEST_F(RealRun, At4_50ALinkOfTheWindowIsWhatTheCommandsTake) {
  open();
  ASSERT_TRUE(until([&] { return trains(); }));
  hand("key ctrl+k");
  turns(5);
  hand("type --delay 30 'image 4'");
  turns(5);
  hand("key Return");
  ASSERT_TRUE(until([&] { return workspace().explore().selection().image.test_index == 4; }));
  picture("real-4-50");
  hand("key ctrl+l");
  ASSERT_TRUE(until([&] {
    const char* copied = ImGui::GetClipboardText();
    return copied && is_link(copied);
  }));
  const ViewLink link = link_from_text(ImGui::GetClipboardText());
  EXPECT_EQ(link.run, std::to_string(snapshot().run_id));
  EXPECT_EQ(link.image, 4);
  EXPECT_EQ(link.layer, 1);  // counted as `--layer` and `--disable-expert` count
}

TEST_F(RealRun, At3_30TheTimeSliderShowsTheStoredStepAndBranches) {
  open();
  ASSERT_TRUE(until([&] { return trains(); }));
  const int64_t first = snapshot().run_id;
  // The beginning is stored, and perhaps the ends of some epochs; until that is known the key does nothing.
  ASSERT_TRUE(until([&] {
    if (!workspace().time().chosen()) hand("key less");
    turns(3);
    return workspace().time().chosen().has_value();
  }));
  const int64_t stored = workspace().time().chosen()->checkpoint.step;
  // Once the stored step has been looked through, it stays on view while training goes on.
  EXPECT_TRUE(until([&] {
    const ImagePixels before = middle();
    const int64_t then = snapshot().step;
    return until([&] { return snapshot().step > then + 6; }) && middle().values == before.values;
  }));
  picture("real-3-30");
  hand("key ctrl+b");
  ASSERT_TRUE(until([&] { return snapshot().run_id > first && snapshot().step >= stored; }));
  EXPECT_FALSE(workspace().time().chosen());
  picture("real-3-30-branched");
}

TEST_F(RealRun, At5_00LeavingSavesAndTheRunCanGoOn) {
  open();
  ASSERT_TRUE(until([&] { return trains(); }));
  window_->close();
  turns(6);
  picture("real-5-00");
  ASSERT_EQ(window_->leave(), panels::Leave::undecided);
  hand("key Return");
  ASSERT_TRUE(until([&] { return window_->leave() == panels::Leave::save; }));
  const int64_t seen = snapshot().step, id = snapshot().run_id;
  window_.reset();
  controller_.reset();
  const SessionStore store(store_, SessionStore::Access::read);
  const std::optional<CheckpointInfo> last = RunReader(store).latest_checkpoint(id);
  ASSERT_TRUE(last);
  EXPECT_GE(last->step, seen);
  EXPECT_FALSE(last->rolling);
}

// A step that lasts until this test lets it end, which is longer than two seconds or any other number: keys, mouse,
// pictures, counterfactuals and the past must all work without the trainer.
TEST_F(RealRun, TheWindowAnswersDuringAStepThatDoesNotEnd) {
  std::promise<void> end_of_step;
  std::shared_future<void> ended = end_of_step.get_future().share();
  struct Release {  // whatever fails: the trainer must be able to leave
    std::promise<void>& promise;
    std::unique_ptr<Window>& window;
    std::unique_ptr<HeardRun>& controller;
    ~Release() {
      promise.set_value();
      window.reset();
      controller.reset();
    }
  } const at_the_end{end_of_step, window_, controller_};
  std::atomic<bool> in_step{false};
  open([ended, &in_step](Trainer& trainer) {
    if (trainer.steps_done() < 3) return;
    in_step = true;
    ended.wait();
  });
  hand("mousemove 20 880");
  ASSERT_TRUE(until([&] { return in_step && window_->snapshot() && !snapshot().images.empty(); }));
  turns(2);  // the last snapshot before the step that stands may just have come
  const int64_t step = snapshot().step;
  const int64_t frames = window_->stats().frames;
  hand("key d");
  ASSERT_TRUE(until([&] { return !workspace().dark; }));
  hand("key c");
  hand("key bracketright");
  ASSERT_TRUE(until([&] { return workspace().explore().selection().pinned.expert == 0; }));
  hand("key k");
  ASSERT_TRUE(until([&] { return workspace().explore().selection().image.test_index == 1; }));
  const ImagePixels before = middle();  // no routing of this image: the trainer gives none now
  hand("key less");                     // the past needs no trainer: the stored beginning is looked through
  ASSERT_TRUE(until([&] { return workspace().time().chosen().has_value(); }));
  ASSERT_TRUE(until([&] { return middle().values != before.values; }));  // the routing of image 1 at step 0 came
  const ImagePixels all_on = middle();
  hand("keydown x");
  ASSERT_TRUE(until([&] { return workspace().explore().selection().asking.held_off.has_value(); }));
  ASSERT_TRUE(until([&] { return middle().values != all_on.values; }));
  hand("keyup x");
  hand("key question");
  ASSERT_TRUE(until([&] { return workspace().explore().selection().asking.now().is_nothing(); }));
  EXPECT_GT(window_->stats().frames, frames + 8);  // one at least for each of the above
  EXPECT_EQ(snapshot().step, step);                // and all of it within the one step
  picture("real-slow-step");
}

}  // namespace
}  // namespace moescope
