// What a word in an operand means: a register, a constant, a special register or an address, each of them a slot.
#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>

#include "support/ptx/kernel_reader.h"

namespace moescope::cuda::ptx {
namespace {

struct SpecialName {
  std::string_view text;
  Special what;
};
constexpr SpecialName kSpecials[] = {{"%tid", Special::thread},
                                     {"%ntid", Special::block_size},
                                     {"%ctaid", Special::block},
                                     {"%nctaid", Special::grid_size}};

}  // namespace

std::string Kernel::plain_name() const {
  int status = 0;
  char* const text = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
  std::string plain = status == 0 ? text : name;
  std::free(text);
  if (status != 0) return plain;
  constexpr std::string_view kUnnamed = "(anonymous namespace)::";
  for (size_t at; (at = plain.find(kUnnamed)) != std::string::npos;) plain.erase(at, kUnnamed.size());
  plain = plain.substr(0, plain.find_first_of("(<"));
  return plain.substr(plain.rfind(':') + 1);
}

uint32_t KernelReader::slot_of(const Word& word) {
  if (word.text == "-") return constant_slot(~constant_bits(words_.take().text).value_or(0) + 1);
  if (word.text[0] == '%') return register_slot(word);
  if (const auto bits = constant_bits(word.text)) return constant_slot(*bits);
  return symbol_slot(word);
}

const KernelReader::Registers* KernelReader::find_registers(std::string_view name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope)
    if (const auto at = scope->find(name); at != scope->end()) return &at->second;
  return nullptr;
}

uint32_t KernelReader::register_slot(const Word& word) {
  if (const Registers* one = find_registers(word.text)) return one->first;
  const std::string_view stem = word.text.substr(0, word.text.find_last_not_of("0123456789") + 1);
  const Registers* many = find_registers(stem);
  const auto number = constant_bits(word.text.substr(stem.size()));
  if (!many || !number) return special_slot(word);
  if (*number >= many->count) words_.fail(word.line, "undeclared register '" + std::string(word.text) + "'");
  return many->first + static_cast<uint32_t>(*number);
}

uint32_t KernelReader::special_slot(const Word& word) {
  if (const auto at = specials_.find(word.text); at != specials_.end()) return at->second;
  Kernel::SpecialSlot special{kernel_.num_slots, Special::lane, 0};
  const size_t dot = word.text.find('.');
  if (word.text != "%laneid") {
    const auto known = std::find_if(std::begin(kSpecials), std::end(kSpecials),
                                    [&](const SpecialName& one) { return one.text == word.text.substr(0, dot); });
    const std::string_view axis = dot == std::string_view::npos ? "" : word.text.substr(dot + 1);
    if (known == std::end(kSpecials) || axis.size() != 1 || axis[0] < 'x' || axis[0] > 'z')
      words_.fail(word.line, "unknown register '" + std::string(word.text) + "'");
    special.what = known->what, special.axis = axis[0] - 'x';
  }
  kernel_.specials.push_back(special);
  specials_[std::string(word.text)] = special.slot;
  return kernel_.num_slots++;
}

uint32_t KernelReader::constant_slot(uint64_t bits) {
  const auto [at, is_new] = constants_.try_emplace(bits, kernel_.num_slots);
  if (is_new) ++kernel_.num_slots;
  return at->second;
}

uint32_t KernelReader::symbol_slot(const Word& word) {
  for (const Kernel::Range& parameter : kernel_.parameters)
    if (parameter.name == word.text) return constant_slot(parameter.begin);
  if (const auto at = symbols_.find(word.text); at != symbols_.end()) return at->second;
  const auto v =
      std::find_if(variables_.begin(), variables_.end(), [&](const Variable& one) { return one.name == word.text; });
  if (v == variables_.end()) words_.fail(word.line, "undeclared name '" + std::string(word.text) + "'");
  uint32_t slot;
  if (v->is_dynamic) {
    kernel_.uses_dynamic_shared = true;
    dynamic_slots_.push_back(slot = kernel_.num_slots++);
  } else {
    place_shared(*v);
    slot = constant_slot(kernel_.shared_arrays.back().begin);
  }
  return symbols_[std::string(word.text)] = slot;
}

void KernelReader::place_shared(const Variable& v) {
  const size_t alignment = std::max(v.alignment, size_t{16});
  const size_t begin = (kernel_.dynamic_begin + alignment - 1) / alignment * alignment;
  kernel_.shared_arrays.push_back({v.name, begin, v.bytes});
  kernel_.shared_bytes += v.bytes;
  kernel_.dynamic_begin = (begin + v.bytes + kSharedGap + 15) / 16 * 16;
}

}  // namespace moescope::cuda::ptx
