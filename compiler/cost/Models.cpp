//===- Models.cpp - What each operation computes --------------------------===//

#include "cost/Cost.h"
#include "expressions/Evaluate.h"
#include "reference/Reference.h"

#include "llvm/Support/MathExtras.h"

#include <array>
#include <map>

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

/// What the queries of a sequence see of a segment.
struct Seen {
  uint64_t pairs = 0; ///< Of a query and a key, in all heads.
  uint64_t keys = 0;  ///< That at least one query sees, in all key and value heads.
};

/// Where the mask reads a table, whose values are weights, they see all.
class Visibility {
public:
  Visibility(AttentionOp op, int64_t segment) : op(op) {
    if (!op.getMask())
      return;
    int64_t querySegment = op.getQuerySegment().value_or(op.getSegments().size() - 1);
    mask = expressions::parse(std::string_view(*op.getMask()), expressions::Kind::Mask)
               ->with(expressions::Operation::Segment, static_cast<int32_t>(segment))
               .with(expressions::Operation::QuerySegment, static_cast<int32_t>(querySegment))
               .simplified();
    if (mask->usesTables() || mask->isNeutral())
      mask.reset();
  }

  Seen count(Span queries, Span keys) {
    int64_t heads = op.getHeads(), groups = op.getKeyValueHeads();
    if (!mask)
      return {static_cast<uint64_t>(queries.count * keys.count * heads), static_cast<uint64_t>(keys.count * groups)};
    // Where the mask is the same for all heads, one stands for all.
    bool alike = !mask->variables().head;
    Seen seen;
    for (int64_t group = 0; group < (alike ? 1 : groups); ++group)
      add(seen, queries, keys, group, alike ? 1 : heads / groups);
    return alike ? Seen{seen.pairs * heads, seen.keys * groups} : seen;
  }

private:
  /// Of the heads that have their keys in common.
  void add(Seen &seen, Span queries, Span keys, int64_t group, int64_t heads) {
    expressions::Evaluator<float> visible(*mask);
    for (int64_t k = keys.first; k < keys.first + keys.count; ++k) {
      uint64_t pairs = 0;
      for (int64_t h = group * heads; h < (group + 1) * heads; ++h)
        for (int64_t q = queries.first; q < queries.first + queries.count; ++q)
          pairs += visible.mask({static_cast<int32_t>(q), static_cast<int32_t>(k), static_cast<int32_t>(h)});
      seen.pairs += pairs;
      seen.keys += pairs > 0;
    }
  }

  AttentionOp op;
  std::optional<expressions::Expression> mask;
};

/// So many numbers: zeros for no value.
FailureOr<SmallVector<int64_t>> numbersOf(Operation *op, Value counts, size_t sequences, Call &call) {
  if (!counts)
    return SmallVector<int64_t>(sequences, 0);
  FailureOr<SmallVector<int64_t>> numbers = call.numbers(counts);
  if (succeeded(numbers) && numbers->size() != sequences)
    return op->emitError() << "expected numbers of " << sequences << " sequences, found " << numbers->size();
  return numbers;
}

/// What all queries see of each segment.
FailureOr<SmallVector<Seen>> seenOf(AttentionOp op, Call &call) {
  FailureOr<SmallVector<int64_t>> rows = call.numbers(op.getLengths());
  if (failed(rows))
    return failure();
  auto numbers = [&](Value counts) { return numbersOf(op, counts, rows->size(), call); };
  FailureOr<SmallVector<int64_t>> past = numbers(op.getPast()), offset = numbers(op.getOffset());
  if (failed(past) || failed(offset))
    return failure();
  SmallVector<Seen> all;
  for (auto [number, segment] : llvm::enumerate(op.getKeySegments())) {
    FailureOr<SmallVector<int64_t>> first = numbers(segment.offset);
    FailureOr<SmallVector<int64_t>> count = numbers(segment.isOwn() ? op.getLengths() : segment.lengths);
    if (failed(first) || failed(count))
      return failure();
    Visibility visibility(op, number);
    // Sequences are often of one length.
    std::map<std::array<int64_t, 4>, Seen> known;
    Seen &seen = all.emplace_back();
    for (size_t sequence = 0; sequence < rows->size(); ++sequence) {
      // In pages lies what came before too.
      int64_t before = segment.isOwn() && segment.isInPages() ? (*past)[sequence] : 0;
      Span queries{(*past)[sequence] + (*offset)[sequence], (*rows)[sequence]};
      Span keys{(*first)[sequence], before + (*count)[sequence]};
      auto [found, isNew] = known.try_emplace({queries.first, queries.count, keys.first, keys.count});
      if (isNew)
        found->second = visibility.count(queries, keys);
      seen.pairs += found->second.pairs;
      seen.keys += found->second.keys;
    }
  }
  return all;
}

FailureOr<uint64_t> count(AttentionOp op, Call &call) {
  FailureOr<SmallVector<Seen>> seen = seenOf(op, call);
  if (failed(seen))
    return failure();
  uint64_t pairs = 0;
  for (const Seen &segment : *seen)
    pairs += segment.pairs;
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

/// These compute row by row, or copy.
FailureOr<uint64_t> count(EmbedOp, Call &) { return 0; }
FailureOr<uint64_t> count(RotaryOp, Call &) { return 0; }
FailureOr<uint64_t> count(CacheAppendOp, Call &) { return 0; }
FailureOr<uint64_t> count(AppendRowsOp, Call &) { return 0; }

//===----------------------------------------------------------------------===//
// What they read and write
//===----------------------------------------------------------------------===//

constexpr uint64_t kFloatBytes = sizeof(float);

/// So many rows of a table, at most all of it.
FailureOr<uint64_t> rowBytes(FailureOr<int64_t> rows, int64_t width, Value table, Call &call) {
  FailureOr<uint64_t> all = call.bytes(table);
  if (failed(rows) || failed(all))
    return failure();
  return std::min<uint64_t>(*all, static_cast<uint64_t>(*rows) * width * kFloatBytes);
}

int64_t widthOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getShape().back(); }

