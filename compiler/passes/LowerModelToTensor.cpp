//===- LowerModelToTensor.cpp - Model IR to tensor IR ---------------------===//

#include "expressions/Analysis.h"
#include "passes/Passes.h"
#include "tenon/Dialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace tenon {
#define GEN_PASS_DEF_LOWERMODELTOTENSOR
#include "passes/Passes.h.inc"
} // namespace tenon

using namespace tenon;

namespace {

/// An attention sublayer's cache while a function is built.
struct Cache {
  std::string name;
  RankedTensorType type;
  Value value;
};

/// The sublayers of each kind of layer: one list, or one for each of the blocks that layers take in turn.
SmallVector<Block *> blocksOf(StackOp stack) {
  SmallVector<Block *> blocks;
  for (BlockOp block : stack.getBody().getOps<BlockOp>())
    blocks.push_back(&block.getBody().front());
  if (blocks.empty())
    blocks.push_back(&stack.getBody().front());
  return blocks;
}

/// Builds a function of one stack.
class StackExpander {
public:
  StackExpander(StackOp stack, PoolingOp pooling, HeadOp head, OpBuilder &builder)
      : stack(stack), pooling(pooling), head(head), builder(builder), location(stack.getLoc()),
        width(stack->getParentOfType<ModelOp>().getWidth()),
        input(cast<TokenInputOp>(stack.getBody().front().front())) {}

  /// `length` is that of the longest row, kDynamic where callers decide.
  void expand(StringRef name, int64_t length) {
    columns = length;
    addArgument("tokens", {ShapedType::kDynamic, length}, builder.getI32Type(), {"batch", "length"});
    addArgument("lengths", {ShapedType::kDynamic}, builder.getI32Type(), {"batch"});
    if (input.getTypes() > 0)
      addArgument("types", {ShapedType::kDynamic, length}, builder.getI32Type(), {"batch", "length"});
    if (stack.getCached()) {
      addArgument("past", {ShapedType::kDynamic}, builder.getI32Type(), {"batch"});
      addArgument("pages", {ShapedType::kDynamic, ShapedType::kDynamic}, builder.getI32Type(), {"batch", "slots"});
      addCaches();
    }
    function = func::FuncOp::create(builder, location, name, builder.getFunctionType(argumentTypes, {}));
    for (auto [index, attributes] : llvm::enumerate(argumentAttributes))
      function.setArgAttrs(index, attributes);
    function->setAttr("tenon.limits", limits());
    function->setAttr("tenon.width", builder.getI64IntegerAttr(width));

    OpBuilder::InsertionGuard guard(builder);
    Block *entry = function.addEntryBlock();
    builder.setInsertionPointToStart(entry);
    tokens = argument("tokens");
    lengths = argument("lengths");
    past = argument("past");
    pages = argument("pages");
    for (Cache &cache : caches)
      cache.value = argument(cache.name);
    Value hidden = repeatLayers(embed(argument("types")));
    returnResults(hidden);
  }

private:
  //===--------------------------------------------------------------------===//
  // The function's arguments and results
  //===--------------------------------------------------------------------===//

  /// `dims` names the dimensions, those of static size among them.
  void addArgument(StringRef name, ArrayRef<int64_t> shape, Type element, ArrayRef<StringRef> dims) {
    SmallVector<StringRef> dynamic;
    for (auto [size, dim] : llvm::zip(shape, dims))
      if (ShapedType::isDynamic(size))
        dynamic.push_back(dim);
    argumentNames.push_back(name.str());
    argumentTypes.push_back(RankedTensorType::get(shape, element));
    argumentAttributes.push_back({builder.getNamedAttr("tenon.name", builder.getStringAttr(name)),
                                  builder.getNamedAttr("tenon.dims", builder.getStrArrayAttr(dynamic))});
  }

