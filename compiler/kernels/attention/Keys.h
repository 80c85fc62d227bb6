//===- Keys.h - Which keys a tile of queries sees ---------------*- C++ -*-===//

#ifndef TENON_KERNELS_ATTENTION_KEYS_H
#define TENON_KERNELS_ATTENTION_KEYS_H

#include "kernels/Region.h"

#include <functional>

namespace tenon::kernels {

/// Keys whose scores are computed together: those of a page.
constexpr int kKeyBlock = kPageKeys;

/// The keys and values of each tile's sequence, in blocks of kKeyBlock: in rows of the batch, or in pages of a cache.
/// t is a tile of `rowTile` rows.
struct Keys {
  Halide::Func position;   ///< (t) The position of the tile's first query.
  Halide::Func firstBlock; ///< (t) The first block that a query of the tile sees, undefined where it is always 0.
  Halide::Func count;      ///< (t) How many keys from there on are looked at.
  Halide::Expr mostBlocks; ///< At least every sequence's number of blocks.
  Halide::Func sequence;   ///< (t)

  /// A component of a key or value: key i of the tile's block n, of key head h.
  using Read = std::function<Halide::Expr(Halide::Expr component, Halide::Expr n, Halide::Expr i, Halide::Expr h)>;
  Read key, value;

  /// Whether the query at a position sees key i of block n.
  std::function<Halide::Expr(Halide::Expr query, Halide::Expr n, Halide::Expr i, Halide::Expr head)> sees;
  bool masked = false;
};

/// The score of a key that a query does not see, and the least that a row's maximum may be: far enough from one another
/// that such a key's weight is zero also where the query sees no key at all. Infinities are left to the scores.
inline const Halide::Expr kUnseen = Halide::Float(32).min(), kLeastMaximum = Halide::Float(32).min() / 2.0f;

Keys keysOf(const std::vector<Operand> &operands, OperationFuncs &funcs);

/// log2(e): scores are in units of it, so that softmax is a power of two.
constexpr double kLog2E = 1.44269504088896340736;

/// The algorithm and the schedule for rows that come one by one: each against all keys of its sequence.
void rowAttentionAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs);

} // namespace tenon::kernels

#endif // TENON_KERNELS_ATTENTION_KEYS_H
