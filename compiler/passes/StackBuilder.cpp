//===- StackBuilder.cpp - Tensor IR of one stack --------------------------===//

#include "passes/StackBuilder.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------===//
// What sublayers ask for
//===----------------------------------------------------------------------===//

SmallVector<StackPart *> StackBuilder::computed() {
  SmallVector<StackPart *> list;
  for (StackPart &part : parts)
    if (!part.isThere)
      list.push_back(&part);
  return list;
}

SmallVector<Value> StackBuilder::each(ValueRange rows, llvm::function_ref<Value(Value)> build) {
  return llvm::map_to_vector(rows, build);
}

Value StackBuilder::makePositions(const StackPart &part, IntegerAttr pad) {
  auto type = RankedTensorType::get({ShapedType::kDynamic, columns}, builder.getI32Type());
  Value first = part.past;
  if (part.offset)
    first = first ? Value(AddLengthsOp::create(builder, location, first.getType(), first, part.offset)) : part.offset;
  return PositionIdsOp::create(builder, location, type, part.counted, first, pad);
}

Value StackBuilder::positionIds(StackPart &part) {
  if (!part.positions)
    part.positions = makePositions(part, {});
  return part.positions;
}

Value StackBuilder::zeros(StackPart &part) {
  if (!part.zeros)
    part.zeros = ZeroLengthsOp::create(builder, location, part.lengths.getType(), part.lengths);
  return part.zeros;
}

Value StackBuilder::readState(SublayerOpInterface op) {
  EntryBuilder::State &state = entry.stateOf(stack, op.getStates().front().name);
  auto type = RankedTensorType::get(state.type.getShape().drop_front(), state.type.getElementType());
  return CacheLayerOp::create(builder, location, type, state.value, layer);
}

void StackBuilder::writeState(SublayerOpInterface op, Value slice) {
  EntryBuilder::State &state = entry.stateOf(stack, op.getStates().front().name);
  state.value = CacheUpdateOp::create(builder, location, state.type, state.value, layer, slice);
}

Value StackBuilder::pages(SublayerOpInterface op, StackOp rows) {
  return entry.argument({EntryRole::Pages, rows, entry.stateOf(stack, op.getStates().front().name).pool});
}

SourceRows StackBuilder::source(SourceAttr source) { return sources(source, layerOfTurn); }

//===----------------------------------------------------------------------===//
// What the first layer reads
//===----------------------------------------------------------------------===//

Value StackBuilder::input(StackPart &part, Value given, Value types) {
  InputOpInterface op = stack.getInput();
  Value rows;
  if (auto features = dyn_cast<FeatureInputOp>(*op))
    rows = convolve(features, part, given);
  else if (auto tokens = dyn_cast<TokenInputOp>(*op))
    rows = embed(tokens, part, given, types);
  else
    rows = addPositions(op, part, scale(part.counted = given, op.getScaleAttr()));
  return op.getNorm() ? norm(stack.getNorm(), cast<ParameterizedOpInterface>(*op), "norm", rows) : rows;
}

Value StackBuilder::embedRows(Value ids, Value table, int64_t offset, Value idsOfFirst) {
  return EmbedOp::create(builder, location, rowsType(stack.getHiddenWidth()), ids, table, idsOfFirst, offset);
}

Value StackBuilder::embed(TokenInputOp op, StackPart &part, Value tokens, Value types) {
  part.counted = tokens;
  Value sum = embedRows(tokens, weight(op, "tokens.weight"), 0, op.getZeroFirst() ? positionIds(part) : Value());
  sum = addPositions(op, part, scale(sum, op.getScaleAttr()));
  return types ? add(sum, embedRows(types, weight(op, "types.weight"))) : sum;
}

/// Convolutions are products of rows that have their neighbours' components too.
Value StackBuilder::convolve(FeatureInputOp op, StackPart &part, Value rows) {
  for (auto [index, convolution] : llvm::enumerate(op.getConvolutions().getAsRange<ConvolutionAttr>())) {
    int64_t channels = cast<RankedTensorType>(rows.getType()).getShape().back(), stride = convolution.getStride();
    Value before = part.lengths;
    if (stride > 1)
      part.lengths = StridedLengthsOp::create(builder, location, before.getType(), before, stride);
    rows = UnfoldOp::create(builder, location, rowsType(channels * convolution.getKernel()), rows, Value(), before,
                            Value(), Value(), convolution.getKernel(), stride);
    rows = linear(op, "convolutions." + Twine(index), rows);
    if (ActivationFunctionAttr nonlinearity = convolution.getFunction())
      rows = activation(rows, nonlinearity.getValue());
  }
  part.counted = rows;
  return addPositions(op, part, scale(rows, op.getScaleAttr()));
}

