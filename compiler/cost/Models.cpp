//===- Models.cpp - What each operation computes --------------------------===//

#include "cost/Cost.h"
#include "expressions/Evaluate.h"
#include "reference/Reference.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::cost;

namespace {

FailureOr<uint64_t> count(LinearOp op, Call &call) {
  FailureOr<int64_t> rows = call.rows(op.getInput());
  if (failed(rows))
    return failure();
  // Panels may have more columns than the result.
  int64_t terms = cast<RankedTensorType>(op.getInput().getType()).getShape().back();
  int64_t columns = cast<RankedTensorType>(op.getResult().getType()).getShape().back();
  return llvm::SaturatingMultiply<uint64_t>(*rows, terms * columns);
}

/// Sequences of consecutive positions.
struct Span {
  int64_t first = 0, count = 0;
};

/// How many pairs of a query and a key the mask leaves, in all heads. Where it reads a table, whose values are weights,
/// all of them.
uint64_t visiblePairs(AttentionOp op, int64_t segment, Span queries, Span keys) {
  uint64_t all = static_cast<uint64_t>(queries.count) * keys.count * op.getHeads();
  if (!op.getMask())
    return all;
  expressions::ParseResult parsed = expressions::parse(std::string_view(*op.getMask()), expressions::Kind::Mask);
  int64_t querySegment = op.getQuerySegment().value_or(op.getSegments().size() - 1);
  expressions::Expression mask = parsed->with(expressions::Operation::Segment, static_cast<int32_t>(segment))
                                     .with(expressions::Operation::QuerySegment, static_cast<int32_t>(querySegment))
                                     .simplified();
  if (mask.usesTables() || mask.isNeutral())
    return all;
  bool alike = !mask.variables().head;
  expressions::Evaluator<float> visible(mask);
  uint64_t pairs = 0;
  for (int64_t h = 0, heads = alike ? 1 : op.getHeads(); h < heads; ++h)
    for (int64_t q = queries.first; q < queries.first + queries.count; ++q)
      for (int64_t k = keys.first; k < keys.first + keys.count; ++k)
        pairs += visible.mask({static_cast<int32_t>(q), static_cast<int32_t>(k), static_cast<int32_t>(h)});
  return alike ? pairs * op.getHeads() : pairs;
}

FailureOr<Span> keysOf(AttentionOp op, const KeySegment &segment, Call &call) {
  FailureOr<int64_t> first = call.number(segment.offset);
  FailureOr<int64_t> count = call.number(segment.isOwn() ? op.getLengths() : segment.lengths);
  // In pages lies what came before too.
  FailureOr<int64_t> past = call.number(segment.isOwn() && segment.isInPages() ? op.getPast() : Value());
  if (failed(first) || failed(count) || failed(past))
    return failure();
  return Span{*first, *past + *count};
}

FailureOr<uint64_t> count(AttentionOp op, Call &call) {
  FailureOr<int64_t> past = call.number(op.getPast()), offset = call.number(op.getOffset());
  FailureOr<int64_t> rows = call.number(op.getLengths());
  if (failed(past) || failed(offset) || failed(rows))
    return failure();
  uint64_t pairs = 0;
  for (auto [number, segment] : llvm::enumerate(op.getKeySegments())) {
    FailureOr<Span> keys = keysOf(op, segment, call);
    if (failed(keys))
      return failure();
    pairs += visiblePairs(op, number, {*past + *offset, *rows}, *keys);
  }
  // A score of each, and a row of values.
  return llvm::SaturatingMultiply<uint64_t>(pairs, 2 * op.getHeadSize());
}

/// Each component is a sum of two products.
FailureOr<uint64_t> count(ScanOp op, Call &call) {
  FailureOr<int64_t> rows = call.rows(op.getInput());
  if (failed(rows))
    return failure();
  return static_cast<uint64_t>(*rows) * 2 * cast<RankedTensorType>(op.getInput().getType()).getShape().back();
}

FailureOr<uint64_t> count(DepthwiseOp op, Call &call) {
  FailureOr<int64_t> rows = call.rows(op.getInput());
  if (failed(rows))
    return failure();
  return static_cast<uint64_t>(*rows) * op.getWeight().getType().getNumElements();
}

/// These move or add up rows, without products.
FailureOr<uint64_t> count(PoolOp, Call &) { return 0; }
FailureOr<uint64_t> count(UnfoldOp, Call &) { return 0; }

/// `CostOpInterface` of an operation for which a function `count(Op, Call &)` exists.
template <typename Op> struct Model : CostOpInterface::ExternalModel<Model<Op>, Op> {
  FailureOr<uint64_t> countMultiplyAdds(Operation *op, Call &call) const { return count(cast<Op>(op), call); }
};

template <typename... Ops> void attachModels(MLIRContext *context) {
  (Ops::template attachInterface<Model<Ops>>(*context), ...);
}

} // namespace

void tenon::cost::registerCostModels(DialectRegistry &registry) {
  reference::registerReferenceModels(registry);
  registry.addExtension(+[](MLIRContext *context, TenonDialect *) {
    attachModels<LinearOp, AttentionOp, ScanOp, DepthwiseOp, PoolOp, UnfoldOp>(context);
  });
}
