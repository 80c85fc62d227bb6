//===- Keys.h - Which keys a tile of queries sees ---------------*- C++ -*-===//

#ifndef TENON_KERNELS_ATTENTION_KEYS_H
#define TENON_KERNELS_ATTENTION_KEYS_H

#include "expressions/Expression.h"
#include "kernels/Region.h"

#include <functional>
#include <optional>

namespace tenon::kernels {

/// Keys whose scores are computed together: those of a page.
constexpr int kKeyBlock = kPageTokens;

/// Blocks of keys whose results are put together first where rows come one by one: the length alone decides how a
/// softmax is put together.
constexpr int kSplitBlocks = 4;

/// The keys and values of each tile's sequence, in blocks of kKeyBlock: in rows of the batch, or in pages of a cache.
/// t is a tile of `rowTile` rows; its blocks are counted from the first that one of its queries may see.
struct Keys {
  Halide::Func position;   ///< (t) The position of the tile's first query.
  Halide::Func count;      ///< (t) How many keys are looked at, from the first block on.
  Halide::Expr mostBlocks; ///< At least every sequence's number of blocks.

  /// A component of a key or value: key i of the tile's block n, of key head h.
  using Read = std::function<Halide::Expr(Halide::Expr component, Halide::Expr n, Halide::Expr i, Halide::Expr h)>;
  Read key, value;

  /// The score, in units of log2(e), of the query at a position for key i of block n, from their product times the
  /// operation's scale; `scale` is the rest of what queries are multiplied with beforehand.
  using Score = std::function<Halide::Expr(Halide::Expr product, Halide::Expr query, Halide::Expr n, Halide::Expr i,
                                           Halide::Expr head)>;
  Score score;
  double scale = 1;
  bool modified = false; ///< Whether a score is more than the product.
};

/// The score of a key that a query does not see, and the least that a row's maximum may be: far enough from one another
/// that such a key's weight is zero also where the query sees no key at all. Infinities are left to the scores.
constexpr float kUnseen = -3e38f, kLeastMaximum = -1.5e38f;

/// The attribute "mask" or "score" where it is there and changes anything.
std::optional<expressions::Expression> expressionOf(const Operation &operation, const std::string &name);

Keys keysOf(const std::vector<Operand> &operands, OperationFuncs &funcs);

/// log2(e): scores are in units of it, so that softmax is a power of two.
constexpr double kLog2E = 1.44269504088896340736;

/// The algorithm and the schedule for rows that come one by one: each against all keys of its sequence.
void rowAttentionAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs);

} // namespace tenon::kernels

#endif // TENON_KERNELS_ATTENTION_KEYS_H
