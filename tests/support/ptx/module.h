// A PTX file, read whole: everything in it is understood, or reading it fails with its line.
#pragma once

#include <string>
#include <vector>

#include "support/ptx/instruction.h"
#include "support/ptx/text.h"

namespace moescope::cuda::ptx {

/// A declared array: `.shared .align 4 .b8 tile[4096];`. Without a size, `.extern`, it is the launch's to give.
struct Variable {
  std::string name;
  size_t alignment = 1, bytes = 0;
  bool is_dynamic = false;
};
/// Reads it from its alignment on; the space is read, the end is not.
Variable read_variable(Words& words);

class Module {
 public:
  /// `file` is for messages. Throws LoadError.
  Module(std::string file, std::string text);
  /// Throws LoadError also where the file cannot be read.
  explicit Module(const std::string& path);
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  const std::vector<Kernel>& kernels() const { return kernels_; }
  /// By its mangled name, or null.
  const Kernel* find(std::string_view name) const;

 private:
  void read();
  void read_source_file(Words& words);

  std::string file_, text_;
  std::vector<std::string> source_files_;  // from 1
  std::vector<Variable> variables_;        // in shared memory
  std::vector<Kernel> kernels_;
};

}  // namespace moescope::cuda::ptx
