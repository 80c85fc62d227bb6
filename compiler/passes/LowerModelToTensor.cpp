//===- LowerModelToTensor.cpp - Model IR to tensor IR ---------------------===//

#include "expressions/Expression.h"
#include "passes/EntryBuilder.h"
#include "passes/Passes.h"
#include "tenon/Dialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tenon {
#define GEN_PASS_DEF_LOWERMODELTOTENSOR
#include "passes/Passes.h.inc"
} // namespace tenon

using namespace tenon;

namespace {

bool isCross(Operation &op) {
  auto attention = dyn_cast<AttentionLayerOp>(op);
  return attention && !attention.hasOwnKeys();
}

/// Builds the entry points of one stack.
class StackExpander : EntryBuilder {
public:
  StackExpander(StackOp stack, PoolingOp pooling, HeadOp head, OpBuilder &builder, int64_t length)
      : EntryBuilder(stack, builder, length), pooling(pooling), head(head), input(stack.getInput()) {}

  /// From tokens or features to the last hidden state and what becomes of it.
  void expand(StringRef name) {
    auto features = dyn_cast<FeatureInputOp>(*input);
    auto tokenInput = dyn_cast<TokenInputOp>(*input);
    if (features)
      addArgument("features", {ShapedType::kDynamic, columns, static_cast<int64_t>(features.getFeatures())},
                  builder.getF32Type(), {"batch", "length", "features"}, {EntryRole::Features});
    else
      addTokens("tokens", EntryRole::Tokens);
    addCounts("lengths", {EntryRole::Lengths});
    if (tokenInput && tokenInput.getTypes() > 0)
      addTokens("types", EntryRole::Types);
    if (pooling && pooling.getSkipsPrompt())
      addCounts("prompt_lengths", {EntryRole::PromptLengths});
    if (stack.getCached()) {
      addCounts("past", {EntryRole::Past});
      addPageTable("pages", "slots", "pages", stack);
      if (StackOp source = sourceStack()) {
        addCounts("source_lengths", {EntryRole::SourceLengths, source});
        addPageTable("source_pages", "source_slots", "source_pool", source);
      }
      addCaches(caches, "cache.", "pages");
      addCaches(sources, "source.", "source_pool");
    }
    begin(name, limits());
    lengths = argument("lengths");
    past = argument("past");
    pages = argument("pages");
    sourceLengths = argument("source_lengths");
    sourcePages = argument("source_pages");
    Value hidden = repeatLayers(features ? convolve(features) : embed(tokenInput));
    returnResults(hidden);
  }

  /// From another stack's last hidden state to the keys and values that this one attends to.
  void expandStart(StringRef name, StackOp source) {
    addArgument("source", {ShapedType::kDynamic, columns, source.getHiddenWidth()}, builder.getF32Type(),
                {"batch", "source_length", "width"}, {EntryRole::Rows, source});
    addCounts("source_lengths", {EntryRole::SourceLengths, source});
    addPageTable("source_pages", "source_slots", "source_pool", source);
    addCaches(sources, "source.", "source_pool");
    begin(name, builder.getDictionaryAttr({}));
    Value rows = argument("source");
    lengths = argument("source_lengths");
    sourcePages = argument("source_pages");
    past = ZeroLengthsOp::create(builder, location, lengths.getType(), lengths);
    repeatBlocks({}, sources, [&](Operation &op, SmallVectorImpl<Value> &) {
      op.walk([&](AttentionLayerOp attention) {
        if (attention.hasOwnKeys())
          return;
        auto [key, value] = keysAndValues(attention, rows);
        appendKeys(attention, turned(attention, key, "key"), value, sourcePages);
      });
    });
    finish();
  }

private:
  /// The stack that this one attends to; null for none.
  StackOp sourceStack() {
    SmallVector<StringRef> names = stack.getSources();
    return names.empty() ? StackOp() : model.lookupSymbol<StackOp>(names.front());
  }

  /// An id for each token.
  void addTokens(StringRef name, EntryRole role) {
    addArgument(name, {ShapedType::kDynamic, columns}, builder.getI32Type(), {"batch", "length"}, {role});
  }

  /// A number for each sequence.
  void addCounts(StringRef name, Role role) {
    addArgument(name, {ShapedType::kDynamic}, builder.getI32Type(), {"batch"}, role);
  }