  void addCaches() {
    blocksOf(stack)[0]->walk([&](AttentionLayerOp op) {
      int64_t floats = 2 * op.getKeyValueHeads() * op.getHeadSize() * kPageTokens;
      std::string name = ("cache." + op.getName()).str();
      addArgument(name, {static_cast<int64_t>(stack.getLayers()), ShapedType::kDynamic, floats}, builder.getF32Type(),
                  {"layers", "pages", "floats"});
      argumentAttributes.back().push_back(builder.getNamedAttr("tenon.state", builder.getUnitAttr()));
      if (std::optional<int64_t> window = windowOf(op.getName()))
        argumentAttributes.back().push_back(
            builder.getNamedAttr("tenon.window", builder.getI64IntegerAttr(*window)));
      caches.push_back({name, cast<RankedTensorType>(argumentTypes.back()), Value()});
    });
  }

  /// How far back the attentions of a name look at the most, if all of them have a limit.
  std::optional<int64_t> windowOf(StringRef name) {
    int64_t longest = 0;
    bool limited = true;
    stack->walk([&](AttentionLayerOp op) {
      if (op.getName() != name)
        return;
      std::optional<int32_t> window = expressions::windowOf(std::string_view(op.getMask().value_or("")));
      limited &= window.has_value();
      longest = std::max<int64_t>(longest, window.value_or(0));
    });
    return limited ? std::optional(longest) : std::nullopt;
  }

  Value argument(StringRef name) {
    auto found = llvm::find(argumentNames, name);
    return found == argumentNames.end() ? Value() : function.getArgument(found - argumentNames.begin());
  }

  void addResult(StringRef name, Value value, bool isState = false) {
    SmallVector<NamedAttribute> attributes{builder.getNamedAttr("tenon.name", builder.getStringAttr(name))};
    if (isState)
      attributes.push_back(builder.getNamedAttr("tenon.state", builder.getUnitAttr()));
    results.push_back(value);
    resultAttributes.push_back(builder.getDictionaryAttr(attributes));
  }

  void returnResults(Value hidden) {
    std::string finalNorm = stack.getSymName().str() + ".norm";
    auto finish = [&](Value rows) { return stack.getNorm().getFinal() ? norm(rows, finalNorm) : rows; };
    if (head)
      addResult("logits", score(finish(poolRows(PoolFunction::Last, hidden))));
    hidden = finish(hidden);
    if (head)
      addResult("all_logits", score(hidden));
    addResult("hidden", hidden);
    if (pooling)
      addResult("embedding", pool(hidden));
    for (const Cache &cache : caches)
      addResult(cache.name, cache.value, /*isState=*/true);
    function.setType(builder.getFunctionType(argumentTypes, TypeRange(ValueRange(results))));
    function.setAllResultAttrs(resultAttributes);
    func::ReturnOp::create(builder, location, results);
  }

  DictionaryAttr limits() {
    return builder.getDictionaryAttr(
        {builder.getNamedAttr("vocab", builder.getI64IntegerAttr(input.getVocab())),
         builder.getNamedAttr("positions", builder.getI64IntegerAttr(input.getPositions().getLength())),
         builder.getNamedAttr("types", builder.getI64IntegerAttr(input.getTypes()))});
  }

  //===--------------------------------------------------------------------===//
  // Operations
  //===--------------------------------------------------------------------===//

  RankedTensorType rowsType(int64_t features) {
    return RankedTensorType::get({ShapedType::kDynamic, columns, features}, builder.getF32Type());
  }
  RankedTensorType hiddenType() { return rowsType(width); }
  RankedTensorType parameterType(ArrayRef<int64_t> shape) { return RankedTensorType::get(shape, builder.getF32Type()); }

  Value weight(const Twine &name, ArrayRef<int64_t> shape) {
    return WeightOp::create(builder, location, parameterType(shape), builder.getStrArrayAttr({name.str()}), layer,
                            layer ? stack.getLayers() : 0, DenseI64ArrayAttr(), 0);
  }

  static llvm::APFloat real(FloatAttr attribute) { return attribute ? attribute.getValue() : llvm::APFloat(0.0); }

