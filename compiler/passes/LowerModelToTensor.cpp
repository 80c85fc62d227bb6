//===- LowerModelToTensor.cpp - Model IR to tensor IR ---------------------===//

#include "passes/Passes.h"
#include "tenon/Dialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace tenon {
#define GEN_PASS_DEF_LOWERMODELTOTENSOR
#include "passes/Passes.h.inc"
} // namespace tenon

using namespace tenon;

namespace {

/// Builds the function of one stack.
class StackExpander {
public:
  StackExpander(ModelOp model, StackOp stack, PoolingOp pooling, OpBuilder &builder)
      : model(model), stack(stack), pooling(pooling), builder(builder), location(stack.getLoc()),
        width(model.getWidth()), input(cast<TokenInputOp>(stack.getBody().front().front())) {}

  func::FuncOp expand(StringRef name) {
    Type ids = rowsType({}, builder.getI32Type());
    Type lengthsType = RankedTensorType::get({ShapedType::kDynamic}, builder.getI32Type());
    SmallVector<Type> inputs{ids, lengthsType};
    SmallVector<StringRef> inputNames{"tokens", "lengths"};
    if (input.getTypes() > 0) {
      inputs.push_back(ids);
      inputNames.push_back("types");
    }
    SmallVector<Type> results{hiddenType()};
    SmallVector<StringRef> resultNames{"hidden"};
    if (pooling) {
      results.push_back(RankedTensorType::get({ShapedType::kDynamic, width}, builder.getF32Type()));
      resultNames.push_back("embedding");
    }
    auto function = func::FuncOp::create(builder, location, name, builder.getFunctionType(inputs, results));
    for (auto [index, inputName] : llvm::enumerate(inputNames))
      function.setArgAttr(index, "tenon.name", builder.getStringAttr(inputName));
    for (auto [index, resultName] : llvm::enumerate(resultNames))
      function.setResultAttr(index, "tenon.name", builder.getStringAttr(resultName));
    function->setAttr("tenon.limits", limits());
    function->setAttr("tenon.width", builder.getI64IntegerAttr(width));

    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(function.addEntryBlock());
    tokens = function.getArgument(0);
    lengths = function.getArgument(1);
    Value hidden = embed(input.getTypes() > 0 ? Value(function.getArgument(2)) : Value());
    hidden = repeatLayers(hidden);
    if (stack.getNorm().getFinal())
      hidden = norm(hidden, stack.getSymName().str() + ".norm");
    SmallVector<Value> returned{hidden};
    if (pooling)
      returned.push_back(pool(hidden));
    func::ReturnOp::create(builder, location, returned);
    return function;
  }

private:
  RankedTensorType rowsType(ArrayRef<int64_t> columns, Type element) {
    SmallVector<int64_t> shape{ShapedType::kDynamic, ShapedType::kDynamic};
    llvm::append_range(shape, columns);
    return RankedTensorType::get(shape, element);
  }
  RankedTensorType rowsType(int64_t columns) { return rowsType(ArrayRef(columns), builder.getF32Type()); }
  RankedTensorType hiddenType() { return rowsType(width); }
  RankedTensorType parameterType(ArrayRef<int64_t> shape) { return RankedTensorType::get(shape, builder.getF32Type()); }

  DictionaryAttr limits() {
    return builder.getDictionaryAttr(
        {builder.getNamedAttr("vocab", builder.getI64IntegerAttr(input.getVocab())),
         builder.getNamedAttr("positions", builder.getI64IntegerAttr(input.getPositions().getLength())),
         builder.getNamedAttr("types", builder.getI64IntegerAttr(input.getTypes()))});
  }

  Value weight(const Twine &name, ArrayRef<int64_t> shape) {
    return WeightOp::create(builder, location, parameterType(shape), builder.getStrArrayAttr({name.str()}), layer,
                            layer ? stack.getLayers() : 0, DenseI64ArrayAttr(), 0);
  }

  Value norm(Value rows, const Twine &name) {
    NormAttr kind = stack.getNorm();
    Value scale = weight(name + ".weight", {width});
    Value bias = kind.getBias() ? weight(name + ".bias", {width}) : Value();
    return NormOp::create(builder, location, rows.getType(), kind.getFunction(), rows, scale, bias,
                          kind.getEpsilon().getValue());
  }

  Value linear(Value rows, const Twine &name, int64_t outputs, bool hasBias) {
    int64_t inputs = cast<RankedTensorType>(rows.getType()).getShape().back();
    Value matrix = weight(name + ".weight", {outputs, inputs});
    Value bias = hasBias ? weight(name + ".bias", {outputs}) : Value();
    return LinearOp::create(builder, location, rowsType(outputs), rows, matrix, bias);
  }

  Value add(Value lhs, Value rhs) { return AddOp::create(builder, location, lhs.getType(), lhs, rhs); }

  Value positionIds() {
    if (!positions)
      positions = PositionIdsOp::create(builder, location, tokens.getType(), tokens);
    return positions;
  }

