//===- Point.h - A model of the space, compiled down to kernels -*- C++ -*-===//

#ifndef TENON_SPACE_POINT_H
#define TENON_SPACE_POINT_H

#include "space/Figures.h"
#include "spec/Spec.h"
#include "tenon/Dialect.h"

#include "driver/Context.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace tenon::space {

/// The kernel IR of a model, without schedules, and what can be read off it.
class Point {
public:
  /// Runs the passes that `tenon compile` runs up to that level. The error is what a verifier or a pass said.
  static llvm::Expected<Point> compile(const spec::Model &model, CompilerContext &context);

  /// How long source and answer can both be; nothing where no position limits them.
  std::optional<int64_t> longest();

  llvm::Expected<Figures> figures(int64_t length);

private:
  using Function = mlir::func::FuncOp;

  Point(const spec::Model &model, CompilerContext &context) : model(&model), context(&context) {}

  llvm::Error lower();
  void sortFunctions();
  llvm::Expected<uint64_t> flops(Function function, int64_t length, int64_t past,
                                 llvm::function_ref<bool(unsigned result)> wanted);
  llvm::Expected<uint64_t> sourceFlops(int64_t length);
  llvm::Error measureHiddenRows(int64_t length);
  void addCache(Figures &figures);

  /// Whether the source is what the growing stack read before.
  bool readsPrompt() const { return starts.empty(); }

  const spec::Model *model;
  CompilerContext *context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  uint64_t parameters = 0;
  std::vector<std::string> notes;
  // Entry points by what they do.
  llvm::SmallVector<Function> encoders; ///< Keep nothing.
  llvm::SmallVector<Function> starts;   ///< Keep something of other stacks.
  llvm::SmallVector<Function> prefixes; ///< Read own tokens without a result.
  llvm::SmallVector<Function> prefills, decodes;
  llvm::StringMap<int64_t> hiddenRows; ///< Of each whole stack, for an input of the length.
};

} // namespace tenon::space

#endif // TENON_SPACE_POINT_H
