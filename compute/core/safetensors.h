// Tensors with names in one file: the safetensors format (huggingface/safetensors), for golden cases, checkpoints and
// exports.
//
// Eight bytes little-endian header length, a JSON header {name: {dtype, shape, data_offsets}, __metadata__: {text:
// text}}, then the data. Files come from anywhere: everything is checked before anything is trusted.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compute/core/arena.h"

namespace moescope {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// A file's tensors in memory of its own, each aligned. Read: F32, I32, U8, BOOL as u8, and F64 as its bytes (..., 8).
class Safetensors {
 public:
  /// Throws FormatError, naming the file and the tensor, when the file cannot be read, its header is too long, no JSON
  /// or names a tensor twice, a type is unknown, size and shape disagree, or data lie outside the file, overlap or
  /// leave gaps.
  static Safetensors read(const std::string& path);
  /// The same from memory; `where` is what errors call it.
  static Safetensors parse(std::span<const std::byte> bytes, const std::string& where);

  const std::vector<NamedTensor>& tensors() const { return tensors_; }  // by name
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  const Tensor* find(std::string_view name) const;  // nullptr when there is none
  /// Throws FormatError when there is none.
  const Tensor& at(std::string_view name) const;
  /// Throws FormatError when there is none, or not of this shape and type.
  const Tensor& at(std::string_view name, const Shape& shape, DType type = DType::f32) const;
  /// The metadata under `key`. Throws FormatError when there is none.
  const std::string& text(const std::string& key) const;

 private:
  std::string where_;
  std::vector<NamedTensor> tensors_;
  std::map<std::string, std::string> metadata_;
  Buffer storage_;
};

/// Collects views and writes them; the tensors must stay alive until then.
class SafetensorsWriter {
 public:
  void set_text(std::string key, std::string value) { metadata_[std::move(key)] = std::move(value); }
  /// Throws std::logic_error when the name is taken or reserved.
  void add(std::string name, const Tensor& tensor);
  std::vector<std::byte> bytes() const;
  /// Throws UserError naming the path when it cannot be written, or holds a file of another kind.
  void write(const std::string& path) const;

 private:
  std::string header() const;

  std::vector<NamedTensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace moescope
