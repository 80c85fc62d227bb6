//===- Attention.cpp - Tensor IR of an attention --------------------------===//

#include "expressions/Expression.h"
#include "passes/StackBuilder.h"

using namespace mlir;
using namespace tenon;

namespace {

/// Keys and values that queries may see at once.
struct KeyRows {
  Value key, value;
};

class AttentionBuilder {
public:
  AttentionBuilder(AttentionLayerOp op, StackBuilder &builder) : op(op), builder(builder) {}

  /// Keys and values of rows, which are `part`'s: those of a source, or the own ones, by what their roles begin with.
  KeyRows keys(const Twine &prefix, Value rows, StackPart &part) {
    KeyRows result = projections(prefix, rows);
    result.key = turned(prefix + "key", result.key, part);
    return result;
  }

  KeyRows sourceKeys(SourceAttr source, Value rows, StackPart &part) {
    if (op.normalisesSource(source))
      rows = builder.norm(builder.stack.getNorm(), op, source.getStack().getValue() + ".norm", rows);
    return keys(op.sourcePrefix(source), rows, part);
  }

  /// `slice` with the keys and values of a part's rows behind those that it has.
  Value append(Value slice, const KeyRows &rows, StackPart &part) {
    Value past = part.past ? part.past : builder.zeros(part);
    return CacheAppendOp::create(builder.builder, builder.location, slice.getType(), slice, rows.key, rows.value,
                                 Value(), part.lengths, past, builder.pages(op, part.stack), op.getKeyValueHeads(),
                                 op.getHeadSize());
  }

  SmallVector<Value> lower(ValueRange rows) {
    SmallVector<StackPart *> computed = builder.computed();
    SmallVector<Value> queries;
    for (auto [input, part] : llvm::zip(rows, computed)) {
      Value query = builder.linear(op, "query", input);
      KeyRows own = op.hasOwnKeys() ? projections("", input) : KeyRows();
      queries.push_back(turned("query", query, *part));
      if (own.key)
        own.key = turned("key", own.key, *part);
      ownKeys.push_back(own);
    }
    Value slice = builder.hasStates() ? keepOwn(computed) : Value();
    readSources();
    SmallVector<Value> results;
    for (auto [query, part] : llvm::zip(queries, computed))
      results.push_back(builder.linear(op, "output", attend(query, *part, slice)));
    return results;
  }

private:
  KeyRows projections(const Twine &prefix, Value rows) {
    Value key = builder.linear(op, prefix + "key", rows);
    return {key, builder.linear(op, prefix + "value", rows)};
  }

  /// Queries or keys, normalised and turned.
  Value turned(const Twine &role, Value rows, StackPart &part) {
    int64_t headSize = op.getHeadSize(), heads = cast<RankedTensorType>(rows.getType()).getShape().back() / headSize;
    rows = builder.headNorm(op.getHeadNorm(), op, role + "_norm", heads, rows);
    RotaryAttr rotary = op.turns();
    return rotary ? builder.rotate(rows, rotary, headSize, builder.positionIds(part)) : rows;
  }

  /// The layer's part of the state, with the own keys and values behind those that it had.
  Value keepOwn(ArrayRef<StackPart *> computed) {
    Value slice = builder.readState(op);
    if (!op.hasOwnKeys())
      return slice;
    for (auto [own, part] : llvm::zip(ownKeys, computed))
      slice = append(slice, own, *part);
    builder.writeState(op, slice);
    return slice;
  }

  /// The keys and values of other stacks, where they are not in pages.
  void readSources() {
    for (SourceAttr attribute : op.sourceList()) {
      SourceRows source = builder.source(attribute);
      KeySegment segment = source.rows ? KeySegment() : inPages(*source.part);
      if (source.rows) {
        KeyRows rows = sourceKeys(attribute, source.rows, *source.part);
        segment = KeySegment::inRows(rows.key, rows.value, source.part->lengths, source.part->offset);
      }
      segments.push_back(segment);
    }
  }

  KeySegment inPages(const StackPart &part) {
    return KeySegment::inPages(builder.pages(op, part.stack), part.lengths, part.offset);
  }