  Value norm(Value rows, const Twine &name) {
    NormAttr kind = stack.getNorm();
    Value scale = weight(name + ".weight", {width});
    Value bias = kind.getBias() ? weight(name + ".bias", {width}) : Value();
    return NormOp::create(builder, location, rows.getType(), kind.getFunction(), rows, scale, bias,
                          kind.getEpsilon().getValue(), 1, real(kind.getWeightOffset()));
  }

  /// `rows` with another number of features.
  Value product(Value rows, Value matrix, Value bias) {
    auto type = cast<RankedTensorType>(rows.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape.back() = cast<RankedTensorType>(matrix.getType()).getDimSize(0);
    return LinearOp::create(builder, location, RankedTensorType::get(shape, type.getElementType()), rows, matrix, bias);
  }

  Value linear(Value rows, const Twine &name, int64_t outputs, bool hasBias) {
    int64_t inputs = cast<RankedTensorType>(rows.getType()).getShape().back();
    Value matrix = weight(name + ".weight", {outputs, inputs});
    Value bias = hasBias ? weight(name + ".bias", {outputs}) : Value();
    return product(rows, matrix, bias);
  }

  Value add(Value lhs, Value rhs) { return AddOp::create(builder, location, lhs.getType(), lhs, rhs); }

  Value scale(Value value, FloatAttr factor) {
    return builder.createOrFold<ScaleOp>(location, value.getType(), value, factor);
  }

  Value positionIds() {
    if (!positions)
      positions = PositionIdsOp::create(builder, location, tokens.getType(), tokens, past);
    return positions;
  }

  Value positionTable(TableFunction function, int64_t columns) {
    PositionsAttr attribute = input.getPositions();
    return PositionTableOp::create(builder, location, parameterType({attribute.getLength(), columns}), function,
                                   attribute.getBase().getValue(), DenseF64ArrayAttr(), llvm::APFloat(1.0));
  }

  std::string tokenTable() { return stack.getSymName().str() + ".input.tokens.weight"; }

  Value embed(Value types) {
    std::string name = stack.getSymName().str() + ".input";
    Value sum = EmbedOp::create(builder, location, hiddenType(), tokens,
                                weight(tokenTable(), {static_cast<int64_t>(input.getVocab()), width}), 0);
    sum = scale(sum, input.getScaleAttr());
    PositionsAttr attribute = input.getPositions();
    int64_t length = attribute.getLength(), offset = attribute.getOffset();
    if (attribute.getKind() == PositionKind::Learned) {
      Value table = weight(name + ".positions.weight", {offset + length, width});
      sum = add(sum, EmbedOp::create(builder, location, hiddenType(), positionIds(), table, offset));
    } else if (attribute.getKind() == PositionKind::Sinusoidal) {
      Value table = positionTable(attribute.getInterleaved() ? TableFunction::SinusoidalInterleaved
                                                             : TableFunction::Sinusoidal, width);
      sum = add(sum, EmbedOp::create(builder, location, hiddenType(), positionIds(), table, 0));
    }
    if (types) {
      Value table = weight(name + ".types.weight", {static_cast<int64_t>(input.getTypes()), width});
      sum = add(sum, EmbedOp::create(builder, location, hiddenType(), types, table, 0));
    }
    return input.getNorm() ? norm(sum, name + ".norm") : sum;
  }

  //===--------------------------------------------------------------------===//
  // Layers
  //===--------------------------------------------------------------------===//

  /// Whole turns of the blocks are one loop, the layers that are left over another of a single turn.
  Value repeatLayers(Value hidden) {
    if (usesRotary())
      positionIds();
    SmallVector<Block *> blocks = blocksOf(stack);
    int64_t turns = stack.getLayers() / blocks.size(), rest = stack.getLayers() % blocks.size();
    hidden = repeat(hidden, turns, blocks, 0);
    if (rest > 0)
      hidden = repeat(hidden, 1, ArrayRef(blocks).take_front(rest), turns * static_cast<int64_t>(blocks.size()));
    return hidden;
  }

  bool usesRotary() {
    if (input.getPositions().getKind() == PositionKind::Rotary)
      return true;
    return stack
        .walk([](AttentionLayerOp op) {
          return op.getRotary() ? WalkResult::interrupt() : WalkResult::advance();
        })
        .wasInterrupted();
  }

  Value repeat(Value hidden, int64_t turns, ArrayRef<Block *> blocks, int64_t firstLayer) {
    SmallVector<Value> inits{hidden};
    for (const Cache &cache : caches)
      inits.push_back(cache.value);
    auto repeat = RepeatOp::create(builder, location, TypeRange(ValueRange(inits)), turns, inits);
    Block &body = repeat.getBody().emplaceBlock();
    Value turn = body.addArgument(builder.getIndexType(), location);
    Value state = body.addArgument(hidden.getType(), location);
    for (Cache &cache : caches)
      cache.value = body.addArgument(cache.type, location);
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(&body);
      for (auto [index, block] : llvm::enumerate(blocks)) {
        layer = layerOf(turn, blocks.size(), firstLayer + static_cast<int64_t>(index));
        for (Operation &op : *block)
          if (!isa<TokenInputOp>(op))
            state = sublayer(op, state);
      }
      SmallVector<Value> yielded{state};
      for (const Cache &cache : caches)
        yielded.push_back(cache.value);
      YieldOp::create(builder, location, yielded);
    }
    layer = Value();
    for (auto [index, cache] : llvm::enumerate(caches))
      cache.value = repeat.getResult(index + 1);
    return repeat.getResult(0);
  }

