//===- ParsedModule.h - IR that costs are counted of ------------*- C++ -*-===//

#ifndef TENON_TESTS_COST_PARSEDMODULE_H
#define TENON_TESTS_COST_PARSEDMODULE_H

#include "cost/Cost.h"
#include "driver/Context.h"

namespace tenon::test {

/// A module with its context, or what is wrong with its text.
class ParsedModule {
public:
  explicit ParsedModule(llvm::StringRef text) {
    mlir::DialectRegistry registry;
    cost::registerCostModels(registry);
    context.get()->appendDialectRegistry(registry);
    if (auto parsed = context.parseText(text, "test.mlir"))
      module = std::move(*parsed);
    else
      error = llvm::toString(parsed.takeError());
  }

  std::string error;

protected:
  /// What is kept of a count, or why it is refused.
  template <typename Count> void keep(const llvm::FailureOr<Count> &counted, std::optional<Count> &count) {
    if (llvm::succeeded(counted))
      count = *counted;
    else
      error = llvm::toString(context.takeError("nothing was said"));
  }

  CompilerContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module; ///< Null with an error.
};

} // namespace tenon::test

#endif // TENON_TESTS_COST_PARSEDMODULE_H