/// The sum of what a list holds, of rows.
FailureOr<uint64_t> bytesOfRows(Value counts, int64_t width, Call &call) {
  FailureOr<SmallVector<int64_t>> numbers = call.numbers(counts);
  if (failed(numbers))
    return failure();
  uint64_t rows = 0;
  for (int64_t number : *numbers)
    rows += number;
  return rows * width * kFloatBytes;
}

template <typename Op> FailureOr<uint64_t> readBytes(Op, Value operand, Call &call) { return call.bytes(operand); }
template <typename Op> FailureOr<uint64_t> writtenBytes(Op, Value result, Call &call) { return call.bytes(result); }

FailureOr<uint64_t> readBytes(EmbedOp op, Value operand, Call &call) {
  if (operand != op.getTable())
    return call.bytes(operand);
  return rowBytes(call.rows(op.getResult()), widthOf(op.getResult()), operand, call);
}

FailureOr<uint64_t> readBytes(RotaryOp op, Value operand, Call &call) {
  if (operand != op.getCosine() && operand != op.getSine())
    return call.bytes(operand);
  return rowBytes(call.rows(op.getResult()), widthOf(operand), operand, call);
}

FailureOr<uint64_t> readBytes(PoolOp op, Value operand, Call &call) {
  bool isOneRow = op.getFunction() == PoolFunction::Cls || op.getFunction() == PoolFunction::Last;
  return call.bytes(isOneRow && operand == op.getInput() ? op.getResult() : operand);
}

FailureOr<uint64_t> readBytes(AttentionOp op, Value operand, Call &call) {
  if (operand != op.getCache())
    return call.bytes(operand);
  FailureOr<SmallVector<Seen>> seen = seenOf(op, call);
  if (failed(seen))
    return failure();
  uint64_t keys = 0;
  for (auto [segment, visible] : llvm::zip(op.getKeySegments(), *seen))
    keys += segment.isInPages() ? visible.keys : 0;
  return keys * 2 * op.getHeadSize() * kFloatBytes;
}

/// Of what was before the new rows, at most `most`.
template <typename Op> FailureOr<uint64_t> pastBytes(Op op, int64_t most, Call &call) {
  FailureOr<SmallVector<int64_t>> past = call.numbers(op.getPast());
  if (failed(past))
    return failure();
  uint64_t rows = 0;
  for (int64_t number : *past)
    rows += std::min(number, most);
  return rows * widthOf(op.getInput()) * kFloatBytes;
}

FailureOr<uint64_t> readBytes(ScanOp op, Value operand, Call &call) {
  return operand == op.getCache() ? pastBytes(op, 1, call) : call.bytes(operand);
}

FailureOr<uint64_t> readBytes(DepthwiseOp op, Value operand, Call &call) {
  return operand == op.getCache() ? pastBytes(op, op.getBefore(), call) : call.bytes(operand);
}

FailureOr<uint64_t> readBytes(CacheAppendOp op, Value operand, Call &call) {
  return operand == op.getCache() ? FailureOr<uint64_t>(0) : call.bytes(operand);
}

FailureOr<uint64_t> writtenBytes(CacheAppendOp op, Value, Call &call) {
  return bytesOfRows(op.getLengths(), 2 * op.getKeyValueHeads() * op.getHeadSize(), call);
}

FailureOr<uint64_t> readBytes(AppendRowsOp op, Value operand, Call &call) {
  return operand == op.getCache() ? FailureOr<uint64_t>(0) : call.bytes(operand);
}

FailureOr<uint64_t> writtenBytes(AppendRowsOp op, Value, Call &call) {
  return bytesOfRows(op.getLengths(), widthOf(op.getRows()), call);
}

/// `CostOpInterface` of an operation for which a function `count(Op, Call &)` exists, and those of its bytes where it
/// does not read and write all.
template <typename Op> struct Model : CostOpInterface::ExternalModel<Model<Op>, Op> {
  FailureOr<uint64_t> countMultiplyAdds(Operation *op, Call &call) const { return count(cast<Op>(op), call); }
  FailureOr<uint64_t> countReadBytes(Operation *op, Value operand, Call &call) const {
    return readBytes(cast<Op>(op), operand, call);
  }
  FailureOr<uint64_t> countWrittenBytes(Operation *op, Value result, Call &call) const {
    return writtenBytes(cast<Op>(op), result, call);
  }
};

template <typename... Ops> void attachModels(MLIRContext *context) {
  (Ops::template attachInterface<Model<Ops>>(*context), ...);
}

} // namespace

void tenon::cost::registerCostModels(DialectRegistry &registry) {
  reference::registerReferenceModels(registry);
  registry.addExtension(+[](MLIRContext *context, TenonDialect *) {
    attachModels<LinearOp, AttentionOp, ScanOp, DepthwiseOp, PoolOp, UnfoldOp, EmbedOp, RotaryOp, CacheAppendOp,
                 AppendRowsOp>(context);
  });
}