  Value positionTable(TableFunction function, int64_t columns) {
    PositionsAttr attribute = input.getPositions();
    return PositionTableOp::create(builder, location, parameterType({attribute.getLength(), columns}), function,
                                   attribute.getBase().getValue());
  }

  Value embed(Value types) {
    std::string name = stack.getSymName().str() + ".input";
    Value sum = EmbedOp::create(builder, location, hiddenType(), tokens,
                                weight(name + ".tokens.weight", {static_cast<int64_t>(input.getVocab()), width}), 0);
    sum = builder.createOrFold<ScaleOp>(location, sum.getType(), sum, input.getScaleAttr());
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

  Value repeatLayers(Value hidden) {
    if (input.getPositions().getKind() == PositionKind::Rotary)
      positionIds();
    auto repeat = RepeatOp::create(builder, location, hidden.getType(), stack.getLayers(), hidden);
    Block &block = repeat.getBody().emplaceBlock();
    layer = block.addArgument(builder.getIndexType(), location);
    Value state = block.addArgument(hidden.getType(), location);
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(&block);
      for (Operation &op : llvm::drop_begin(stack.getBody().front()))
        state = sublayer(op, state);
      YieldOp::create(builder, location, state);
    }
    layer = Value();
    return repeat.getResult(0);
  }

  /// One sublayer with its residual sum and norm.
  Value sublayer(Operation &op, Value state) {
    std::string name =
        (stack.getSymName() + ".layers.*." + op.getAttrOfType<StringAttr>("name").getValue()).str();
    bool before = stack.getNorm().getPlace() == NormPlace::Before;
    Value rows = before ? norm(state, name + ".norm") : state;
    Value result = isa<AttentionLayerOp>(op) ? attention(cast<AttentionLayerOp>(op), rows, name)
                                             : mlp(cast<MlpLayerOp>(op), rows, name);
    Value sum = add(state, result);
    return before ? sum : norm(sum, name + ".norm");
  }

  Value rotary(Value rows, int64_t headSize) {
    PositionsAttr attribute = input.getPositions();
    if (attribute.getKind() != PositionKind::Rotary)
      return rows;
    int64_t dims = attribute.getDims() > 0 ? attribute.getDims() : headSize;
    Value cosine = positionTable(TableFunction::RotaryCosine, dims / 2);
    Value sine = positionTable(TableFunction::RotarySine, dims / 2);
    return RotaryOp::create(builder, location, rows.getType(), rows, positionIds(), cosine, sine, headSize, dims,
                            attribute.getInterleaved());
  }

  Value attention(AttentionLayerOp op, Value rows, const std::string &name) {
    int64_t headSize = op.getHeadSize();
    int64_t queries = op.getHeads() * headSize, keys = op.getKeyValueHeads() * headSize;
    Value query = rotary(linear(rows, name + ".query", queries, op.getBias()), headSize);
    Value key = rotary(linear(rows, name + ".key", keys, op.getBias()), headSize);
    Value value = linear(rows, name + ".value", keys, op.getBias());
    Value context = AttentionOp::create(builder, location, query.getType(), query, key, value, Value(), lengths,
                                        op.getHeads(), op.getKeyValueHeads(), op.getHeadSize(), op.getScale());
    return linear(context, name + ".output", width, op.getOutputBias());
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

  Value pool(Value hidden) {
    auto type = RankedTensorType::get({ShapedType::kDynamic, width}, builder.getF32Type());
    Value pooled = PoolOp::create(builder, location, type, pooling.getFunction(), hidden, Value(), lengths);
    if (!pooling.getNormalize())
      return pooled;
    // The epsilon of torch.nn.functional.normalize, which sentence-transformers calls.
    return NormOp::create(builder, location, type, NormFunction::L2, pooled, Value(), Value(),
                          llvm::APFloat(1e-12));
  }

  ModelOp model;
  StackOp stack;
  PoolingOp pooling;
  OpBuilder &builder;
  Location location;
  int64_t width;
  TokenInputOp input;
  Value tokens, lengths, positions, layer;
};

struct LowerModelToTensor : tenon::impl::LowerModelToTensorBase<LowerModelToTensor> {
  void runOnOperation() override {
    for (ModelOp model : llvm::make_early_inc_range(getOperation().getOps<ModelOp>())) {
      OpBuilder builder(model);
      auto stacks = llvm::to_vector(model.getBody().getOps<StackOp>());
      auto poolings = llvm::to_vector(model.getBody().getOps<PoolingOp>());
      for (StackOp stack : stacks) {
        PoolingOp pooling;
        if (!poolings.empty() && poolings[0].getStack() == stack.getSymName())
          pooling = poolings[0];
        std::string name = stacks.size() == 1 ? "encode" : ("encode_" + stack.getSymName()).str();
        StackExpander(model, stack, pooling, builder).expand(name);
      }
      model.erase();
    }
  }
};

} // namespace
