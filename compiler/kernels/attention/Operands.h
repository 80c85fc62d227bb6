//===- Operands.h - What the operands of an attention are -------*- C++ -*-===//

#ifndef TENON_KERNELS_ATTENTION_OPERANDS_H
#define TENON_KERNELS_ATTENTION_OPERANDS_H

#include "kernels/KernelDescription.h"

namespace tenon::kernels {

constexpr int kAbsent = -1;

/// The operands of one segment of keys and values, by number.
struct SegmentOperands {
  int key = kAbsent, value = kAbsent, starts = kAbsent; ///< In rows; starts where they are another batch's.
  int pages = kAbsent;                                  ///< In pages: a table of them.
  int lengths = kAbsent, offset = kAbsent;

  bool isInPages() const { return pages != kAbsent; }
  /// Whether the keys are those of the query's own sequences.
  bool isOwn() const { return lengths == kAbsent; }
};

/// The operands of an attention, in the order of its description: the query, a cache where there are pages, starts and
/// lengths, `past` and `offset` where the attributes say so, the segments' operands, tables.
struct AttentionOperands {
  /// Throws RegionError where a segment is of no known kind.
  explicit AttentionOperands(const Operation &operation);

  int query = 0, cache = kAbsent, starts, lengths, past = kAbsent, offset = kAbsent;
  std::vector<SegmentOperands> segments;
  int firstTable;
  int64_t count;
};

/// The segment that queries belong to, in masks and scores.
int64_t querySegmentOf(const Operation &operation);

} // namespace tenon::kernels

#endif // TENON_KERNELS_ATTENTION_OPERANDS_H
