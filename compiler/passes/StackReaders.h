//===- StackReaders.h - What attentions read of which stacks -----*- C++ -*-===//

#ifndef TENON_PASSES_STACKREADERS_H
#define TENON_PASSES_STACKREADERS_H

#include "expressions/Expression.h"
#include "tenon/Dialect.h"

namespace tenon {

/// The mask of an attention whose stack has no parts, for keys of one of its segments alone; simplified.
expressions::Expression maskOfSegment(AttentionLayerOp op, int64_t segment);
/// Of rows of the stack's prefix, where their mask is another.
expressions::Expression prefixMaskOfSegment(AttentionLayerOp op, int64_t segment);
expressions::Expression scoreOfSegment(AttentionLayerOp op, int64_t segment);
/// Whether two say the same but for the order of conditions that are joined.
bool areSame(const expressions::Expression &left, const expressions::Expression &right);
/// How the IR has a mask or score: null where it says nothing.
mlir::StringAttr expressionAttr(const expressions::Expression &expression, mlir::MLIRContext *context);

/// The rest of a role of an attention that is about the keys of source `stack` among several: "key.weight" of
/// "encoder.key.weight". Empty where the role is about something else.
llvm::StringRef roleOfSource(llvm::StringRef role, llvm::StringRef stack);

/// Whether a stack other than `reader` takes states of `stack`.
bool isTakenByOthers(StackOp stack, StackOp reader);
/// Whether the model's result is made of a stack's last hidden state.
bool isResult(StackOp stack);
void eraseUnreadParameters(ModelOp model);

} // namespace tenon

#endif // TENON_PASSES_STACKREADERS_H
