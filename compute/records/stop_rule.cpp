// Reading, writing and judging stop rules.
#include "compute/records/stop_rule.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "compute/records/error.h"
#include "compute/records/nearest_name.h"

namespace moescope {

namespace {

constexpr std::array<std::string_view, 4> kKinds = {"steps", "epochs", "seconds", "accuracy"};

double read_number(std::string_view kind, std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) || value <= 0) {
    throw ConfigError("stop rule " + std::string(kind) + "=" + std::string(text) +
                      " needs a number above 0; write for example " + std::string(kind) +
                      (kind == "accuracy" ? "=0.9" : "=100"));
  }
  return value;
}

void set_once(std::optional<double>& slot, std::string_view kind, double value) {
  if (slot) throw ConfigError("stop rule names " + std::string(kind) + " twice; keep one of them");
  slot = value;
}

void read_condition(StopRule& rule, std::string_view text) {
  const size_t equals = text.find('=');
  const std::string_view kind = text.substr(0, equals);
  if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) {
    throw ConfigError("stop rule has no condition '" + std::string(kind) + "'; did you mean " +
                      std::string(nearest_name(kind, kKinds)) + "=N? (steps=N, epochs=N, seconds=N, accuracy=X)");
  }
  const double value = read_number(kind, equals == text.npos ? std::string_view() : text.substr(equals + 1));
  if (value > (kind == "steps" ? 1e15 : 1e9))  // a billion epochs are still a whole number of steps
    throw ConfigError("stop rule " + std::string(text) + " is more than any run does; write a smaller number");
  if (kind == "steps") {
    if (rule.steps) throw ConfigError("stop rule names steps twice; keep one of them");
    if (value != std::floor(value)) {
      throw ConfigError("stop rule steps=" + std::string(text.substr(equals + 1)) + " is not a whole number of steps");
    }
    rule.steps = static_cast<int64_t>(value);
  } else if (kind == "epochs") {
    set_once(rule.epochs, kind, value);
  } else if (kind == "seconds") {
    set_once(rule.seconds, kind, value);
  } else {
    if (value > 1) {
      throw ConfigError("stop rule accuracy=" + std::string(text.substr(equals + 1)) +
                        " is above 1; accuracy is a share, write accuracy=0.9 for 90 %");
    }
    set_once(rule.accuracy, kind, value);
  }
}

std::string number(double value) {
  std::array<char, 32> buffer;
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), result.ptr};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// Steps that make so many epochs, the last one begun counted whole. The margin keeps 0.1 * 30 at 3.
int64_t steps_in(double epochs, int64_t steps_per_epoch) {
  return static_cast<int64_t>(std::ceil(epochs * static_cast<double>(steps_per_epoch) - 1e-9));
}

}  // namespace

StopRule parse_stop_rule(std::string_view text) {
  StopRule rule;
  if (trimmed(text).empty()) return rule;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    read_condition(rule, trimmed(text.substr(begin, comma - begin)));
    begin = comma + 1;
  }
  return rule;
}

std::string to_text(const StopRule& rule) {
  std::string text;
  const auto append = [&](std::string_view kind, const std::string& value) {
    if (!text.empty()) text += ',';
    text.append(kind).append("=").append(value);
  };
  if (rule.steps) append("steps", std::to_string(*rule.steps));
  if (rule.epochs) append("epochs", number(*rule.epochs));
  if (rule.seconds) append("seconds", number(*rule.seconds));
  if (rule.accuracy) append("accuracy", number(*rule.accuracy));
  return text;
}

int64_t last_step(const StopRule& rule, int64_t steps_per_epoch) {
  if (!rule.epochs) return rule.steps.value_or(0);
  const int64_t of_epochs = steps_in(*rule.epochs, steps_per_epoch);
  return rule.steps ? std::min(*rule.steps, of_epochs) : of_epochs;
}

std::string stop_reason(const StopRule& rule, const Progress& progress) {
  if (rule.steps && progress.step >= *rule.steps) return "steps=" + std::to_string(*rule.steps) + " reached";
  if (rule.epochs && progress.step >= steps_in(*rule.epochs, progress.steps_per_epoch)) {
    return "epochs=" + number(*rule.epochs) + " reached";
  }
  if (rule.seconds && progress.active_secs >= *rule.seconds) return "seconds=" + number(*rule.seconds) + " reached";
  if (rule.accuracy && progress.accuracy >= *rule.accuracy) return "accuracy=" + number(*rule.accuracy) + " reached";
  return {};
}

double eta_secs(const StopRule& rule, const Progress& progress) {
  double eta = -1;
  const auto sooner = [&](double secs) { eta = eta < 0 ? std::max(secs, 0.0) : std::min(eta, std::max(secs, 0.0)); };
  const int64_t last = last_step(rule, progress.steps_per_epoch);
  if (last > 0 && progress.step_secs > 0) sooner(static_cast<double>(last - progress.step) * progress.step_secs);
  if (rule.seconds) sooner(*rule.seconds - progress.active_secs);
  return eta;
}

}  // namespace moescope