static TableFunction sinusoids(PositionsAttr positions) {
  if (positions.getInterleaved())
    return TableFunction::SinusoidalInterleaved;
  return positions.getEvenSpacing() ? TableFunction::SinusoidalEven : TableFunction::Sinusoidal;
}

Value StackBuilder::addPositions(InputOpInterface op, StackPart &part, Value sum) {
  PositionsAttr positions = op.getPositions();
  if (positions.getKind() == PositionKind::Learned) {
    Value table = weight(cast<ParameterizedOpInterface>(*op), "positions.weight");
    Value ids = positions.getPad() ? makePositions(part, positions.getPad()) : positionIds(part);
    return add(sum, embedRows(ids, table, positions.getOffset()));
  }
  if (positions.getKind() == PositionKind::Sinusoidal)
    return add(sum,
               embedRows(positionIds(part), positionTable(positions, sinusoids(positions), stack.getHiddenWidth())));
  return sum;
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

namespace {

/// Every operation of the dialect: those that are sublayers have a method `lower`, those that read other stacks
/// `keepSource`.
template <typename... Ops> struct SublayerLowering {
  static SmallVector<Value> lower(SublayerOpInterface op, StackBuilder &builder, ValueRange rows) {
    SmallVector<Value> results;
    (lowerAs<Ops>(*op, builder, rows, results) || ...);
    return results;
  }

  static void keepSource(SublayerOpInterface op, StackBuilder &builder, SourceAttr source, Value rows,
                         StackPart &part) {
    (keepSourceAs<Ops>(*op, builder, source, rows, part), ...);
  }

private:
  template <typename Op>
  static void keepSourceAs(Operation &op, StackBuilder &builder, SourceAttr source, Value rows, StackPart &part) {
    if constexpr (requires(Op sublayer) { sublayer.keepSource(builder, source, rows, part); })
      if (auto sublayer = dyn_cast<Op>(op))
        sublayer.keepSource(builder, source, rows, part);
  }

  template <typename Op>
  static bool lowerAs(Operation &op, StackBuilder &builder, ValueRange rows, SmallVector<Value> &results) {
    if constexpr (Op::template hasTrait<SublayerOpInterface::Trait>()) {
      if (auto sublayer = dyn_cast<Op>(op)) {
        results = sublayer.lower(builder, rows);
        return true;
      }
    }
    return false;
  }
};

using Sublayers = SublayerLowering<
#define GET_OP_LIST
#include "tenon/Ops.cpp.inc"
    >;

} // namespace

void StackBuilder::preparePositions() {
  stack.walk([&](SublayerOpInterface op) {
    if (!op.readsPositions())
      return;
    for (StackPart *part : computed())
      positionIds(*part);
    for (SourceAttr attribute : op.sourceList())
      if (SourceRows read = source(attribute); read.rows)
        positionIds(*read.part);
  });
}

SmallVector<Value> StackBuilder::layers(SmallVector<Value> rows, int64_t first, int64_t last, int64_t perTurn,
                                        StateFilter changed, LayerBody build) {
  int64_t turns = (last - first) / perTurn, rest = (last - first) % perTurn;
  if (turns > 0)
    rows = loop(std::move(rows), first, turns, perTurn, changed, build);
  if (rest > 0)
    rows = loop(std::move(rows), first + turns * perTurn, 1, rest, changed, build);
  return rows;
}

SmallVector<Value> StackBuilder::allLayers(SmallVector<Value> rows) {
  preparePositions();
  return layers(
      std::move(rows), 0, stack.getLayers(), static_cast<int64_t>(blocksOf(stack).size()),
      [&](const EntryBuilder::State &state) { return state.stack == stack && state.holdsOwn; },
      [&](int64_t number, SmallVector<Value> values) { return sublayers(number, std::move(values)); });
}

Block &StackBuilder::blockOf(int64_t number) {
  SmallVector<Block *> blocks = blocksOf(stack);
  return *blocks[number % static_cast<int64_t>(blocks.size())];
}

SmallVector<Value> StackBuilder::sublayers(int64_t number, SmallVector<Value> rows) {
  for (Operation &op : blockOf(number))
    if (!isa<InputOpInterface>(op))
      rows = sublayer(op, std::move(rows));
  return rows;
}

void StackBuilder::keepSource(SublayerOpInterface op, SourceAttr source, Value rows, StackPart &part) {
  Sublayers::keepSource(op, *this, source, rows, part);
}

SmallVector<Value> StackBuilder::loop(SmallVector<Value> rows, int64_t first, int64_t turns, int64_t perTurn,
                                      StateFilter changed, LayerBody build) {
  SmallVector<EntryBuilder::State *> states;
  for (EntryBuilder::State &state : entry.states)
    if (changed(state))
      states.push_back(&state);
  SmallVector<Value> inits(rows);
  for (const EntryBuilder::State *state : states)
    inits.push_back(state->value);
  auto repeat = RepeatOp::create(builder, location, TypeRange(ValueRange(inits)), turns, inits);
  Block &body = repeat.getBody().emplaceBlock();
  turn = body.addArgument(builder.getIndexType(), location);
  for (Value &value : rows)
    value = body.addArgument(value.getType(), location);
  for (EntryBuilder::State *state : states)
    state->value = body.addArgument(state->type, location);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&body);
    unit = perTurn;
    for (int64_t number = first; number < first + perTurn; ++number) {
      layerOfTurn = number;
      layer = layerBehind(0);
      rows = build(number, std::move(rows));
    }
    SmallVector<Value> yielded(rows);
    for (const EntryBuilder::State *state : states)
      yielded.push_back(state->value);
    YieldOp::create(builder, location, yielded);
  }
  layer = turn = Value();
  for (auto [index, state] : llvm::enumerate(states))
    state->value = repeat.getResult(rows.size() + index);
  return SmallVector<Value>(repeat.getResults().take_front(rows.size()));
}

