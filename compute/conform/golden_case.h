// One golden file: what goes in, what must come out, and how close.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "compute/backends/cuda/plugin.h"
#include "compute/core/safetensors.h"
#include "compute/nn/parameters.h"
#include "compute/records/parity.h"

namespace moescope {

/// A file of the format of golden/INDEX.md: in.*, param.*, out.*, grad.*; metadata kind and config.
struct GoldenCase {
  std::string name;  // without folder and ending
  std::string kind;
  nlohmann::json config;
  Safetensors file;
  std::shared_ptr<const DevicePlugin> device;  // what replays it; null: the CPU

  /// Throws FormatError when the file is damaged.
  static GoldenCase read(const std::string& path);

  const Tensor& in(const std::string& name_of) const { return file.at("in." + name_of); }
  const Tensor& param(const std::string& name_of) const { return file.at("param." + name_of); }
  bool has(const std::string& full_name) const { return file.find(full_name) != nullptr; }
};

/// What a runner computed, under the names of the file ("out.y", "grad.param.w1").
class GoldenResults {
 public:
  /// Keeps a copy.
  void add(const std::string& name, const Tensor& value);
  void add(const std::string& name, double value);
  const Tensor* find(const std::string& name) const;
  /// What a GPU's layers passed on, beside the CPU's; whole models on a device alone.
  std::optional<Parity> parity;

 private:
  std::map<std::string, Buffer> values_;
};

/// Copies param.* into an allocated set. Throws FormatError when one is missing or of another shape.
void load_parameters(const GoldenCase& golden, ParameterSet& parameters);
/// Adds grad.param.* of every parameter.
void add_parameter_gradients(const ParameterSet& parameters, GoldenResults& results);

/// Runs one case forward and backward on the kernels now chosen.
using GoldenRunner = void(const GoldenCase& golden, GoldenResults& results);

/// max|a-b| / max(1, max|b|); 0 or infinity for integers; NaN when a result is NaN, infinity when sizes differ.
double deviation(const Tensor& got, const Tensor& want);

}  // namespace moescope
