// Reading into one aligned stretch of memory, and writing.
#include "compute/core/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "compute/core/error.h"
#include "compute/core/safetensors_header.h"
#include "compute/records/output_file.h"

namespace moescope {
namespace {

constexpr int64_t kAlignment = 64;

int64_t aligned(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

/// Room for all entries in `storage`, and views on it.
std::vector<NamedTensor> place(const SafetensorsHeader& header, Buffer& storage) {
  int64_t bytes = 0;
  for (const SafetensorsEntry& entry : header.entries) bytes += aligned(entry.end - entry.begin);
  storage = Buffer({bytes}, DType::u8);
  std::vector<NamedTensor> tensors;
  uint8_t* next = storage.tensor().u8();
  for (const SafetensorsEntry& entry : header.entries) {
    tensors.push_back({entry.name, Tensor(next, entry.shape, entry.type)});
    next += aligned(entry.end - entry.begin);
  }
  return tensors;
}

const char* type_name(DType type) { return type == DType::f32 ? "F32" : type == DType::i32 ? "I32" : "U8"; }

}  // namespace

Safetensors Safetensors::read(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const auto refuse = [&](const std::string& what) -> void { throw FormatError(path + ": " + what); };
  if (!file) refuse("cannot be opened; check the path and its permissions");
  const auto file_bytes = static_cast<int64_t>(file.tellg());
  if (file_bytes < 8) refuse("is too short for a safetensors file");
  std::array<char, 8> length{};
  file.seekg(0);
  file.read(length.data(), 8);
  const int64_t header_bytes =
      safetensors_header_bytes(reinterpret_cast<const unsigned char*>(length.data()), file_bytes, path);
  std::string text(static_cast<size_t>(header_bytes), '\0');
  file.read(text.data(), header_bytes);
  if (!file) refuse("cannot be read to its end");
  const SafetensorsHeader header = parse_safetensors_header(text, file_bytes - 8 - header_bytes, path);

  Safetensors result;
  result.where_ = path;
  result.metadata_ = header.metadata;
  result.tensors_ = place(header, result.storage_);
  for (size_t i = 0; i < header.entries.size(); ++i) {
    file.seekg(8 + header_bytes + header.entries[i].begin);
    file.read(static_cast<char*>(result.tensors_[i].tensor.data()), header.entries[i].end - header.entries[i].begin);
    if (!file) refuse("cannot be read to its end");
  }
  return result;
}

Safetensors Safetensors::parse(std::span<const std::byte> bytes, const std::string& where) {
  const auto size = static_cast<int64_t>(bytes.size());
  if (size < 8) throw FormatError(where + ": is too short for a safetensors file");
  const auto* first = reinterpret_cast<const unsigned char*>(bytes.data());
  const int64_t header_bytes = safetensors_header_bytes(first, size, where);
  const std::string_view text(reinterpret_cast<const char*>(first) + 8, static_cast<size_t>(header_bytes));
  const SafetensorsHeader header = parse_safetensors_header(text, size - 8 - header_bytes, where);

  Safetensors result;
  result.where_ = where;
  result.metadata_ = header.metadata;
  result.tensors_ = place(header, result.storage_);
  for (size_t i = 0; i < header.entries.size(); ++i) {
    const SafetensorsEntry& entry = header.entries[i];
    if (entry.end > entry.begin)
      std::memcpy(result.tensors_[i].tensor.data(), first + 8 + header_bytes + entry.begin,
                  static_cast<size_t>(entry.end - entry.begin));
  }
  return result;
}

const Tensor* Safetensors::find(std::string_view name) const {
  const auto at = std::lower_bound(tensors_.begin(), tensors_.end(), name,
                                   [](const NamedTensor& t, std::string_view n) { return t.name < n; });
  return at != tensors_.end() && at->name == name ? &at->tensor : nullptr;
}

const Tensor& Safetensors::at(std::string_view name) const {
  const Tensor* tensor = find(name);
  if (!tensor) throw FormatError(where_ + ": there is no tensor \"" + std::string(name) + "\"");
  return *tensor;
}

const Tensor& Safetensors::at(std::string_view name, const Shape& shape, DType type) const {
  const Tensor& tensor = at(name);
  if (!(tensor.shape() == shape) || tensor.type() != type)
    throw FormatError(where_ + ": tensor \"" + std::string(name) + "\" is " + type_name(tensor.type()) + " " +
                      tensor.shape().text() + ", expected " + type_name(type) + " " + shape.text());
  return tensor;
}

const std::string& Safetensors::text(const std::string& key) const {
  const auto at = metadata_.find(key);
  if (at == metadata_.end()) throw FormatError(where_ + ": its metadata hold no \"" + key + "\"");
  return at->second;
}

void SafetensorsWriter::add(std::string name, const Tensor& tensor) {
  const bool taken =
      std::any_of(tensors_.begin(), tensors_.end(), [&](const NamedTensor& t) { return t.name == name; });
  if (taken || name == "__metadata__") throw std::logic_error("two tensors are called " + name);
  tensors_.push_back({std::move(name), tensor});
}

std::string SafetensorsWriter::header() const {
  nlohmann::json header = nlohmann::json::object();
  if (!metadata_.empty()) header["__metadata__"] = metadata_;
  int64_t offset = 0;
  for (const NamedTensor& one : tensors_) {
    nlohmann::json shape = nlohmann::json::array();
    for (int axis = 0; axis < one.tensor.rank(); ++axis) shape.push_back(one.tensor.dim(axis));
    header[one.name] = {{"dtype", type_name(one.tensor.type())},
                        {"shape", shape},
                        {"data_offsets", {offset, offset + one.tensor.bytes()}}};
    offset += one.tensor.bytes();
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');  // keeps the data aligned within the file
  return text;
}

std::vector<std::byte> SafetensorsWriter::bytes() const {
  const std::string text = header();
  size_t total = 8 + text.size();
  for (const NamedTensor& one : tensors_) total += static_cast<size_t>(one.tensor.bytes());
  std::vector<std::byte> out(total);
  for (size_t i = 0; i < 8; ++i) out[i] = static_cast<std::byte>(text.size() >> (8 * i) & 0xFF);
  std::memcpy(out.data() + 8, text.data(), text.size());
  std::byte* next = out.data() + 8 + text.size();
  for (const NamedTensor& one : tensors_) {
    if (one.tensor.size() > 0) std::memcpy(next, one.tensor.data(), static_cast<size_t>(one.tensor.bytes()));
    next += one.tensor.bytes();
  }
  return out;
}

void SafetensorsWriter::write(const std::string& path) const {
  const std::string text = header();
  std::array<char, 8> length{};
  for (size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(text.size() >> (8 * i) & 0xFF);
  OutputFile file(path, FileKind::weights);
  std::ostream& out = file.stream();
  out.write(length.data(), 8);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  for (const NamedTensor& one : tensors_) out.write(static_cast<const char*>(one.tensor.data()), one.tensor.bytes());
  file.keep();
}

}  // namespace moescope
