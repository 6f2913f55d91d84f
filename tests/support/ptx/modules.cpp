// Finds kernels by name. nvcc puts a hash of the source's path into the names of an unnamed namespace, which a compiler
// cache may have made elsewhere; it is left out on both sides.
#include "support/ptx/modules.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace moescope::cuda::ptx {
namespace {

constexpr std::string_view kUnnamed = "_GLOBAL__N__";
constexpr size_t kHashDigits = 8;

std::string without_path_hashes(std::string text) {
  for (size_t at = 0; (at = text.find(kUnnamed, at)) != std::string::npos; at += kUnnamed.size())
    for (size_t digit = at + kUnnamed.size(); digit < std::min(at + kUnnamed.size() + kHashDigits, text.size());
         ++digit)
      text[digit] = '0';
  return text;
}

}  // namespace

Modules::Modules(const std::string& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".ptx") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    texts_[entry.path().filename().string()] = without_path_hashes(std::move(text).str());
  }
  if (texts_.empty()) throw LoadError("no PTX in " + folder);
}

const Kernel& Modules::find(const std::string& registered_name) {
  const std::string name = without_path_hashes(registered_name);
  for (const auto& [file, text] : texts_)
    if (text.find(".entry " + name + "(") != std::string::npos)
      if (const Kernel* kernel = module(file).find(name)) return *kernel;
  throw LoadError("no PTX file has kernel " + name);
}

const Module& Modules::module(const std::string& file) {
  std::unique_ptr<Module>& one = modules_[file];
  if (!one) one = std::make_unique<Module>(file, texts_.at(file));
  return *one;
}

std::vector<std::string> Modules::files() const {
  std::vector<std::string> names;
  for (const auto& [file, text] : texts_) names.push_back(file);
  return names;
}

void Modules::replace(const std::string& file, std::string text) {
  texts_[file] = std::move(text);
  modules_.erase(file);
}

Modules& modules() {
  static Modules& one = *new Modules(MOESCOPE_PTX_FOLDER);
  return one;
}

}  // namespace moescope::cuda::ptx