  void addPageTable(StringRef name, StringRef slots, StringRef pool, StackOp rows) {
    addArgument(name, {ShapedType::kDynamic, ShapedType::kDynamic}, builder.getI32Type(), {"batch", slots},
                {EntryRole::Pages, rows, pool});
  }

  void returnResults(Value hidden) {
    std::string finalNorm = stack.getSymName().str() + ".norm";
    auto normalised = [&](Value rows) { return stack.getNorm().getFinal() ? norm(rows, finalNorm) : rows; };
    if (head)
      addResult(EntryRole::Logits, score(normalised(pool(PoolFunction::Last, hidden, lengths))));
    hidden = normalised(hidden);
    if (head)
      addResult(EntryRole::AllLogits, score(hidden));
    addResult(EntryRole::Hidden, hidden);
    if (pooling)
      addResult(EntryRole::Embedding, pooledVector(pooling, hidden, lengths, argument("prompt_lengths")));
    finish();
  }

  DictionaryAttr limits() {
    auto tokenInput = dyn_cast<TokenInputOp>(*input);
    auto count = [&](StringRef name, int64_t value) {
      return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
    };
    return builder.getDictionaryAttr({count("vocab", tokenInput ? tokenInput.getVocab() : 0),
                                      count("positions", longestInput()),
                                      count("types", tokenInput ? tokenInput.getTypes() : 0)});
  }

  /// Rows of the longest input, those that convolutions leave out among them.
  int64_t longestInput() {
    int64_t rows = input.getPositions().getLength();
    if (auto features = dyn_cast<FeatureInputOp>(*input))
      for (auto convolution : features.getConvolutions().getAsRange<ConvolutionAttr>())
        rows *= convolution.getStride();
    return rows;
  }

  //===--------------------------------------------------------------------===//
  // What the first layer reads
  //===--------------------------------------------------------------------===//

  Value createPositionIds(IntegerAttr pad) {
    auto type = RankedTensorType::get({ShapedType::kDynamic, columns}, builder.getI32Type());
    return PositionIdsOp::create(builder, location, type, positioned, past, pad);
  }

  Value positionIds() {
    if (!positions)
      positions = createPositionIds({});
    return positions;
  }

  std::string tokenTable() { return stack.getSymName().str() + ".input.tokens.weight"; }

  Value embedRows(Value ids, Value table, int64_t offset = 0, Value idsOfFirst = {}) {
    return EmbedOp::create(builder, location, rowsType(width), ids, table, idsOfFirst, offset);
  }

  Value embed(TokenInputOp op) {
    Value tokens = positioned = argument("tokens"), types = argument("types");
    Value table = weight(tokenTable(), {static_cast<int64_t>(op.getVocab()), width});
    Value sum = embedRows(tokens, table, 0, op.getZeroFirst() ? positionIds() : Value());
    sum = addPositions(scale(sum, op.getScaleAttr()));
    if (types)
      sum = add(sum, embedRows(types, weight(stack.getSymName() + ".input.types.weight",
                                             {static_cast<int64_t>(op.getTypes()), width})));
    return normalisedInput(sum);
  }

  /// Convolutions are products of rows that have their neighbours' components too.
  Value convolve(FeatureInputOp op) {
    Value rows = argument("features");
    for (auto [index, convolution] : llvm::enumerate(op.getConvolutions().getAsRange<ConvolutionAttr>())) {
      int64_t channels = cast<RankedTensorType>(rows.getType()).getShape().back(), stride = convolution.getStride();
      Value before = lengths;
      if (stride > 1)
        lengths = StridedLengthsOp::create(builder, location, lengths.getType(), lengths, stride);
      rows = UnfoldOp::create(builder, location, rowsType(channels * convolution.getKernel()), rows, Value(), before,
                              Value(), Value(), convolution.getKernel(), stride);
      rows = linear(rows, stack.getSymName() + ".input.convolutions." + Twine(index), convolution.getChannels(),
                    convolution.getBias());
      if (ActivationFunctionAttr nonlinearity = convolution.getFunction())
        rows = activation(rows, nonlinearity.getValue());
    }
    positioned = rows;
    return normalisedInput(addPositions(scale(rows, op.getScaleAttr())));
  }

  Value addPositions(Value sum) {
    PositionsAttr attribute = input.getPositions();
    int64_t length = attribute.getLength(), offset = attribute.getOffset();
    if (attribute.getKind() == PositionKind::Learned) {
      Value table = weight(stack.getSymName() + ".input.positions.weight", {offset + length, width});
      Value ids = attribute.getPad() ? createPositionIds(attribute.getPad()) : positionIds();
      return add(sum, embedRows(ids, table, offset));
    }
    if (attribute.getKind() == PositionKind::Sinusoidal)
      return add(sum, embedRows(positionIds(), positionTable(sinusoids(attribute), width)));
    return sum;
  }

