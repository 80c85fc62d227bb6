//===- EntryBuilder.cpp - The function that an entry point becomes --------===//

#include "passes/EntryBuilder.h"

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
    append("tenon.stack", role.stack.getSymName());
}

EntryBuilder::Argument &EntryBuilder::addTensor(StringRef name, RankedTensorType type, ArrayRef<StringRef> dims) {
  SmallVector<StringRef> dynamic;
  for (auto [size, dim] : llvm::zip(type.getShape(), dims))
    if (ShapedType::isDynamic(size))
      dynamic.push_back(dim);
  Argument &argument = arguments.emplace_back();
  argument.type = type;
  argument.attributes = nameAttributes(name);
  argument.attributes.push_back(builder.getNamedAttr("tenon.dims", builder.getStrArrayAttr(dynamic)));
  return argument;
}

void EntryBuilder::addArgument(StringRef name, ArrayRef<int64_t> shape, Type element, ArrayRef<StringRef> dims,
                               Role role) {
  Argument &argument = addTensor(name, RankedTensorType::get(shape, element), dims);
  appendRole(argument.attributes, role);
  argument.role = std::move(role);
}

void EntryBuilder::addCounts(StringRef name, Role role) {
  addArgument(name, {ShapedType::kDynamic}, builder.getI32Type(), {"batch"}, std::move(role));
}

void EntryBuilder::addPageTable(StringRef name, StringRef slots, Role role) {
  addArgument(name, {ShapedType::kDynamic, ShapedType::kDynamic}, builder.getI32Type(), {"batch", slots},
              std::move(role));
}

void EntryBuilder::addState(State state, int64_t pageFloats, std::optional<int64_t> window) {
  state.type = RankedTensorType::get({static_cast<int64_t>(state.stack.getLayers()), ShapedType::kDynamic, pageFloats},
                                     builder.getF32Type());
  Argument &argument = addTensor(state.name, state.type, {"layers", state.pool, "floats"});
  argument.attributes.push_back(builder.getNamedAttr("tenon.state", builder.getUnitAttr()));
  if (window)
    argument.attributes.push_back(builder.getNamedAttr("tenon.window", builder.getI64IntegerAttr(*window)));
  states.push_back(std::move(state));
}

void EntryBuilder::begin(StringRef name, ArrayRef<NamedAttribute> attributes) {
  SmallVector<Type> types = llvm::map_to_vector(arguments, [](const Argument &argument) { return argument.type; });
  function = func::FuncOp::create(builder, location, name, builder.getFunctionType(types, {}), attributes);
  for (auto [index, argument] : llvm::enumerate(arguments))
    function.setArgAttrs(index, argument.attributes);
  builder.setInsertionPointToStart(function.addEntryBlock());
  size_t first = arguments.size() - states.size(); // States are the last arguments.
  for (auto [index, state] : llvm::enumerate(states))
    state.value = function.getArgument(first + index);
}

Value EntryBuilder::argument(const Role &role) {
  auto found = llvm::find_if(arguments, [&](const Argument &argument) { return argument.role == role; });
  return found == arguments.end() ? Value() : function.getArgument(found - arguments.begin());
}

EntryBuilder::State &EntryBuilder::stateOf(StackOp stack, StringRef sublayer) {
  return *llvm::find_if(states, [&](const State &state) { return state.stack == stack && state.sublayer == sublayer; });
}

void EntryBuilder::addResult(EntryRole role, StackOp stack, Value value) {
  Attributes attributes = nameAttributes(stringifyEntryRole(role));
  appendRole(attributes, {role, stack});
  results.push_back(value);
  resultAttributes.push_back(builder.getDictionaryAttr(attributes));
}

void EntryBuilder::finish() {
  for (const State &state : states) {
    Attributes attributes = nameAttributes(state.name);
    attributes.push_back(builder.getNamedAttr("tenon.state", builder.getUnitAttr()));
    results.push_back(state.value);
    resultAttributes.push_back(builder.getDictionaryAttr(attributes));
  }
  function.setType(builder.getFunctionType(function.getArgumentTypes(), TypeRange(ValueRange(results))));
  function.setAllResultAttrs(resultAttributes);
  func::ReturnOp::create(builder, location, results);
  builder.setInsertionPointAfter(function);
}
