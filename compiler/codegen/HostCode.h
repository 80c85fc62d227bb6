//===- HostCode.h - Drivers and tables to an object file --------*- C++ -*-===//

#ifndef TENON_CODEGEN_HOSTCODE_H
#define TENON_CODEGEN_HOSTCODE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace tenon {

/// Kernels of one target, in the order of the library's kernel table.
struct TargetKernels {
  std::string name;   ///< "x86-64-v3"
  unsigned level = 0; ///< 2, 3 or 4 of x86-64.
  std::vector<std::string> symbols;
};

/// What the library's exported table holds beside the drivers.
struct LibraryContents {
  std::string manifest;
  std::string tokenizer;              ///< Contents of tokenizer.json; empty for none.
  std::string targetTokenizer;        ///< Of what the decoder writes; empty where it is the same.
  std::string weightsPath;            ///< File to embed; empty for none.
  std::vector<std::string> entries;   ///< Names of the drivers in the order of the manifest.
  std::vector<TargetKernels> targets; ///< Best first.
};

enum class HostOutput { Object, Assembly, LLVM };

/// Translates drivers in the LLVM dialect to LLVM IR, adds the exported table (tenon/library.h) and the note,
/// optimises, and returns what `output` names. Registers its translations in the module's context.
llvm::Expected<std::string> emitHostCode(mlir::ModuleOp module, const LibraryContents &contents, HostOutput output);

} // namespace tenon

#endif // TENON_CODEGEN_HOSTCODE_H
