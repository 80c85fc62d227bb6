//===- StackReaders.cpp - What attentions read of which stacks ------------===//

#include "passes/StackReaders.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace tenon;
using expressions::Expression;
using expressions::Kind;

static Expression ofSegment(AttentionLayerOp op, StringAttr text, Kind kind, int64_t segment) {
  std::string_view neutral = kind == Kind::Mask ? "true" : "s";
  expressions::ParseResult parsed = expressions::parse(text ? std::string_view(text.getValue()) : neutral, kind);
  return parsed->with(expressions::Operation::Segment, static_cast<int32_t>(segment))
      .with(expressions::Operation::QuerySegment, static_cast<int32_t>(op.ownSegment()))
      .simplified();
}

Expression tenon::maskOfSegment(AttentionLayerOp op, int64_t segment) {
  return ofSegment(op, op.getMaskAttr(), Kind::Mask, segment);
}

Expression tenon::prefixMaskOfSegment(AttentionLayerOp op, int64_t segment) {
  return ofSegment(op, op.getPrefixMaskAttr(), Kind::Mask, segment);
}

Expression tenon::scoreOfSegment(AttentionLayerOp op, int64_t segment) {
  return ofSegment(op, op.getScoreAttr(), Kind::Score, segment);
}

/// A text that is one for `a && b` and `b && a`.
static std::string inAnyOrder(const Expression &expression) {
  return expressions::fold<std::string>(
      expression, [](const expressions::Node &node, std::span<const std::string> operands) {
        SmallVector<std::string> parts(operands.begin(), operands.end());
        if (node.operation == expressions::Operation::And || node.operation == expressions::Operation::Or)
          llvm::sort(parts);
        std::string text;
        llvm::raw_string_ostream(text) << '(' << static_cast<int>(node.operation) << ' ' << node.integer << ' '
                                       << llvm::format_hex(llvm::bit_cast<uint32_t>(node.real), 10);
        for (const std::string &part : parts)
          text += part;
        return text + ")";
      });
}

bool tenon::areSame(const Expression &left, const Expression &right) { return inAnyOrder(left) == inAnyOrder(right); }

StringAttr tenon::expressionAttr(const Expression &expression, MLIRContext *context) {
  return expression.isNeutral() ? StringAttr() : StringAttr::get(context, expression.print());
}

StringRef tenon::roleOfSource(StringRef role, StringRef stack) {
  if (!role.consume_front(stack) || !role.consume_front("."))
    return {};
  // Of a source called "key" the key's weight is "key.key.weight", and "key.weight" is the own.
  bool isRole =
      llvm::StringSwitch<bool>(role.split('.').first).Cases({"key", "value", "key_norm", "norm"}, true).Default(false);
  return isRole ? role : StringRef();
}

bool tenon::isTakenByOthers(StackOp stack, StackOp reader) {
  StringRef name = stack.getSymName();
  auto model = stack->getParentOfType<ModelOp>();
  return llvm::any_of(model.getBody().getOps<StackOp>(), [&](StackOp other) {
    return other != reader &&
           (llvm::is_contained(other.getSources(), name) || llvm::is_contained(other.getParts(), name));
  });
}

bool tenon::isResult(StackOp stack) {
  StringRef name = stack.getSymName();
  auto model = stack->getParentOfType<ModelOp>();
  return llvm::any_of(model.getBody().getOps<PoolingOp>(), [&](PoolingOp op) { return op.getStack() == name; }) ||
         llvm::any_of(model.getBody().getOps<HeadOp>(), [&](HeadOp op) { return op.getStack() == name; });
}

void tenon::eraseUnreadParameters(ModelOp model) {
  llvm::DenseSet<Attribute> read;
  model.walk([&](ParameterizedOpInterface op) {
    if (DictionaryAttr parameters = op.getParametersAttr())
      for (NamedAttribute pair : parameters)
        read.insert(pair.getValue());
  });
  for (ParameterOp parameter : llvm::make_early_inc_range(model.getBody().getOps<ParameterOp>()))
    if (!read.contains(FlatSymbolRefAttr::get(parameter.getSymNameAttr())))
      parameter.erase();
}
