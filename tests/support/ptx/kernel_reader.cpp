// The grammar of a kernel: directives, labels, guards, opcodes and operands.
#include "support/ptx/kernel_reader.h"

#include "support/ptx/operations.h"

namespace moescope::cuda::ptx {

Kernel KernelReader::read() {
  kernel_.name = words_.take().text;
  read_parameters();
  scopes_.emplace_back();
  words_.expect("{");
  read_body();
  finish();
  return std::move(kernel_);
}

void KernelReader::read_parameters() {
  words_.expect("(");
  size_t end = 0;
  while (!words_.accept(")")) {
    words_.expect(".param");
    const Variable v = read_variable(words_);
    const size_t begin = (end + v.alignment - 1) / v.alignment * v.alignment;
    kernel_.parameters.push_back({v.name, begin, v.bytes});
    end = begin + v.bytes;
    words_.accept(",");
  }
  kernel_.parameter_bytes = end;
}

void KernelReader::read_body() {
  while (!scopes_.empty()) {
    const Word first = words_.take();
    if (first.text == "{") {
      scopes_.emplace_back();
    } else if (first.text == "}") {
      scopes_.pop_back();
    } else if (first.text[0] == '.') {
      read_directive(first);
    } else if (words_.accept(":")) {
      labels_[first.text] = static_cast<uint32_t>(kernel_.code.size());
    } else {
      read_instruction(first);
    }
  }
}

void KernelReader::read_directive(const Word& directive) {
  if (directive.text == ".reg") return read_registers();
  if (directive.text == ".loc") return read_location(directive.line);
  if (directive.text == ".shared") {
    variables_.push_back(read_variable(words_));
  } else if (directive.text == ".pragma") {  // how ptxas may compile it
    words_.take();
  } else {
    words_.fail(directive.line, "unknown directive '" + std::string(directive.text) + "'");
  }
  words_.expect(";");
}

void KernelReader::read_registers() {
  const Word type = words_.take();
  if (!bytes_of_type(type.text)) words_.fail(type.line, "unknown type '" + std::string(type.text) + "'");
  do {
    const Word name = words_.take();
    Registers registers{kernel_.num_slots, 0};
    if (words_.accept("<")) {
      registers.count = static_cast<uint32_t>(words_.take_integer());
      words_.expect(">");
    }
    kernel_.num_slots += std::max(registers.count, 1u);
    scopes_.back()[name.text] = registers;
  } while (words_.accept(","));
  words_.expect(";");
}

/// `.loc file line column`, of an inlined function followed by where it was called from, which tells more.
void KernelReader::read_location(int line) {
  source_file_ = static_cast<int>(words_.take_integer());
  source_line_ = static_cast<int>(words_.take_integer());
  while (words_.peek().line == line)
    if (words_.take().text == "inlined_at") {
      source_file_ = static_cast<int>(words_.take_integer());
      source_line_ = static_cast<int>(words_.take_integer());
    }
}

void KernelReader::read_instruction(Word first) {
  Instruction i;
  i.line = first.line, i.source_file = source_file_, i.source_line = source_line_;
  if (first.text == "@") {
    i.guard_negated = words_.accept("!");
    i.guard = register_slot(words_.take());
    first = words_.take();
  }
  i.opcode = first.text;
  if (i.opcode == "bra" || i.opcode == "bra.uni") {
    jumps_.emplace_back(static_cast<uint32_t>(kernel_.code.size()), words_.take());
    words_.expect(";");
    decode(i, {});
  } else {
    decode(i, read_operands(i));
  }
  kernel_.code.push_back(i);
}

KernelReader::Operands KernelReader::read_operands(Instruction& i) {
  Operands operands;
  while (!words_.accept(";")) {
    read_operand(operands, i);
    if (words_.peek().text != ";") words_.expect(",");
  }
  return operands;
}

void KernelReader::read_operand(Operands& to, Instruction& i) {
  to.ends_with_vector = words_.accept("{");
  if (to.ends_with_vector) {
    to.starts_with_vector = to.starts_with_vector || to.slots.empty();
    do to.slots.push_back(read_slot(i));
    while (words_.accept(","));
    return words_.expect("}");
  }
  to.slots.push_back(read_slot(i));
  if (words_.accept("|")) to.slots.push_back(read_slot(i));  // a second result
}

uint32_t KernelReader::read_slot(Instruction& i) {
  if (!words_.accept("[")) return slot_of(words_.take());
  const uint32_t slot = slot_of(words_.take());
  if (words_.accept("+"))
    i.offset = words_.take_integer();
  else if (words_.peek().text == "-")
    i.offset = words_.take_integer();
  words_.expect("]");
  return slot;
}

void KernelReader::decode(Instruction& i, const Operands& operands) {
  std::string name(i.opcode);
  if (name.starts_with("mov.") && operands.starts_with_vector)
    name += " take apart";
  else if (name.starts_with("mov.") && operands.ends_with_vector)
    name += " join";
  const auto known = operations().find(name);
  if (known == operations().end()) words_.fail(i.line, "unknown instruction '" + name + "'");
  if (known->second.num_operands != operands.slots.size())
    words_.fail(i.line, "'" + name + "' with " + std::to_string(operands.slots.size()) + " operands instead of " +
                            std::to_string(known->second.num_operands));
  i.operation = &known->second;
  std::copy(operands.slots.begin(), operands.slots.end(), i.slots.begin());
}

void KernelReader::finish() {
  for (const auto& [instruction, label] : jumps_) {
    const auto at = labels_.find(label.text);
    if (at == labels_.end() || at->second >= kernel_.code.size())
      words_.fail(label.line, "no instruction after label '" + std::string(label.text) + "'");
    kernel_.code[instruction].target = at->second;
  }
  const bool ends =
      !kernel_.code.empty() && kernel_.code.back().guard == kNoSlot &&
      (kernel_.code.back().operation->flow == Flow::end || kernel_.code.back().operation->flow == Flow::branch);
  if (!ends) words_.fail("the kernel before this line runs over its end");
  for (const auto& [bits, slot] : constants_) kernel_.constants.push_back({slot, bits});
  for (const uint32_t slot : dynamic_slots_) kernel_.constants.push_back({slot, kernel_.dynamic_begin});
}

}  // namespace moescope::cuda::ptx