  static TableFunction sinusoids(PositionsAttr attribute) {
    if (attribute.getInterleaved())
      return TableFunction::SinusoidalInterleaved;
    return attribute.getEvenSpacing() ? TableFunction::SinusoidalEven : TableFunction::Sinusoidal;
  }

  Value normalisedInput(Value rows) { return input.getNorm() ? norm(rows, stack.getSymName() + ".input.norm") : rows; }

  //===--------------------------------------------------------------------===//
  // Layers
  //===--------------------------------------------------------------------===//

  Value repeatLayers(Value hidden) {
    bool turns =
        stack.walk([&](AttentionLayerOp op) { return rotaryOf(op) ? WalkResult::interrupt() : WalkResult::advance(); })
            .wasInterrupted();
    if (turns)
      positionIds();
    SmallVector<Value> carried = repeatBlocks(
        {hidden}, caches, [&](Operation &op, SmallVectorImpl<Value> &state) { state[0] = sublayer(op, state[0]); });
    return carried[0];
  }

  using SublayerBuilder = llvm::function_ref<void(Operation &sublayer, SmallVectorImpl<Value> &state)>;

  /// Whole turns of the blocks are one loop, the layers that are left over another of a single turn. Layers carry
  /// `state` and the caches of `list`.
  SmallVector<Value> repeatBlocks(SmallVector<Value> state, SmallVectorImpl<Cache> &list, SublayerBuilder build) {
    SmallVector<Block *> blocks = blocksOf(stack);
    int64_t turns = stack.getLayers() / blocks.size(), rest = stack.getLayers() % blocks.size();
    state = repeat(state, list, turns, blocks, 0, build);
    if (rest > 0)
      state =
          repeat(state, list, 1, ArrayRef(blocks).take_front(rest), turns * static_cast<int64_t>(blocks.size()), build);
    return state;
  }

  SmallVector<Value> repeat(ArrayRef<Value> state, SmallVectorImpl<Cache> &list, int64_t turns,
                            ArrayRef<Block *> blocks, int64_t firstLayer, SublayerBuilder build) {
    SmallVector<Value> inits(state);
    for (const Cache &cache : list)
      inits.push_back(cache.value);
    auto repeat = RepeatOp::create(builder, location, TypeRange(ValueRange(inits)), turns, inits);
    Block &body = repeat.getBody().emplaceBlock();
    Value turn = body.addArgument(builder.getIndexType(), location);
    SmallVector<Value> carried;
    for (Value value : state)
      carried.push_back(body.addArgument(value.getType(), location));
    for (Cache &cache : list)
      cache.value = body.addArgument(cache.type, location);
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(&body);
      for (auto [index, block] : llvm::enumerate(blocks)) {
        layer = layerOf(turn, blocks.size(), firstLayer + static_cast<int64_t>(index));
        for (Operation &op : *block)
          if (!isa<InputOpInterface>(op))
            build(op, carried);
      }
      for (const Cache &cache : list)
        carried.push_back(cache.value);
      YieldOp::create(builder, location, carried);
    }
    layer = Value();
    for (auto [index, cache] : llvm::enumerate(list))
      cache.value = repeat.getResult(state.size() + index);
    return SmallVector<Value>(repeat.getResults().take_front(state.size()));
  }

  Value layerOf(Value turn, int64_t blocks, int64_t first) {
    if (blocks == 1 && first == 0)
      return turn;
    AffineExpr expression = builder.getAffineDimExpr(0) * blocks + first;
    return affine::AffineApplyOp::create(builder, location, AffineMap::get(1, 0, expression), turn);
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
    Value result = llvm::TypeSwitch<Operation *, Value>(&op)
                       .Case([&](AttentionLayerOp layerOp) { return attention(layerOp, rows); })
                       .Case([&](SsruLayerOp layerOp) { return ssru(layerOp, rows); })
                       .Case([&](MlpLayerOp layerOp) { return mlp(layerOp, rows); });
    return stack.getNorm().getPlace() == NormPlace::Both ? norm(result, nameOf(op) + ".norm_after") : result;
  }

