//===- Context.cpp - MLIR as every tool sets it up ------------------------===//

#include "driver/Context.h"

#include "tenon/Dialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;
using namespace tenon;

CompilerContext::CompilerContext() : context(MLIRContext::Threading::DISABLED) {
  context.loadDialect<TenonDialect, func::FuncDialect, arith::ArithDialect, scf::SCFDialect, memref::MemRefDialect,
                      cf::ControlFlowDialect, affine::AffineDialect, LLVM::LLVMDialect>();
  // Messages show the source line; the operation in generic form besides would bury it.
  context.printOpOnDiagnostic(false);
  handler = std::make_unique<SourceMgrDiagnosticHandler>(sources, &context, stream);
}

llvm::Expected<OwningOpRef<ModuleOp>> CompilerContext::parse(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return llvm::createStringError(buffer.getError(), "%s: %s", path.str().c_str(),
                                   buffer.getError().message().c_str());
  return parse(std::move(*buffer));
}

llvm::Expected<OwningOpRef<ModuleOp>> CompilerContext::parseText(StringRef text, StringRef name) {
  return parse(llvm::MemoryBuffer::getMemBufferCopy(text, name));
}

llvm::Expected<OwningOpRef<ModuleOp>> CompilerContext::parse(std::unique_ptr<llvm::MemoryBuffer> buffer) {
  sources = llvm::SourceMgr();
  sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, &context);
  if (!module)
    return takeError("the file holds no module");
  return module;
}

llvm::Error CompilerContext::takeError(StringRef otherwise) {
  stream.flush();
  std::string text = collected.empty() ? otherwise.str() : StringRef(collected).rtrim().str();
  collected.clear();
  return llvm::createStringError(text);
}
