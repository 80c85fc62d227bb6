//===- EntryPoints.cpp - What a library's drivers take and give -----------===//

#include "passes/EntryPoints.h"

using namespace mlir;
using namespace tenon;

static EntryBuffer entryBuffer(DictionaryAttr attribute) {
  EntryBuffer buffer;
  buffer.type = cast<MemRefType>(attribute.getAs<TypeAttr>("type").getValue());
  for (auto [name, text] : {std::pair("of", &buffer.name), {"until", &buffer.until}})
    if (auto given = attribute.getAs<StringAttr>(name))
      *text = given.str();
  if (auto steps = attribute.getAs<DenseI64ArrayAttr>("steps")) {
    buffer.begin = steps[0];
    buffer.end = steps[1];
  }
  if (auto sizes = attribute.getAs<ArrayAttr>("sizes"))
    for (auto size : sizes.getAsRange<StringAttr>())
      buffer.sizes.push_back(size.str());
  return buffer;
}

static DerivedSize derivedSize(NamedAttribute attribute) {
  DerivedSize size;
  size.name = attribute.getName().str();
  auto rule = cast<DictionaryAttr>(attribute.getValue());
  for (auto [name, text] : {std::pair("of", &size.of), {"length", &size.length}})
    if (auto given = rule.getAs<StringAttr>(name))
      *text = given.str();
  for (auto [name, number] : {std::pair("stride", &size.stride), {"tile", &size.tile}, {"plus", &size.plus}})
    if (auto given = rule.getAs<IntegerAttr>(name))
      *number = given.getInt();
  return size;
}

EntryPoint::EntryPoint(func::FuncOp driver) : name(driver.getName().str()) {
  unsigned inputCount = driver->getAttrOfType<IntegerAttr>("tenon.inputs").getInt();
  // The first argument is the weights.
  for (unsigned i = 1; i < driver.getNumArguments(); ++i) {
    bool isInput = i <= inputCount;
    unsigned number = isInput ? i - 1 : i - 1 - inputCount;
    EntryTensor tensor;
    auto given = driver.getArgAttrOfType<StringAttr>(i, "tenon.name");
    tensor.name = given ? given.str() : (isInput ? "arg" : "result") + std::to_string(number);
    tensor.type = cast<MemRefType>(driver.getArgument(i).getType());
    for (auto dim : driver.getArgAttrOfType<ArrayAttr>(i, "tenon.dims").getAsRange<StringAttr>()) {
      auto found = llvm::find(dims, dim.getValue());
      tensor.dims.push_back(found - dims.begin());
      if (found == dims.end())
        dims.push_back(dim.str());
    }
    for (auto [name, text] :
         {std::pair("tenon.role", &tensor.role), {"tenon.stack", &tensor.stack}, {"tenon.pool", &tensor.pool}})
      if (auto given = driver.getArgAttrOfType<StringAttr>(i, name))
        *text = given.str();
    if (auto window = driver.getArgAttrOfType<IntegerAttr>(i, "tenon.window"))
      tensor.window = window.getInt();
    bool isState = static_cast<bool>(driver.getArgAttr(i, "tenon.state"));
    (isState ? states : isInput ? inputs : outputs).push_back(std::move(tensor));
  }
  if (auto given = driver->getAttrOfType<IntegerAttr>("tenon.width"))
    width = given.getInt();
  for (auto [name, text] : {std::pair("tenon.behind", &behind), {"tenon.prefix", &prefix}})
    if (auto given = driver->getAttrOfType<StringAttr>(name))
      *text = given.str();
  if (auto given = driver->getAttrOfType<DictionaryAttr>("tenon.limits"))
    for (NamedAttribute limit : given)
      limits[limit.getName().str()] = cast<IntegerAttr>(limit.getValue()).getInt();
  if (auto slots = driver->getAttrOfType<ArrayAttr>("tenon.memory"))
    for (auto buffers : slots.getAsRange<ArrayAttr>())
      llvm::append_range(memory.emplace_back(), llvm::map_range(buffers.getAsRange<DictionaryAttr>(), entryBuffer));
  if (auto calls = driver->getAttrOfType<ArrayAttr>("tenon.memory_steps"))
    for (auto callee : calls.getAsRange<StringAttr>())
      steps.push_back(callee.str());
  if (auto given = driver->getAttrOfType<DictionaryAttr>("tenon.sizes"))
    for (NamedAttribute size : given)
      sizes.push_back(derivedSize(size));
}

std::vector<EntryPoint> tenon::entryPoints(ModuleOp module) {
  std::vector<EntryPoint> entries;
  for (auto function : module.getOps<func::FuncOp>())
    if (function->hasAttr("tenon.entry"))
      entries.emplace_back(function);
  return entries;
}

std::vector<func::FuncOp> tenon::kernelFunctions(ModuleOp module) {
  std::vector<func::FuncOp> kernels;
  for (auto function : module.getOps<func::FuncOp>())
    if (function->hasAttr("tenon.results"))
      kernels.push_back(function);
  return kernels;
}
