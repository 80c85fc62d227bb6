//===- Parameters.cpp -----------------------------------------------------===//

#include "spec/Parameters.h"
#include "spec/ModelBuilder.h"
#include "tenon/Dialect.h"
#include "llvm/ADT/StringSet.h"

namespace tenon::spec {

namespace {

/// Asks the operations of model IR, in the order of the computation, what they need.
class ParameterLister {
public:
  void add(ModelOp model) {
    for (mlir::Operation &op : model.getBody().front()) {
      if (auto stack = llvm::dyn_cast<StackOp>(op))
        for (mlir::Operation &inner : stack.getBody().front())
          inner.walk<mlir::WalkOrder::PreOrder>([&](ParameterizedOpInterface each) { add(each); });
      if (auto each = llvm::dyn_cast<ParameterizedOpInterface>(op))
        add(each);
    }
  }

  std::vector<Parameter> list;

private:
  void add(ParameterizedOpInterface op) {
    for (const tenon::Parameter &parameter : parametersOf(op)) {
      std::string name = op.getParameterName(parameter.role);
      bool layered = llvm::StringRef(name).contains('*');
      if (known.insert(name).second)
        list.push_back({name, parameter.shape, layered ? int64_t(op->getParentOfType<StackOp>().getLayers()) : 0});
    }
  }

  llvm::StringSet<> known; ///< Blocks that layers take in turn name the same ones, a tied head its embedding.
};

} // namespace

std::vector<Parameter> placesOfParameters(const Model &model) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<TenonDialect>();
  mlir::OwningOpRef<mlir::ModuleOp> module = buildModel(model, &context);
  ParameterLister lister;
  for (ModelOp op : module->getOps<ModelOp>())
    lister.add(op);
  return std::move(lister.list);
}

std::vector<Parameter> placesOfBlock(const Model &model, const Stack &stack, const Block &block) {
  Model changed = model;
  Stack &own = changed.stacks[&stack - model.stacks.data()];
  own.block = block;
  own.cycle.clear();
  std::vector<Parameter> list = placesOfParameters(changed);
  llvm::erase_if(list, [&](const Parameter &parameter) {
    return !llvm::StringRef(parameter.name).starts_with(stack.name + ".layers.");
  });
  return list;
}

Sharing sharingOf(const Model &model) {
  Sharing sharing;
  for (const Share &share : model.shares)
    sharing.add(share.parameters, share.source);
  return sharing;
}

std::vector<Parameter> parameters(const Model &model) {
  std::vector<Parameter> list;
  Sharing sharing = sharingOf(model);
  for (Parameter &place : placesOfParameters(model)) {
    std::string name = sharing.resolve(place.name).value_or(place.name);
    if (name == place.name)
      list.push_back(std::move(place));
    else if (Sharing::withoutLayer(name) == place.name)
      list.push_back({std::move(name), std::move(place.shape), 0});
  }
  return list;
}

} // namespace tenon::spec
