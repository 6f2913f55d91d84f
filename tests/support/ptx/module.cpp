// Directives of a module; the kernels are read by kernel_reader.
#include "support/ptx/module.h"

#include <fstream>
#include <sstream>

#include "support/ptx/kernel_reader.h"

namespace moescope::cuda::ptx {
namespace {

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in || text.str().empty()) throw LoadError(path + " cannot be read");
  return text.str();
}

}  // namespace

Variable read_variable(Words& words) {
  Variable v;
  if (words.accept(".align")) v.alignment = static_cast<size_t>(words.take_integer());
  const Word type = words.take();
  const auto bytes = bytes_of_type(type.text);
  if (!bytes) words.fail(type.line, "unknown type '" + std::string(type.text) + "'");
  v.bytes = *bytes;
  v.alignment = std::max(v.alignment, v.bytes);
  if (words.accept(".ptr")) {  // what a parameter points to, for ptxas
    if (words.peek().text == ".global" || words.peek().text == ".shared") words.take();
    words.expect(".align");
    words.take_integer();
  }
  v.name = words.take().text;
  while (words.accept("[")) {
    v.is_dynamic = words.peek().text == "]";
    if (!v.is_dynamic) v.bytes *= static_cast<size_t>(words.take_integer());
    words.expect("]");
  }
  return v;
}

Module::Module(std::string file, std::string text) : file_(std::move(file)), text_(std::move(text)), source_files_(1) {
  read();
}

Module::Module(const std::string& path) : Module(path.substr(path.rfind('/') + 1), content_of(path)) {}

const Kernel* Module::find(std::string_view name) const {
  for (const Kernel& kernel : kernels_)
    if (kernel.name == name) return &kernel;
  return nullptr;
}

void Module::read() {
  Words words(file_, text_);
  while (!words.at_end()) {
    const Word directive = words.take();
    const std::string_view text = directive.text;
    if (text == ".version" || text == ".target" || text == ".address_size") {
      words.skip_line(directive.line);
    } else if (text == ".visible" || text == ".extern" || text == ".weak") {
      continue;  // what can be linked to is not asked here
    } else if (text == ".file") {
      read_source_file(words);
    } else if (text == ".section") {  // for debuggers
      words.take();
      words.skip_braces();
    } else if (text == ".shared") {
      variables_.push_back(read_variable(words));
      words.expect(";");
    } else if (text == ".entry") {
      kernels_.push_back(KernelReader(words, variables_).read());
      kernels_.back().file = file_;
      kernels_.back().source_files = &source_files_;
    } else {
      words.fail(directive.line, "unknown directive '" + std::string(text) + "'");
    }
  }
}

void Module::read_source_file(Words& words) {
  const auto number = static_cast<size_t>(words.take_integer());
  const Word path = words.take();
  if (source_files_.size() <= number) source_files_.resize(number + 1);
  source_files_[number] = path.text.substr(1, path.text.size() - 2);
  words.skip_line(path.line);
}

}  // namespace moescope::cuda::ptx
