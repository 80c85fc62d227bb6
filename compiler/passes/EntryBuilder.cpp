//===- EntryBuilder.cpp - The function that an entry point becomes --------===//

#include "passes/EntryBuilder.h"

#include "expressions/Analysis.h"
#include "support/CachePage.h"

using namespace mlir;
using namespace tenon;

SmallVector<Block *> tenon::blocksOf(StackOp stack) {
  SmallVector<Block *> blocks;
  for (BlockOp block : stack.getBody().getOps<BlockOp>())
    blocks.push_back(&block.getBody().front());
  if (blocks.empty())
    blocks.push_back(&stack.getBody().front());
  return blocks;
}

std::string EntryBuilder::cacheName(Operation *sublayer) {
  auto attention = dyn_cast<AttentionLayerOp>(sublayer);
  StringRef kind = attention && !attention.hasOwnKeys() ? "source." : "cache.";
  return (kind + sublayer->getAttrOfType<StringAttr>("name").getValue()).str();
}

EntryBuilder::Attributes EntryBuilder::nameAttributes(StringRef name) {
  return {builder.getNamedAttr("tenon.name", builder.getStringAttr(name))};
}

void EntryBuilder::appendRole(Attributes &attributes, Role role) {
  auto append = [&](StringRef name, StringRef text) {
    attributes.push_back(builder.getNamedAttr(name, builder.getStringAttr(text)));
  };
  append("tenon.role", stringifyEntryRole(role.kind));
  if (!role.pool.empty())
    append("tenon.pool", role.pool);
  if (!llvm::hasSingleElement(model.getBody().getOps<StackOp>()))
    append("tenon.stack", (role.stack ? role.stack : stack).getSymName());
}

void EntryBuilder::addArgument(StringRef name, ArrayRef<int64_t> shape, Type element, ArrayRef<StringRef> dims,
                               Role role) {
  addTensor(name, shape, element, dims);
  appendRole(argumentAttributes.back(), role);
}

void EntryBuilder::addTensor(StringRef name, ArrayRef<int64_t> shape, Type element, ArrayRef<StringRef> dims) {
  SmallVector<StringRef> dynamic;
  for (auto [size, dim] : llvm::zip(shape, dims))
    if (ShapedType::isDynamic(size))
      dynamic.push_back(dim);
  argumentNames.push_back(name.str());
  argumentTypes.push_back(RankedTensorType::get(shape, element));
  argumentAttributes.push_back(nameAttributes(name));
  argumentAttributes.back().push_back(builder.getNamedAttr("tenon.dims", builder.getStrArrayAttr(dynamic)));
}

/// How far back sublayers of one name look at the most, if all of them have a limit.
std::optional<int64_t> EntryBuilder::windowOf(Operation *sublayer) {
  if (isa<SsruLayerOp>(sublayer))
    return std::nullopt;
  StringRef name = cast<AttentionLayerOp>(sublayer).getName();
  int64_t longest = 0;
  bool limited = true;
  stack->walk([&](AttentionLayerOp op) {
    if (op.getName() != name)
      return;
    std::optional<int32_t> window = expressions::windowOf(std::string_view(op.getMask().value_or("")));
    limited &= window.has_value() && op.hasOwnKeys();
    longest = std::max<int64_t>(longest, window.value_or(0));
  });
  return limited ? std::optional(longest) : std::nullopt;
}

void EntryBuilder::addCaches(SmallVectorImpl<Cache> &list, StringRef kind, StringRef pool) {
  blocksOf(stack)[0]->walk([&](Operation *op) {
    if (!isa<AttentionLayerOp, SsruLayerOp>(op) || !StringRef(cacheName(op)).starts_with(kind))
      return;
    auto attention = dyn_cast<AttentionLayerOp>(op);
    int64_t floats =
        attention ? keyValuePageFloats(attention.getKeyValueHeads(), attention.getHeadSize()) : rowPageFloats(width);
    addTensor(cacheName(op), {static_cast<int64_t>(stack.getLayers()), ShapedType::kDynamic, floats},
              builder.getF32Type(), {"layers", pool, "floats"});
    argumentAttributes.back().push_back(builder.getNamedAttr("tenon.state", builder.getUnitAttr()));
    if (std::optional<int64_t> window = windowOf(op))
      argumentAttributes.back().push_back(builder.getNamedAttr("tenon.window", builder.getI64IntegerAttr(*window)));
    list.push_back({cacheName(op), cast<RankedTensorType>(argumentTypes.back()), Value()});
  });
}

Value EntryBuilder::argument(StringRef name) {
  auto found = llvm::find(argumentNames, name);
  return found == argumentNames.end() ? Value() : function.getArgument(found - argumentNames.begin());
}

void EntryBuilder::begin(StringRef name, DictionaryAttr functionLimits) {
  function = func::FuncOp::create(builder, location, name, builder.getFunctionType(argumentTypes, {}));
  for (auto [index, attributes] : llvm::enumerate(argumentAttributes))
    function.setArgAttrs(index, attributes);
  if (!functionLimits.empty())
    function->setAttr("tenon.limits", functionLimits);
  function->setAttr("tenon.width", builder.getI64IntegerAttr(width));
  builder.setInsertionPointToStart(function.addEntryBlock());
  for (SmallVector<Cache> *list : {&caches, &sources})
    for (Cache &cache : *list)
      cache.value = argument(cache.name);
}

void EntryBuilder::addResult(EntryRole role, Value value) {
  Attributes attributes = nameAttributes(stringifyEntryRole(role));
  appendRole(attributes, {role});
  results.push_back(value);
  resultAttributes.push_back(builder.getDictionaryAttr(attributes));
}

void EntryBuilder::finish() {
  for (const SmallVector<Cache> *list : {&caches, &sources})
    for (const Cache &cache : *list) {
      Attributes attributes = nameAttributes(cache.name);
      attributes.push_back(builder.getNamedAttr("tenon.state", builder.getUnitAttr()));
      results.push_back(cache.value);
      resultAttributes.push_back(builder.getDictionaryAttr(attributes));
    }
  function.setType(builder.getFunctionType(argumentTypes, TypeRange(ValueRange(results))));
  function.setAllResultAttrs(resultAttributes);
  func::ReturnOp::create(builder, location, results);
  builder.setInsertionPointAfter(function);
}