  Value layerOf(Value turn, int64_t blocks, int64_t first) {
    if (blocks == 1 && first == 0)
      return turn;
    AffineExpr expression = builder.getAffineDimExpr(0) * blocks + first;
    return affine::AffineApplyOp::create(builder, location, AffineMap::get(1, 0, expression), turn);
  }

  std::string nameOf(Operation &op) {
    return (stack.getSymName() + ".layers.*." + op.getAttrOfType<StringAttr>("name").getValue()).str();
  }

  /// One sublayer, or several beside one another, with its residual sum and norms.
  Value sublayer(Operation &op, Value state) {
    std::string name = nameOf(op);
    NormPlace place = stack.getNorm().getPlace();
    auto parallel = dyn_cast<ParallelOp>(op);
    bool before = place != NormPlace::After && (!parallel || parallel.getSharedNorm());
    Value rows = before ? norm(state, name + ".norm") : state;
    if (!parallel) {
      Value sum = add(state, result(op, rows));
      return place == NormPlace::After ? norm(sum, name + ".norm") : sum;
    }
    for (Operation &inner : parallel.getBody().front()) {
      Value own = before ? rows : norm(rows, nameOf(inner) + ".norm");
      state = add(state, result(inner, own));
    }
    return state;
  }

  Value result(Operation &op, Value rows) {
    std::string name = nameOf(op);
    auto attentionLayer = dyn_cast<AttentionLayerOp>(op);
    Value result = attentionLayer ? attention(attentionLayer, rows, name) : mlp(cast<MlpLayerOp>(op), rows, name);
    return stack.getNorm().getPlace() == NormPlace::Both ? norm(result, name + ".norm_after") : result;
  }

  /// The rotary positions of an attention: its own, or the stack's.
  RotaryAttr rotaryOf(AttentionLayerOp op) {
    if (std::optional<RotaryAttr> own = op.getRotary())
      return *own;
    PositionsAttr attribute = input.getPositions();
    if (attribute.getKind() != PositionKind::Rotary)
      return {};
    int64_t headSize = op.getHeadSize();
    return RotaryAttr::get(builder.getContext(), attribute.getLength(),
                           attribute.getDims() > 0 ? attribute.getDims() : headSize, attribute.getBase(),
                           attribute.getInterleaved(), DenseF64ArrayAttr(), FloatAttr());
  }

