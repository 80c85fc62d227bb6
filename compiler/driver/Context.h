//===- Context.h - MLIR as every tool sets it up ----------------*- C++ -*-===//

#ifndef TENON_DRIVER_CONTEXT_H
#define TENON_DRIVER_CONTEXT_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/SourceMgr.h"

namespace mlir {
class ModuleOp;
} // namespace mlir

namespace tenon {

/// An MLIR context with the dialects that the compiler uses. Diagnostics are collected, and become errors that show the
/// line and a caret where the source is known.
class CompilerContext {
public:
  CompilerContext();

  mlir::MLIRContext *get() { return &context; }
  /// Reads IR of any level from a file.
  llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> parse(llvm::StringRef path);
  /// Reads IR of any level from `text`, which messages call `name`.
  llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> parseText(llvm::StringRef text, llvm::StringRef name);
  /// The diagnostics since the last call as an error; `otherwise` where there were none.
  llvm::Error takeError(llvm::StringRef otherwise);

private:
  llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> parse(std::unique_ptr<llvm::MemoryBuffer> buffer);

  mlir::MLIRContext context;
  llvm::SourceMgr sources;
  std::string collected;
  llvm::raw_string_ostream stream{collected};
  std::unique_ptr<mlir::SourceMgrDiagnosticHandler> handler;
};

} // namespace tenon

#endif // TENON_DRIVER_CONTEXT_H
