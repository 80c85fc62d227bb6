//===- KeySegment.h - One segment of what attention reads -------*- C++ -*-===//

#ifndef TENON_KEYSEGMENT_H
#define TENON_KEYSEGMENT_H

#include "mlir/IR/Value.h"

namespace tenon {

/// The operands of one segment of keys and values; what it does not have is null.
struct KeySegment {
  mlir::Value key, value, starts; ///< In rows.
  mlir::Value pages;              ///< In pages of the attention's cache: which of them.
  mlir::Value lengths, offset;

  static KeySegment inRows(mlir::Value key, mlir::Value value, mlir::Value lengths = {}, mlir::Value offset = {}) {
    return {key, value, {}, {}, lengths, offset};
  }
  static KeySegment inPages(mlir::Value pages, mlir::Value lengths = {}, mlir::Value offset = {}) {
    return {{}, {}, {}, pages, lengths, offset};
  }

  bool isInPages() const { return pages != nullptr; }
  /// Whether the keys are those of the query's own sequences.
  bool isOwn() const { return !lengths; }
};

} // namespace tenon

#endif // TENON_KEYSEGMENT_H
