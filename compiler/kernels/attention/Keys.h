//===- Keys.h - Which keys a tile of queries sees ---------------*- C++ -*-===//

#ifndef TENON_KERNELS_ATTENTION_KEYS_H
#define TENON_KERNELS_ATTENTION_KEYS_H

#include "expressions/Expression.h"
#include "kernels/Region.h"
#include "kernels/attention/Expressions.h"

#include <functional>
#include <optional>

namespace tenon::kernels {

/// Keys whose scores are computed together: those of a page.
constexpr int kKeyBlock = kPageTokens;

/// Blocks of keys whose results are put together first where rows come one by one: the length alone decides how a
/// softmax is put together.
constexpr int kSplitBlocks = 16;

/// Blocks of keys whose scores a tile's queries get together: two vectors or four.
constexpr int kBlocksAtOnce = 2;

/// Components that are turned from rows into columns as one square block with a block's keys, or all of them where no
/// block divides them.
constexpr int componentBlock(int size) { return size % 16 == 0 ? 16 : size % 8 == 0 ? 8 : size; }

/// The keys and values of one segment for each tile's sequence, in blocks of kKeyBlock: in rows of a batch, or in pages
/// of a cache. t is a tile of `rowTile` rows; its blocks are counted from the first that one of its queries may see.
struct KeySegment {
  int number = 0;                      ///< Among the attention's segments.
  Halide::Expr firstBlock;             ///< Which of the segment's blocks that is, for tile t.
  Halide::Func count;                  ///< (t) How many keys are looked at, from the first block on.
  Halide::Expr mostBlocks;             ///< At least every sequence's number of blocks.
  Halide::Expr offset;                 ///< The position of the first key, for tile t.
  std::optional<Operand> keys, values; ///< Rows.
  Halide::Func start;                  ///< (t) The first of the sequence's rows.
  Halide::Func starts;                 ///< (b) Those of all sequences, where they are another batch's.
  Halide::Func sequence;               ///< (t)
  Halide::Func blockSequence;          ///< (n) Of each block that another batch's rows are put together in.
  Halide::Expr sequences;
  std::optional<Operand> pages;        ///< Pages.
  bool modified = false;               ///< Whether a score is more than the product.

  /// Where key i of block n lies among the rows.
  Halide::Expr row(Halide::Expr n, Halide::Expr i) const;
  /// Rows put together in blocks, in batches of tiles: how many there are, where a tile's block n is among them, and which
  /// row key i of one is. The queries' own sequences begin with a block; those of another batch may begin at any row, so
  /// that each of them leaves room for one more block.
  Halide::Expr packedBlocks() const;
  Halide::Expr packedBlock(Halide::Expr n) const;
  Halide::Expr packedRow(Halide::Expr block, Halide::Expr i) const;
};

/// Among the blocks that another batch's rows are put together in, the first of a sequence that begins at row `start`.
Halide::Expr firstPackedBlock(Halide::Expr start, Halide::Expr sequence);

/// Block n of a segment; the segment may vary within a kernel.
struct KeyBlock {
  Halide::Expr segment, n;
  Halide::Expr page = {}; ///< Its page's number, where that is known already.
};

/// The expressions of an attention, over its tables.
struct MaskAndScore {
  MaskAndScore(const Operation &operation, const std::vector<Operand> &tables, Halide::Expr sequence);

  /// Where a segment's keys are that a tile of queries may see.
  KeyRange range(int segment) const;
  /// Whether the score of one of a segment's keys is more than the product.
  bool changes(int segment) const;
  /// Whether one query alone sees all of a segment's keys up to the last of its range.
  bool isRangeOfOneQuery(int segment) const;
  /// The product stands alone in the innermost select, so that it is computed for all keys of a block alike.
  Halide::Expr apply(Halide::Expr product, Halide::Expr query, Halide::Expr key, Halide::Expr head,
                     Halide::Expr segment) const;

  std::optional<expressions::Expression> mask, score;
  std::function<Halide::Expr(int n, Halide::Expr i, Halide::Expr j)> table;
  Halide::Expr sequence;
  int heads, querySegment;
};

/// All segments of an attention.
struct Keys {
  /// Whether all segments are in pages.
  bool areInPages() const;
  /// The number of a block's page.
  Halide::Expr pageOf(const KeyBlock &block) const;
  /// A component of key i of a block, of key head h, or of its value.
  Halide::Expr read(bool isKey, Halide::Expr component, const KeyBlock &block, Halide::Expr i, Halide::Expr h) const;
  /// The score of the query at a position for key i of a block, from their product times `scale()`.
  Halide::Expr score(Halide::Expr product, Halide::Expr query, const KeyBlock &block, Halide::Expr i,
                     Halide::Expr head) const;
  /// What queries are multiplied with beforehand: the operation's scale, times log2(e) where no expression reads the
  /// score, so that softmax is a power of two.
  float scale() const;
  /// A weight before it is normalised: e to the power of how far a score is under the maximum. Of an expression's
  /// scores the difference is scaled, which is exact for near ones, so that none is rounded once more.
  Halide::Expr weight(Halide::Expr score, Halide::Expr maximum) const;
  /// What `get` gives of the block's segment.
  Halide::Expr select(const KeyBlock &block, const std::function<Halide::Expr(const KeySegment &)> &get) const;

  Halide::Func position; ///< (t) The position of the tile's first query.
  Halide::Func sequence; ///< (t)
  std::vector<KeySegment> segments;
  std::optional<MaskAndScore> modifiers;
  std::optional<Operand> cache; ///< Of all segments in pages.
  int size;
  double operationScale;
};

/// The score of a key that a query does not see, and the least that a row's maximum may be: far enough from one another
/// that such a key's weight is zero also where the query sees no key at all. Infinities are left to the scores.
constexpr float kUnseen = -3e38f, kLeastMaximum = -1.5e38f;

/// The attribute "mask" or "score" where it is there and changes anything.
std::optional<expressions::Expression> expressionOf(const Operation &operation, const std::string &name);

/// A function's first of kKeyBlock lanes, with which all others are combined: the halves of them against one another, so
/// that nothing crosses all lanes of a vector one by one. The steps are stages, of_16, of_8, of_4 and of_2 behind `name`.
Halide::Func foldLanes(const std::string &name, size_t segment, Halide::Func lanes, const Halide::Var &lane,
                       Halide::Expr (*combine)(Halide::Expr, Halide::Expr), OperationFuncs &funcs);

/// What a segment's stages, and the reductions over its keys, are called.
std::string ofSegment(const std::string &name, size_t segment);

Keys keysOf(const std::vector<Operand> &operands, OperationFuncs &funcs);

/// The algorithm and the schedule for rows that come one by one: each against all keys of its sequence.
void rowAttentionAlgorithm(const std::vector<Operand> &operands, OperationFuncs &funcs);

} // namespace tenon::kernels

#endif // TENON_KERNELS_ATTENTION_KEYS_H
