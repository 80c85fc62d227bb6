//===- Sequences.h - Which sequence rows belong to, and its pages -*- C++ -*-===//

#ifndef TENON_KERNELS_SEQUENCES_H
#define TENON_KERNELS_SEQUENCES_H

#include "kernels/Region.h"

namespace tenon::kernels {

/// For each tile of `tileRows` rows, the sequence that it belongs to: the last that starts at or before the tile's
/// first row. The count behind it is the stage `name`, its reduction variable has the same name.
Halide::Func sequenceOf(const std::string &name, Halide::Func starts, Halide::Expr sequences, int tileRows,
                        OperationFuncs &funcs);

/// The schedule of that stage: computed ahead of all rows, for as many tiles at once as a vector has `lanes`.
void scheduleSequenceOf(const std::string &name, OperationFuncs &funcs, int lanes);

/// The page that holds a sequence's keys from block * kPageTokens on. Every index is brought into its range: a driver
/// that is wrong about a length gets wrong numbers, not another's memory.
Halide::Expr pageOf(const Operand &table, Halide::Expr block, Halide::Expr sequence, Halide::Expr pages);

} // namespace tenon::kernels

#endif // TENON_KERNELS_SEQUENCES_H