  Cache &cacheOf(Operation *sublayer) {
    std::string name = cacheName(sublayer);
    auto &list = isCross(*sublayer) ? sources : caches;
    return *llvm::find_if(list, [&](const Cache &each) { return each.name == name; });
  }

  /// The layer's part of a cache.
  Value sliceOf(const Cache &cache) {
    auto type = RankedTensorType::get(cache.type.getShape().drop_front(), cache.type.getElementType());
    return CacheLayerOp::create(builder, location, type, cache.value, layer);
  }

  /// Appends keys and values to the sublayer's cache and gives the layer's part of it.
  Value appendKeys(AttentionLayerOp op, Value key, Value value, Value table) {
    Cache &cache = cacheOf(op);
    Value slice = sliceOf(cache);
    slice = CacheAppendOp::create(builder, location, slice.getType(), slice, key, value, Value(), lengths, past, table,
                                  op.getKeyValueHeads(), op.getHeadSize());
    cache.value = CacheUpdateOp::create(builder, location, cache.type, cache.value, layer, slice);
    return slice;
  }

  std::pair<Value, Value> keysAndValues(AttentionLayerOp op, Value rows) {
    std::string name = nameOf(*op);
    int64_t headSize = op.getHeadSize(), heads = op.getKeyValueHeads();
    Value key = linear(rows, name + ".key", heads * headSize, op.getBias() && !op.getNoKeyBias());
    return {key, linear(rows, name + ".value", heads * headSize, op.getBias())};
  }

  /// Queries or keys, as `role` says, normalised and turned.
  Value turned(AttentionLayerOp op, Value rows, StringRef role) {
    int64_t headSize = op.getHeadSize(), heads = cast<RankedTensorType>(rows.getType()).getShape().back() / headSize;
    rows = headNorm(rows, op.getHeadNorm(), heads, nameOf(*op) + "." + role + "_norm");
    RotaryAttr rotary = rotaryOf(op);
    return rotary ? rotate(rows, rotary, headSize, positionIds()) : rows;
  }

  Value attention(AttentionLayerOp op, Value rows) {
    std::string name = nameOf(*op);
    int64_t headSize = op.getHeadSize(), heads = op.getHeads();
    Value query = linear(rows, name + ".query", heads * headSize, op.getBias());
    bool cross = !op.hasOwnKeys();
    auto [key, value] = cross ? std::pair<Value, Value>() : keysAndValues(op, rows);
    query = turned(op, query, "query");
    if (!cross)
      key = turned(op, key, "key");
    return linear(attend(op, query, key, value), name + ".output", width, op.getOutputBias());
  }

  /// Keys and values are null where they are another stack's, which are cached.
  Value attend(AttentionLayerOp op, Value query, Value key, Value value) {
    SmallVector<Value> tables;
    StringAttr score = readTables(op, tables);
    Value slice;
    KeySegment keys = KeySegment::inRows(key, value);
    if (!op.hasOwnKeys()) {
      slice = sliceOf(cacheOf(op));
      keys = KeySegment::inPages(sourcePages, sourceLengths);
    } else if (stack.getCached()) {
      slice = appendKeys(op, key, value, pages);
      keys = KeySegment::inPages(pages);
    }
    return AttentionOp::create(builder, location, query, slice, Value(), lengths, past, Value(), keys, tables,
                               op.getHeads(), op.getKeyValueHeads(), op.getHeadSize(), op.getScale(), op.getMaskAttr(),
                               score);
  }

  /// The tables of an attention's expressions, and its score.
  StringAttr readTables(AttentionLayerOp op, SmallVectorImpl<Value> &tables) {
    std::string name = nameOf(*op);
    ArrayRef<int64_t> sizes = op.getTableSizes().value_or(ArrayRef<int64_t>());
    for (size_t i = 0; i + 1 < sizes.size(); i += 2)
      tables.push_back(weight(name + ".table" + Twine(i / 2) + ".weight", sizes.slice(i, 2)));
    std::optional<RelativeBiasAttr> relative = op.getRelative();
    if (!relative)
      return op.getScoreAttr();
    std::string reach = std::to_string(relative->getDistance());
    std::string score = "s + table" + std::to_string(tables.size()) + "(min(max(k - q, -" + reach + "), " + reach +
                        ") + " + reach + ", h)";
    tables.push_back(weight(name + ".relative.weight", {relative->getBuckets(), static_cast<int64_t>(op.getHeads())},
                            relative->getBucketsByDistance()));
    return builder.getStringAttr(expressions::parse(score, expressions::Kind::Score)->print());
  }