  Value rotate(Value rows, RotaryAttr rotary, int64_t headSize) {
    if (!rotary || rotary.getDims() == 0)
      return rows;
    llvm::APFloat magnitude = rotary.getMagnitude() ? rotary.getMagnitude().getValue() : llvm::APFloat(1.0);
    auto table = [&](TableFunction function) -> Value {
      return PositionTableOp::create(builder, location, parameterType({rotary.getLength(), rotary.getDims() / 2}),
                                     function, rotary.getBase().getValue(), rotary.getFrequencies(), magnitude);
    };
    return RotaryOp::create(builder, location, rows.getType(), rows, positionIds(), table(TableFunction::RotaryCosine),
                            table(TableFunction::RotarySine), headSize, rotary.getDims(), rotary.getInterleaved());
  }

  Value headNorm(Value rows, std::optional<HeadNormAttr> kind, int64_t heads, const Twine &name) {
    if (!kind)
      return rows;
    int64_t features = cast<RankedTensorType>(rows.getType()).getShape().back();
    int64_t groups = kind->getWhole() ? 1 : heads;
    Value scale = weight(name + ".weight", {features / groups});
    Value bias = kind->getBias() ? weight(name + ".bias", {features / groups}) : Value();
    return NormOp::create(builder, location, rows.getType(), kind->getFunction(), rows, scale, bias,
                          kind->getEpsilon().getValue(), groups, real(kind->getWeightOffset()));
  }

  Value attention(AttentionLayerOp op, Value rows, const std::string &name) {
    int64_t headSize = op.getHeadSize(), heads = op.getHeads(), keyHeads = op.getKeyValueHeads();
    RotaryAttr rotary = rotaryOf(op);
    Value query = linear(rows, name + ".query", heads * headSize, op.getBias());
    Value key = linear(rows, name + ".key", keyHeads * headSize, op.getBias() && !op.getNoKeyBias());
    Value value = linear(rows, name + ".value", keyHeads * headSize, op.getBias());
    query = rotate(headNorm(query, op.getHeadNorm(), heads, name + ".query_norm"), rotary, headSize);
    key = rotate(headNorm(key, op.getHeadNorm(), keyHeads, name + ".key_norm"), rotary, headSize);
    SmallVector<Value> tables;
    ArrayRef<int64_t> sizes = op.getTableSizes().value_or(ArrayRef<int64_t>());
    for (size_t i = 0; i + 1 < sizes.size(); i += 2)
      tables.push_back(weight(name + ".table" + Twine(i / 2) + ".weight", sizes.slice(i, 2)));
    Value context = stack.getCached() ? attendCache(op, query, key, value, tables)
                                      : attendRows(op, query, key, value, tables);
    return linear(context, name + ".output", width, op.getOutputBias());
  }

  Value attendRows(AttentionLayerOp op, Value query, Value key, Value value, ValueRange tables) {
    return AttentionOp::create(builder, location, query.getType(), query, key, value, Value(), lengths,
                               tables, op.getHeads(), op.getKeyValueHeads(), op.getHeadSize(), op.getScale(), op.getMaskAttr(),
                               op.getScoreAttr());
  }

  Value attendCache(AttentionLayerOp op, Value query, Value key, Value value, ValueRange tables) {
    Cache &cache = *llvm::find_if(caches, [&](const Cache &each) { return each.name == "cache." + op.getName().str(); });
    auto sliceType = RankedTensorType::get(cache.type.getShape().drop_front(), cache.type.getElementType());
    Value slice = CacheLayerOp::create(builder, location, sliceType, cache.value, layer);
    slice = CacheAppendOp::create(builder, location, sliceType, slice, key, value, Value(), lengths, past, pages,
                                  op.getKeyValueHeads(), op.getHeadSize());
    cache.value = CacheUpdateOp::create(builder, location, cache.type, cache.value, layer, slice);
    return CachedAttentionOp::create(builder, location, query.getType(), query, slice, Value(), lengths, past, pages,
                                     tables, op.getHeads(), op.getKeyValueHeads(), op.getHeadSize(),
                                     op.getScale(), op.getMaskAttr(), op.getScoreAttr());
  }

