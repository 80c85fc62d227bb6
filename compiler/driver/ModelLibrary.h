//===- ModelLibrary.h - A model's library, opened for its kernels -*- C++ -*-===//

#ifndef TENON_DRIVER_MODELLIBRARY_H
#define TENON_DRIVER_MODELLIBRARY_H

#include "driver/Compile.h"
#include "driver/Context.h"
#include "driver/LibraryOptions.h"
#include "kernels/Kernels.h"
#include "support/ScratchDirectory.h"
#include "tenon/Dialect.h"
#include "tenon/tenon.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/JSON.h"

#include <memory>

namespace tenon {

/// The path of the model's library: the model itself where it is one, otherwise one that is compiled into `scratch`,
/// which goes away; `progress` is told as that of CompileOptions is. A library was compiled for the CPUs that it was
/// compiled for: a target with figures is refused.
llvm::Expected<std::string>
libraryOf(const LibraryOptions &options, const std::optional<ScratchDirectory> &scratch,
          const std::function<void(llvm::StringRef step, uint64_t done, uint64_t total)> &progress);

/// A library that the runtime accepts, with its manifest and the kernel IR in there.
class ModelLibrary {
public:
  static llvm::Expected<ModelLibrary> open(const std::string &path, tenon_model_options options,
                                           CompilerContext &context);

  const tenon_model_info &info() const { return described; }
  const llvm::json::Object &manifest() const { return *json.getAsObject(); }
  mlir::ModuleOp kernels() const { return *module; }
  /// The target whose kernels run here, with what they were compiled for.
  llvm::Expected<kernels::TargetModel> target() const;
  /// A kernel of the IR for each of the library's table, in its order.
  llvm::Expected<std::vector<KernelOp>> kernelTable() const;

private:
  struct Releaser {
    void operator()(tenon_model *model) const { tenon_model_release(model); }
  };

  ModelLibrary() : json(nullptr) {}

  std::unique_ptr<tenon_model, Releaser> model;
  tenon_model_info described = {};
  std::string path;
  llvm::json::Value json;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace tenon

#endif // TENON_DRIVER_MODELLIBRARY_H
