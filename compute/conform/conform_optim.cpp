// Kind "optim": updates with given gradients through the whole optimiser, and learning rates. NUMERICS 4.7.
#include <cstring>
#include <optional>

#include "compute/conform/conform_kinds.h"
#include "compute/core/error.h"
#include "compute/records/config_fields.h"
#include "compute/train/device_training.h"
#include "compute/train/optimizer.h"
#include "compute/train/schedule.h"

namespace moescope {
namespace {

struct Rates {
  TrainConfig config;
  int64_t total_steps = 0;
};

ScheduleKind schedule_kind(const GoldenCase& golden, const std::string& name) {
  if (name == "warmup_linear_decay") return ScheduleKind::linear;
  if (name == "warmup_cosine_decay") return ScheduleKind::cosine;
  if (name == "big_vision_rsqrt") return ScheduleKind::rsqrt;
  throw FormatError(golden.name + ": no schedule is called " + name);
}

/// One of vmoe's schedules, or {"value": rate}.
Rates read_rates(const GoldenCase& golden, const nlohmann::json& json) {
  Rates rates;
  TrainConfig& c = rates.config;
  c.warmup_steps = json.value("warmup_steps", int64_t{0});
  c.end_learning_rate = json.value("end_value", 0.0);
  c.timescale = json.value("timescale", int64_t{1});
  c.cooldown_steps = json.value("cooldown_steps", int64_t{0});
  rates.total_steps = json.value("total_steps", int64_t{0});
  if (json.contains("value")) {
    c.schedule = ScheduleKind::constant;
    c.learning_rate = json.at("value").get<double>();
  } else {
    c.schedule = schedule_kind(golden, json.at("schedule").get<std::string>());
    c.learning_rate = json.at("peak_value").get<double>();
  }
  return rates;
}

/// The file's parameters, each with the role whose decay is the one that the file gives it.
void add_parameters(const GoldenCase& golden, ParameterSet& parameters, TrainConfig& config) {
  const std::string prefix = "param.";
  const nlohmann::json& decay = golden.config.at("decay");
  config.decay_rule = DecayRule::kernels;
  config.weight_decay = 0;
  for (const NamedTensor& named : golden.file.tensors()) {
    if (!named.name.starts_with(prefix)) continue;
    const std::string name = named.name.substr(prefix.size());
    ParameterRole role = ParameterRole::bias;
    if (decay.contains(name)) {
      role = name == "head/kernel" ? ParameterRole::head_kernel : ParameterRole::kernel;
      (role == ParameterRole::head_kernel ? config.head_weight_decay : config.weight_decay) =
          decay.at(name).get<double>();
    }
    parameters.add(name, named.tensor.shape(), role, Init::constant(0));
  }
}

void add_rates(const GoldenCase& golden, GoldenResults& results) {
  if (!golden.config.contains("schedules")) return;
  const auto steps = golden.config.at("rate_steps").get<std::vector<int64_t>>();
  const nlohmann::json& schedules = golden.config.at("schedules");
  const auto width = static_cast<int64_t>(steps.size());
  const Buffer table({static_cast<int64_t>(schedules.size()), width});
  for (int64_t row = 0; row < table.tensor().dim(0); ++row) {
    const Rates rates = read_rates(golden, schedules.at(static_cast<size_t>(row)));
    for (int64_t i = 0; i < width; ++i) {
      table.f32()[row * width + i] =
          static_cast<float>(learning_rate(rates.config, rates.total_steps, steps[static_cast<size_t>(i)]));
    }
  }
  results.add("out.rates", table);
}

/// One update with the gradients that stand in `parameters`, whose values become the new ones.
class DeviceUpdate {
 public:
  DeviceUpdate(const GoldenCase& golden, const ParameterSet& parameters)
      : parameters_(parameters), device_(golden.device, parameters) {}
  void update(const TrainConfig& config, int64_t step, double rate) {
    device_api::StepPlan plan = empty_plan();
    plan.update = 1;
    set_update(config, plan);
    const std::vector<device_api::UpdateStretch> stretches = update_stretches(parameters_, config, step, rate);
    device_api::StepInput input{};
    input.stretches = stretches.data(), input.num_stretches = static_cast<int64_t>(stretches.size());
    device_.write(device_api::Flat::gradients, parameters_.gradients());
    device_.begin(0, plan, input);
    device_.end(0);
    device_.read(device_api::Flat::values, parameters_.values());
  }

 private:
  const ParameterSet& parameters_;
  DeviceModel device_;
};

}  // namespace

void conform_optim(const GoldenCase& golden, GoldenResults& results) {
  Rates rates = read_rates(golden, golden.config.at("learning_rate"));
  TrainConfig& config = rates.config;
  config.epsilon = golden.config.at("eps").get<double>();
  if (!golden.config.at("clip").is_null()) config.clip_norm = golden.config.at("clip").get<double>();
  ParameterSet parameters;
  add_parameters(golden, parameters, config);
  parameters.allocate(host_memory(), 0);
  load_parameters(golden, parameters);
  Optimizer optimizer(OptimizerKind::adamw, parameters, host_memory());
  std::optional<DeviceUpdate> device;
  if (golden.device) device.emplace(golden, parameters);

  for (int64_t step = 0; step < golden.config.at("steps").get<int64_t>(); ++step) {
    const std::string number = std::to_string(step);
    for (const Parameter& p : parameters.all()) {
      const Tensor& gradient = golden.file.at("in.grad" + number + "." + p.name, p.shape);
      std::memcpy(p.gradient.data(), gradient.data(), static_cast<size_t>(gradient.bytes()));
    }
    const double rate = learning_rate(config, rates.total_steps, step);
    if (device)
      device->update(config, step, rate);
    else
      optimizer.update(config, step, rate, clip_factor(optimizer.gradient_norm(), config.clip_norm));
    for (const Parameter& p : parameters.all()) results.add("out.step" + number + "." + p.name, p.value);
  }
  add_rates(golden, results);
}

}  // namespace moescope
