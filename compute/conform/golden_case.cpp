// Reading a case, keeping results, and the measure of NUMERICS 7.
#include "compute/conform/golden_case.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>

#include "compute/core/error.h"

namespace moescope {
namespace {

double number_at(const Tensor& t, int64_t i) {
  return t.type() == DType::f32 ? static_cast<double>(t.f32()[i]) : t.type() == DType::i32 ? t.i32()[i] : t.u8()[i];
}

}  // namespace

GoldenCase GoldenCase::read(const std::string& path) {
  GoldenCase golden;
  golden.name = std::filesystem::path(path).stem().string();
  golden.file = Safetensors::read(path);
  golden.kind = golden.file.text("kind");
  try {
    golden.config = nlohmann::json::parse(golden.file.text("config"));
  } catch (const nlohmann::json::exception&) { throw FormatError(path + ": the metadata's config is not JSON"); }
  return golden;
}

void GoldenResults::add(const std::string& name, const Tensor& value) {
  Buffer copy(value.shape(), value.type());
  if (value.size() > 0) std::memcpy(copy.tensor().data(), value.data(), static_cast<size_t>(value.bytes()));
  values_[name] = std::move(copy);
}

void GoldenResults::add(const std::string& name, double value) {
  Buffer one(Shape{});
  one.f32()[0] = static_cast<float>(value);
  values_[name] = std::move(one);
}

const Tensor* GoldenResults::find(const std::string& name) const {
  const auto at = values_.find(name);
  return at == values_.end() ? nullptr : &at->second.tensor();
}

void load_parameters(const GoldenCase& golden, ParameterSet& parameters) {
  for (const Parameter& p : parameters.all()) {
    const Tensor& value = golden.file.at("param." + p.name, p.shape);
    std::memcpy(p.value.data(), value.data(), static_cast<size_t>(value.bytes()));
  }
}

void add_parameter_gradients(const ParameterSet& parameters, GoldenResults& results) {
  for (const Parameter& p : parameters.all()) results.add("grad.param." + p.name, p.gradient);
}

double deviation(const Tensor& got, const Tensor& want) {
  constexpr double kFar = std::numeric_limits<double>::infinity();
  if (got.size() != want.size()) return kFar;
  double largest = 0, scale = 1;
  for (int64_t i = 0; i < want.size(); ++i) {
    const double difference = std::abs(number_at(got, i) - number_at(want, i));
    if (std::isnan(difference)) return std::numeric_limits<double>::quiet_NaN();
    largest = std::max(largest, difference);
    scale = std::max(scale, std::abs(number_at(want, i)));
  }
  if (want.type() != DType::f32) return largest == 0 ? 0 : kFar;
  return largest / scale;
}

}  // namespace moescope
