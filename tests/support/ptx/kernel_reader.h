// Reads one kernel: what it declares, and instructions whose operands become numbers of slots.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "support/ptx/instruction.h"
#include "support/ptx/module.h"
#include "support/ptx/text.h"

namespace moescope::cuda::ptx {

class KernelReader {
 public:
  /// After `.entry`. `variables`: the module's.
  KernelReader(Words& words, const std::vector<Variable>& variables) : words_(words), variables_(variables) {}

  /// Throws LoadError: an unknown opcode or directive, wrong operands, an undeclared name.
  Kernel read();

 private:
  struct Registers {
    uint32_t first = 0, count = 0;  // count 0: one register, without a number
  };
  using Scope = std::unordered_map<std::string_view, Registers>;
  /// An instruction's operands as they are read.
  struct Operands {
    std::vector<uint32_t> slots;
    bool starts_with_vector = false, ends_with_vector = false;
  };

  void read_parameters();
  void read_body();
  void read_directive(const Word& directive);
  void read_registers();
  void read_location(int line);
  void read_instruction(Word first);
  Operands read_operands(Instruction& i);
  void read_operand(Operands& to, Instruction& i);
  uint32_t read_slot(Instruction& i);
  void decode(Instruction& i, const Operands& operands);
  void finish();

  uint32_t slot_of(const Word& word);
  const Registers* find_registers(std::string_view name) const;
  uint32_t register_slot(const Word& word);
  uint32_t special_slot(const Word& word);
  uint32_t constant_slot(uint64_t bits);
  /// Of an address: a parameter's place among the parameters, an array's in shared memory.
  uint32_t symbol_slot(const Word& word);
  void place_shared(const Variable& v);

  Words& words_;
  std::vector<Variable> variables_;  // the module's, then the kernel's
  Kernel kernel_;
  std::vector<Scope> scopes_;
  std::map<uint64_t, uint32_t> constants_;
  std::map<std::string, uint32_t, std::less<>> specials_, symbols_;
  std::vector<uint32_t> dynamic_slots_;
  std::unordered_map<std::string_view, uint32_t> labels_;
  std::vector<std::pair<uint32_t, Word>> jumps_;  // instructions, and the labels they go to
  int source_file_ = 0, source_line_ = 0;
};

}  // namespace moescope::cuda::ptx