Value StackBuilder::layerBehind(int64_t distance) {
  if (unit == 1 && layerOfTurn + distance == 0)
    return turn;
  AffineExpr expression = builder.getAffineDimExpr(0) * unit + (layerOfTurn + distance);
  return affine::AffineApplyOp::create(builder, location, AffineMap::get(1, 0, expression), turn);
}

SmallVector<Value> StackBuilder::result(SublayerOpInterface op, ValueRange rows) {
  SmallVector<Value> results = Sublayers::lower(op, *this, rows);
  if (stack.getNorm().getPlace() != NormPlace::Both)
    return results;
  auto normed = cast<ParameterizedOpInterface>(*op);
  return each(results, [&](Value value) { return norm(stack.getNorm(), normed, "norm_after", value); });
}

/// One sublayer, or several beside one another, with its residual sum and norms.
SmallVector<Value> StackBuilder::sublayer(Operation &op, SmallVector<Value> state) {
  NormPlace place = stack.getNorm().getPlace();
  auto normed = [&](Operation &owner, ValueRange values) {
    auto parameters = cast<ParameterizedOpInterface>(owner);
    return each(values, [&](Value value) { return norm(stack.getNorm(), parameters, "norm", value); });
  };
  auto sum = [&](ValueRange results) {
    for (auto [value, result] : llvm::zip(state, results))
      value = add(value, result);
  };
  auto parallel = dyn_cast<ParallelOp>(op);
  bool before = place != NormPlace::After && (!parallel || parallel.getSharedNorm());
  SmallVector<Value> rows = before ? normed(op, state) : state;
  if (!parallel) {
    sum(result(cast<SublayerOpInterface>(op), rows));
    return place == NormPlace::After ? normed(op, state) : state;
  }
  for (Operation &inner : parallel.getBody().front())
    sum(result(cast<SublayerOpInterface>(inner), before ? rows : normed(inner, rows)));
  return state;
}

Value StackBuilder::finished(Value rows) {
  return stack.getNorm().getFinal() ? norm(stack.getNorm(), stack, "norm", rows) : rows;
}
