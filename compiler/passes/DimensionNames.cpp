//===- DimensionNames.cpp - Which sizes of a function's arguments are one -===//

#include "passes/DimensionNames.h"

#include "llvm/ADT/EquivalenceClasses.h"

using namespace mlir;
using namespace tenon;

using Classes = llvm::EquivalenceClasses<const void *>;

static void unite(Classes &classes, ValueRange values) {
  for (Value value : values)
    classes.unionSets(values.front().getAsOpaquePointer(), value.getAsOpaquePointer());
}

/// What an attention has one of for each sequence; its own keys have the query's rows, those of others their own.
static void uniteAttention(AttentionOp attention, SmallVectorImpl<Value> &rows, Classes &classes) {
  SmallVector<Value> ofSequences{attention.getLengths()};
  auto add = [&](Value value) {
    if (value)
      ofSequences.push_back(value);
  };
  add(attention.getPast());
  add(attention.getOffset());
  for (const KeySegment &segment : attention.getKeySegments()) {
    add(segment.pages);
    add(segment.lengths);
    add(segment.offset);
    if (segment.isInPages())
      continue;
    if (segment.isOwn())
      rows.append({segment.key, segment.value});
    else
      unite(classes, {segment.key, segment.value});
  }
  unite(classes, ofSequences);
}

/// Puts tensors together that must have equally many rows (dimension 0), since an operation reads them side by side.
static void uniteRows(Operation *op, Classes &classes) {
  SmallVector<Value> rows;
  if (auto attention = dyn_cast<AttentionOp>(op)) {
    rows = {attention.getQuery(), attention.getResult()};
    uniteAttention(attention, rows, classes);
  } else if (auto append = dyn_cast<CacheAppendOp>(op)) {
    rows = {append.getKey(), append.getValue()};
    unite(classes, {append.getLengths(), append.getPast(), append.getPages()});
  } else if (auto appended = dyn_cast<AppendRowsOp>(op)) {
    rows = {appended.getRows()};
    unite(classes, {appended.getLengths(), appended.getPast(), appended.getPages()});
  } else if (auto scan = dyn_cast<ScanOp>(op)) {
    rows = {scan.getForget(), scan.getInput(), scan.getResult()};
    if (scan.getCache())
      unite(classes, {scan.getLengths(), scan.getPast(), scan.getPages()});
  } else if (auto depthwise = dyn_cast<DepthwiseOp>(op)) {
    rows = {depthwise.getInput(), depthwise.getResult()};
    if (depthwise.getCache())
      unite(classes, {depthwise.getLengths(), depthwise.getPast(), depthwise.getPages()});
  } else if (auto unfold = dyn_cast<UnfoldOp>(op)) {
    if (unfold.getStride() == 1)
      rows = {unfold.getInput(), unfold.getResult()};
  } else if (auto sum = dyn_cast<AddLengthsOp>(op)) {
    rows = {sum.getLhs(), sum.getRhs(), sum.getResult()};
  } else if (auto pool = dyn_cast<PoolOp>(op)) {
    rows = {pool.getLengths(), pool.getResult()};
    if (pool.getSkips())
      rows.push_back(pool.getSkips());
  } else if (isa<ComputeOpInterface>(op)) {
    for (Value value : llvm::concat<Value>(SmallVector<Value>(op->getOperands()), SmallVector<Value>(op->getResults())))
      if (cast<RankedTensorType>(value.getType()).isDynamicDim(0))
        rows.push_back(value);
  } else if (auto kernel = dyn_cast<KernelOp>(op)) {
    for (auto [input, argument] : llvm::zip(kernel.getInputs(), kernel.getBody().front().getArguments()))
      unite(classes, {input, argument});
    for (auto [yielded, result] : llvm::zip(kernel.getYield().getOperands(), kernel.getResults()))
      unite(classes, {yielded, result});
  } else if (auto repeat = dyn_cast<RepeatOp>(op)) {
    for (auto [index, init] : llvm::enumerate(repeat.getInits()))
      unite(classes, {init, repeat.getBody().front().getArgument(index + 1), repeat.getYield().getOperand(index),
                      repeat.getResult(index)});
  }
  if (!rows.empty())
    unite(classes, rows);
}

static ArrayAttr ownDimensions(BlockArgument argument, BlockArgument firstWithItsRows) {
  Builder builder(argument.getContext());
  SmallVector<Attribute> names;
  auto type = cast<RankedTensorType>(argument.getType());
  for (unsigned i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      names.push_back(
          builder.getStringAttr("d" + Twine((i == 0 ? firstWithItsRows : argument).getArgNumber()) + "_" + Twine(i)));
  return builder.getArrayAttr(names);
}

void tenon::nameDimensions(func::FuncOp function) {
  Classes classes;
  function.walk([&](Operation *op) { uniteRows(op, classes); });
  for (BlockArgument argument : function.getArguments()) {
    classes.insert(argument.getAsOpaquePointer());
    if (function.getArgAttr(argument.getArgNumber(), "tenon.dims"))
      continue;
    auto first = llvm::find_if(function.getArguments(), [&](BlockArgument other) {
      return classes.isEquivalent(argument.getAsOpaquePointer(), other.getAsOpaquePointer());
    });
    function.setArgAttr(argument.getArgNumber(), "tenon.dims", ownDimensions(argument, *first));
  }
}

Attribute tenon::dimensionName(func::FuncOp function, DimensionSource source) {
  int64_t stride = 1;
  while (Operation *op = source.value.getDefiningOp()) {
    unsigned result = cast<OpResult>(source.value).getResultNumber();
    if (auto kernel = dyn_cast<KernelOp>(op))
      source = kernel.getDimensionSource(result, source.dimension);
    else if (auto unpack = dyn_cast<UnpackRowsOp>(op)) {
      source.value = unpack.getLike();
      stride *= source.dimension == 1 ? static_cast<int64_t>(unpack.getStride()) : 1;
    } else if (auto positions = dyn_cast<PositionIdsOp>(op))
      source.value = positions.getLike();
    else if (auto repeat = dyn_cast<RepeatOp>(op))
      source.value = repeat.getInits()[result];
    else if (isa<StridedLengthsOp, ZeroLengthsOp, AddLengthsOp>(op))
      source.value = op->getOperand(0);
    else
      return {};
    if (!source.value)
      return {};
  }
  auto argument = cast<BlockArgument>(source.value);
  if (argument.getOwner() != &function.getBody().front())
    return {};
  auto names = function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), "tenon.dims");
  Attribute name = names[cast<RankedTensorType>(argument.getType()).getDynamicDimIndex(source.dimension)];
  if (stride == 1)
    return name;
  return StringAttr::get(function.getContext(),
                         "ceil(" + cast<StringAttr>(name).getValue() + "/" + Twine(stride) + ")");
}
