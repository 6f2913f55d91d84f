// What a person can ask of a running model. Applied by the trainer between two steps and stored with that step.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace moescope {

/// Pixels of one image, row-major (height, width, channels), 0..255.
struct ImagePixels {
  int64_t height = 0, width = 0, channels = 0;
  std::vector<uint8_t> values;
};

/// How an image of another size or shape becomes one that the model takes.
enum class ImageFit : uint8_t {
  crop,     // scaled so that the smaller side fits, the rest cut off around the middle
  pad,      // scaled so that all of it fits, black beside it
  stretch,  // both sides scaled by themselves
};

/// An image to keep an eye on: one of the test set, or one that the user brought.
struct WatchedImage {
  int64_t test_index = -1;                   // -1: `own` holds the pixels
  std::shared_ptr<const ImagePixels> own;
  std::string label;                         // what to call it: "test 17", "shoe.png"
  ImageFit fit = ImageFit::crop;             // of `own`
  bool operator==(const WatchedImage&) const = default;
};

struct SetRunning { bool running; };
struct SingleStep {};
struct SetField { std::string key, value; };              // live fields of config_fields.h only
struct Watch { std::vector<WatchedImage> images; int64_t layer = -1; };  // layer -1: every MoE layer
struct SetStopRule { std::string rule; };                 // "steps=N", "epochs=N", "seconds=N", "accuracy=X", comma-separated; "" none
struct SaveCheckpoint {};
struct EvaluateNow {};
struct RestoreLastGood {};                                // after divergence: go back to the last checkpoint
struct Finish {};                                         // save and leave

using Command = std::variant<SetRunning, SingleStep, SetField, Watch, SetStopRule, SaveCheckpoint, EvaluateNow, RestoreLastGood,
                             Finish>;

}  // namespace moescope