  Value ssru(SsruLayerOp op, Value rows) {
    std::string name = nameOf(*op);
    Value forget = activation(linear(rows, name + ".forget", width, op.getBias()), ActivationFunction::Sigmoid);
    Value own = linear(rows, name + ".input", width, op.getInputBias());
    Value slice = stack.getCached() ? sliceOf(cacheOf(op)) : Value();
    Value state = ScanOp::create(builder, location, own.getType(), forget, own, slice, Value(), lengths, past, pages);
    if (stack.getCached()) {
      Cache &cache = cacheOf(op);
      slice = AppendRowsOp::create(builder, location, slice.getType(), slice, state, Value(), lengths, past, pages);
      cache.value = CacheUpdateOp::create(builder, location, cache.type, cache.value, layer, slice);
    }
    return activation(state, op.getFunction());
  }

  //===--------------------------------------------------------------------===//
  // What becomes of the last hidden state
  //===--------------------------------------------------------------------===//

  Value score(Value rows) {
    int64_t vocab = cast<TokenInputOp>(*input).getVocab();
    Value matrix = weight(head.getTied() ? tokenTable() : "head.weight", {vocab, width});
    Value bias = head.getBias() ? weight("head.bias", {vocab}) : Value();
    Value logits = scale(product(rows, matrix, bias), head.getScaleAttr());
    if (!head.getSoftcap().isZero())
      logits = SoftcapOp::create(builder, location, logits.getType(), logits, head.getSoftcap());
    return logits;
  }

  PoolingOp pooling;
  HeadOp head;
  InputOpInterface input;

  Value lengths, past, pages, sourceLengths, sourcePages;
  Value positioned, positions; ///< What positions are counted of, and they.
};

template <typename Op> Op findOf(ModelOp model, StackOp stack) {
  for (Op op : model.getBody().getOps<Op>())
    if (op.getStack() == stack.getSymName())
      return op;
  return Op();
}

/// Reports what stands in a model that has no lowering.
LogicalResult verifyLowered(ModelOp model) {
  WalkResult walked = model.walk([&](Operation *op) -> WalkResult {
    auto attention = dyn_cast<AttentionLayerOp>(op);
    auto stack = dyn_cast<StackOp>(op);
    auto input = dyn_cast<InputOpInterface>(op);
    if (attention && (attention.getJoint() || attention.getSources().size() > 1 ||
                      llvm::any_of(attention.sourceList(), [](SourceAttr source) { return source.getLayers(); })))
      return op->emitOpError() << "has sources that are not lowered yet, expected one stack's last hidden state";
    if (stack && !stack.getSources().empty() && !stack.getCached())
      return op->emitOpError() << "has sources, which are not lowered yet where a stack is not cached";
    if (stack && stack.getSources().size() > 1)
      return op->emitOpError() << "has " << stack.getSources().size() << " sources, of which one is lowered";
    if (isa<ConcatInputOp>(op) || (input && input.getPositions().getBehind()))
      return op->emitOpError() << "reads positions or rows of other stacks, which are not lowered yet";
    return WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}

struct LowerModelToTensor : tenon::impl::LowerModelToTensorBase<LowerModelToTensor> {
  void runOnOperation() override {
    for (ModelOp model : llvm::make_early_inc_range(getOperation().getOps<ModelOp>())) {
      if (failed(verifyLowered(model)))
        return signalPassFailure();
      OpBuilder builder(model);
      auto stacks = llvm::to_vector(model.getBody().getOps<StackOp>());
      for (StackOp stack : stacks) {
        bool alone = llvm::count_if(stacks, [&](StackOp other) { return other.getCached() == stack.getCached(); }) == 1;
        auto nameOf = [&](StringRef name) { return alone ? name.str() : (name + "_" + stack.getSymName()).str(); };
        auto expander = [&](int64_t length) {
          return StackExpander(stack, findOf<PoolingOp>(model, stack), findOf<HeadOp>(model, stack), builder, length);
        };
        if (!stack.getCached()) {
          expander(ShapedType::kDynamic).expand(nameOf("encode"));
          continue;
        }
        for (StringRef source : stack.getSources())
          expander(ShapedType::kDynamic).expandStart(nameOf("start"), model.lookupSymbol<StackOp>(source));
        expander(ShapedType::kDynamic).expand(nameOf("prefill"));
        expander(1).expand(nameOf("decode"));
      }
      model.erase();
    }
  }
};

} // namespace
