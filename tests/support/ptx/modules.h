// The PTX of a program's kernels: which file holds a kernel, read when it is first launched.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/ptx/module.h"

namespace moescope::cuda::ptx {

class Modules {
 public:
  /// All .ptx files of a folder. Throws LoadError when there is none.
  explicit Modules(const std::string& folder);

  /// The kernel that nvcc's object file registers under this name. Throws LoadError where no file has it.
  const Kernel& find(const std::string& registered_name);
  const Module& module(const std::string& file);
  std::vector<std::string> files() const;
  const std::string& text(const std::string& file) const { return texts_.at(file); }
  /// The file as if it said this; for tests that put faults in.
  void replace(const std::string& file, std::string text);

 private:
  std::map<std::string, std::string> texts_;
  std::map<std::string, std::unique_ptr<Module>> modules_;
};

/// The folder that the build wrote them to.
Modules& modules();

}  // namespace moescope::cuda::ptx