  /// What the queries of `part` see: sources, then the own keys, part by part.
  SmallVector<KeySegment> seenBy(const StackPart &part) {
    SmallVector<KeySegment> list(segments);
    if (!op.hasOwnKeys())
      return list;
    const KeyRows *rows = ownKeys.begin();
    for (const StackPart &other : builder.parts) {
      if (other.isThere) {
        list.push_back(inPages(other));
        continue;
      }
      KeyRows own = *rows++;
      Value lengths = &other == &part ? Value() : other.lengths;
      list.push_back(other.past ? KeySegment::inPages(builder.pages(op, other.stack), lengths, other.offset)
                                : KeySegment::inRows(own.key, own.value, lengths, other.offset));
    }
    return list;
  }

  Value attend(Value query, StackPart &part, Value slice) {
    SmallVector<Value> tables;
    StringAttr score = readTables(tables);
    SmallVector<KeySegment> seen = seenBy(part);
    // Who asks for no position needs none to begin with.
    bool placed = op.getMaskAttr() || score;
    for (KeySegment &segment : seen)
      segment.offset = placed ? segment.offset : Value();
    bool paged = llvm::any_of(seen, [](const KeySegment &segment) { return segment.isInPages(); });
    return AttentionOp::create(builder.builder, builder.location, query, paged ? slice : Value(), Value(), part.lengths,
                               part.past, placed ? part.offset : Value(), seen, tables, op.getHeads(),
                               op.getKeyValueHeads(), op.getHeadSize(), op.getScale(), mask(), score,
                               querySegment(part, static_cast<int64_t>(seen.size())));
  }

  StringAttr mask() {
    StringAttr ofPrefix = builder.readsPrefix ? op.getPrefixMaskAttr() : StringAttr();
    if (!ofPrefix)
      return op.getMaskAttr();
    return ofPrefix == "true" ? StringAttr() : ofPrefix;
  }

  /// The number of the query's segment, where an expression asks for it and it is not the last.
  IntegerAttr querySegment(const StackPart &part, int64_t count) {
    int64_t number = op.ownSegment() + (&part - builder.parts.data());
    bool asked =
        op.getMask().value_or("").contains("query_segment") || op.getScore().value_or("").contains("query_segment");
    return asked && number != count - 1 ? builder.builder.getI64IntegerAttr(number) : IntegerAttr();
  }

  /// The tables of an attention's expressions, and its score.
  StringAttr readTables(SmallVectorImpl<Value> &tables) {
    size_t count = op.getTableSizes().value_or(ArrayRef<int64_t>()).size() / 2;
    for (size_t i = 0; i < count; ++i)
      tables.push_back(builder.weight(op, "table" + Twine(i) + ".weight"));
    std::optional<RelativeBiasAttr> relative = op.getRelative();
    if (!relative)
      return op.getScoreAttr();
    std::string reach = std::to_string(relative->getDistance());
    std::string score = "s + table" + std::to_string(tables.size()) + "(min(max(k - q, -" + reach + "), " + reach +
                        ") + " + reach + ", h)";
    tables.push_back(builder.weight(op, "relative.weight", relative->getBucketsByDistance()));
    return builder.builder.getStringAttr(expressions::parse(score, expressions::Kind::Score)->print());
  }

  AttentionLayerOp op;
  StackBuilder &builder;
  SmallVector<KeyRows> ownKeys;     ///< Of each computed part.
  SmallVector<KeySegment> segments; ///< Of other stacks.
};

} // namespace

SmallVector<Value> AttentionLayerOp::lower(StackBuilder &builder, ValueRange rows) {
  return AttentionBuilder(*this, builder).lower(rows);
}

void AttentionLayerOp::keepSource(StackBuilder &builder, SourceAttr source, Value rows, StackPart &part) {
  AttentionBuilder attention(*this, builder);
  KeyRows keys = attention.sourceKeys(source, rows, part);
  builder.writeState(*this, attention.append(builder.readState(*this), keys, part));
}
