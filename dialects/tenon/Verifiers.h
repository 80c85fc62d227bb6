//===- Verifiers.h - Checks that several operations share -------*- C++ -*-===//

#ifndef TENON_VERIFIERS_H
#define TENON_VERIFIERS_H

#include "expressions/Expression.h"
#include "runtime/support/CheckedSize.h"
#include "support/Bounds.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/STLExtras.h"

namespace tenon {

/// The accessors of I64Attr return uint64_t, in which a negative number is a large positive one: it is taken back here.
inline mlir::LogicalResult verifyNotNegative(mlir::Operation *op, llvm::StringRef name, int64_t value,
                                             int64_t most = maximumExtent) {
  if (value < 0)
    return op->emitOpError() << name << " (" << value << ") is negative";
  if (value > most)
    return op->emitOpError() << name << " (" << value << ") is more than " << most;
  return mlir::success();
}

inline mlir::LogicalResult verifyPositive(mlir::Operation *op, llvm::StringRef name, int64_t value,
                                          int64_t most = maximumExtent) {
  if (value <= 0)
    return op->emitOpError() << name << " (" << value << ") is not positive";
  return verifyNotNegative(op, name, value, most);
}

/// The elements of a tensor.
inline mlir::LogicalResult verifyElements(mlir::Operation *op, llvm::StringRef name, llvm::ArrayRef<int64_t> sizes) {
  CheckedSize elements(1);
  for (int64_t size : sizes)
    elements *= size;
  if (elements <= CheckedSize(maximumExtent))
    return mlir::success();
  mlir::InFlightDiagnostic error = op->emitOpError() << name << " (";
  llvm::interleave(sizes, [&](int64_t size) { error << size; }, [&] { error << " x "; });
  return error << ") has more than the " << maximumExtent << " elements that a tensor can have";
}

/// The rules that attention has at every level.
inline mlir::LogicalResult verifyHeads(mlir::Operation *op, int64_t heads, int64_t keyValueHeads, int64_t headSize) {
  if (heads <= 0 || keyValueHeads <= 0 || headSize <= 0)
    return op->emitOpError() << "heads (" << heads << "), key_value_heads (" << keyValueHeads << ") and head_size ("
                             << headSize << ") are not all positive";
  if (heads % keyValueHeads != 0)
    return op->emitOpError() << "heads (" << heads << ") is not a multiple of key_value_heads (" << keyValueHeads
                             << ")";
  return verifyElements(op, "heads x head_size", {heads, headSize});
}

/// Expressions are well-typed, and read no table that is not there.
inline mlir::LogicalResult verifyExpression(mlir::Operation *op, llvm::StringRef name,
                                            std::optional<llvm::StringRef> text, expressions::Kind kind,
                                            size_t tables) {
  if (!text)
    return mlir::success();
  expressions::ParseResult parsed = expressions::parse(std::string_view(text->data(), text->size()), kind);
  if (!parsed)
    return op->emitOpError() << name << " '" << *text << "' at byte " << parsed.error().begin << ": "
                             << parsed.error().message;
  if (parsed->tableCount() > tables)
    return op->emitOpError() << name << " '" << *text << "' reads table" << parsed->tableCount() - 1
                             << ", but there are " << tables << " tables";
  return mlir::success();
}

inline mlir::LogicalResult verifyMaskAndScore(mlir::Operation *op, std::optional<llvm::StringRef> mask,
                                              std::optional<llvm::StringRef> score, size_t tables = 0) {
  if (mlir::failed(verifyExpression(op, "mask", mask, expressions::Kind::Mask, tables)))
    return mlir::failure();
  return verifyExpression(op, "score", score, expressions::Kind::Score, tables);
}

} // namespace tenon

#endif // TENON_VERIFIERS_H