  Value mlp(MlpLayerOp op, Value rows, const std::string &name) {
    int64_t hidden = op.getHidden();
    Value gate = op.getGated() ? linear(rows, name + ".gate", hidden, op.getBias()) : Value();
    Value up = linear(rows, name + ".up", hidden, op.getBias());
    Value active = ActivationOp::create(builder, location, up.getType(), op.getFunction(), gate ? gate : up);
    if (gate)
      active = MultiplyOp::create(builder, location, up.getType(), active, up);
    return linear(active, name + ".down", width, op.getBias());
  }

  //===--------------------------------------------------------------------===//
  // What becomes of the last hidden state
  //===--------------------------------------------------------------------===//

  Value score(Value rows) {
    int64_t vocab = input.getVocab();
    Value matrix = weight(head.getTied() ? tokenTable() : "head.weight", {vocab, width});
    Value bias = head.getBias() ? weight("head.bias", {vocab}) : Value();
    Value logits = scale(product(rows, matrix, bias), head.getScaleAttr());
    if (!head.getSoftcap().isZero())
      logits = SoftcapOp::create(builder, location, logits.getType(), logits, head.getSoftcap());
    return logits;
  }

  Value poolRows(PoolFunction function, Value rows) {
    int64_t features = cast<RankedTensorType>(rows.getType()).getShape().back();
    auto type = RankedTensorType::get({ShapedType::kDynamic, features}, builder.getF32Type());
    return PoolOp::create(builder, location, type, function, rows, Value(), lengths);
  }

  Value pool(Value hidden) {
    Value pooled = poolRows(pooling.getFunction(), hidden);
    if (!pooling.getNormalize())
      return pooled;
    // The epsilon of torch.nn.functional.normalize, which sentence-transformers calls.
    return NormOp::create(builder, location, pooled.getType(), NormFunction::L2, pooled, Value(), Value(),
                          llvm::APFloat(1e-12), 1, llvm::APFloat(0.0));
  }

  StackOp stack;
  PoolingOp pooling;
  HeadOp head;
  OpBuilder &builder;
  Location location;
  int64_t width;
  TokenInputOp input;

  int64_t columns = ShapedType::kDynamic;
  SmallVector<std::string> argumentNames;
  SmallVector<Type> argumentTypes;
  SmallVector<SmallVector<NamedAttribute>> argumentAttributes;
  SmallVector<Value> results;
  SmallVector<DictionaryAttr> resultAttributes;

  func::FuncOp function;
  Value tokens, lengths, past, pages, positions, layer;
  SmallVector<Cache> caches;
};

template <typename Op> Op findOf(ModelOp model, StackOp stack) {
  for (Op op : model.getBody().getOps<Op>())
    if (op.getStack() == stack.getSymName())
      return op;
  return Op();
}

struct LowerModelToTensor : tenon::impl::LowerModelToTensorBase<LowerModelToTensor> {
  void runOnOperation() override {
    for (ModelOp model : llvm::make_early_inc_range(getOperation().getOps<ModelOp>())) {
      OpBuilder builder(model);
      auto stacks = llvm::to_vector(model.getBody().getOps<StackOp>());
      for (StackOp stack : stacks) {
        auto expand = [&](StringRef name, int64_t length) {
          std::string full = stacks.size() == 1 ? name.str() : (name + "_" + stack.getSymName()).str();
          StackExpander(stack, findOf<PoolingOp>(model, stack), findOf<HeadOp>(model, stack), builder)
              .expand(full, length);
        };
        if (!stack.getCached()) {
          expand("encode", ShapedType::kDynamic);
          continue;
        }
        expand("prefill", ShapedType::kDynamic);
        expand("decode", 1);
      }
      model.erase();
    }
  }
};

} // namespace
