// PTX text as a row of words with their lines, and the error of text that this interpreter does not know.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace moescope::cuda::ptx {

/// "softmax.ptx:57: unknown instruction 'tanh.approx.f32'".
struct LoadError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Word {
  std::string_view text;
  int line;
};

/// The words of a PTX file, comments left out. Names, numbers, opcodes and registers are one word each, a string is one
/// with its quotes, any other character is a word of its own.
class Words {
 public:
  /// `text` stays where it is while words of it are used.
  Words(std::string file, std::string_view text);

  bool at_end() const { return next_ == words_.size(); }
  const Word& peek() const;
  Word take();
  /// Takes the next word if it is this one.
  bool accept(std::string_view text);
  void expect(std::string_view text);
  /// Passes over what is left of the line, for directives that end with it.
  void skip_line(int line);
  /// Passes over a part in braces, the opening one included.
  void skip_braces();

  /// A decimal number, with its sign.
  int64_t take_integer();

  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void fail(int line, const std::string& what) const;
  const std::string& file() const { return file_; }

 private:
  std::string file_;
  std::vector<Word> words_;
  size_t next_ = 0;
};

/// The bits of a constant, as instructions write it: 12, -1, 0x7F, 0f3F800000 (float), 0d3FF0000000000000 (double).
std::optional<uint64_t> constant_bits(std::string_view text);

/// Bytes of a fundamental type, ".f32": 4; nothing where it is none.
std::optional<unsigned> bytes_of_type(std::string_view type);

}  // namespace moescope::cuda::ptx
