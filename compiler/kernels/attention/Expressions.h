//===- Expressions.h - Masks and scores as Halide expressions ---*- C++ -*-===//

#ifndef TENON_KERNELS_ATTENTION_EXPRESSIONS_H
#define TENON_KERNELS_ATTENTION_EXPRESSIONS_H

#include "expressions/Expression.h"
#include <Halide.h>

#include <functional>
#include <optional>

namespace tenon::kernels {

/// What an expression reads.
struct Point {
  Halide::Expr query, key, head, sequence, score, segment = 0, querySegment = 0;
  /// Table n at row i and column j, whatever these are.
  std::function<Halide::Expr(int n, Halide::Expr i, Halide::Expr j)> table;
};

Halide::Expr exprOf(const expressions::Expression &expression, const Point &point);

/// The first and the last key that a query of a tile may see, where one is known: expressions in `firstQuery`,
/// `lastQuery` and the point's sequence.
struct KeyRange {
  Halide::Expr first, last;
};

/// Derived with Halide's solver; `point` gives the sequence, the segments and the tables, heads are 0 to heads - 1.
KeyRange keyRange(const expressions::Expression &mask, const Point &point, int heads);

inline const Halide::Expr firstQuery = Halide::Internal::Variable::make(Halide::Int(32), "first_query");
inline const Halide::Expr lastQuery = Halide::Internal::Variable::make(Halide::Int(32), "last_query");

} // namespace tenon::kernels

#endif // TENON_KERNELS_ATTENTION_EXPRESSIONS_H
