//===- Sequences.cpp - Which sequence rows belong to, and its pages --------===//

#include "kernels/Sequences.h"

using namespace Halide;

namespace tenon::kernels {

Func sequenceOf(const std::string &name, Func starts, Expr sequences, int tileRows, OperationFuncs &funcs) {
  Var t("t");
  Func later(name + "_later"), sequence(name);
  RDom b(1, sequences - 1, "b");
  later(t) = 0;
  later(t) += cast<int32_t>(starts(b) <= t * tileRows);
  sequence(t) = clamp(later(t), 0, sequences - 1);
  funcs.stages[name] = later;
  funcs.reductions[name] = b.x;
  funcs.sequences = sequences;
  return sequence;
}

void scheduleSequenceOf(const std::string &name, OperationFuncs &funcs, int lanes) {
  Func later = funcs.stages.at(name);
  Var t = later.args()[0];
  later.compute_root().vectorize(t, lanes, TailStrategy::GuardWithIf);
  later.update().reorder(t, funcs.reductions.at(name)).vectorize(t, lanes, TailStrategy::GuardWithIf);
}

Expr pageOf(const Operand &table, Expr block, Expr sequence, Expr pages) {
  return clamp(table.value(clamp(block, 0, table.innerExtent - 1), sequence), 0, max(pages, 1) - 1);
}

} // namespace tenon::kernels
