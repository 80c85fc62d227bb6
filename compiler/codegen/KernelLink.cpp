//===- KernelLink.cpp - Kernels alone in a library ------------------------===//

#include "codegen/KernelLink.h"

#include "codegen/HostCode.h"
#include "codegen/Link.h"

#include "mlir/IR/BuiltinOps.h"

using namespace llvm;
using namespace tenon;

Error tenon::linkKernels(ArrayRef<LinkedKernel> kernels, const kernels::TargetModel &target, KernelCache &cache,
                         mlir::MLIRContext *context, StringRef output, function_ref<void(size_t done)> progress) {
  LibraryContents contents;
  contents.targets.push_back({target.name, target.level, {}});
  std::vector<std::string> objects;
  for (const LinkedKernel &kernel : kernels) {
    if (progress)
      progress(objects.size());
    auto object = cache.object(kernel.description, kernel.schedule);
    if (!object)
      return object.takeError();
    objects.push_back(*object);
    contents.targets[0].symbols.push_back(KernelCache::symbol(kernel.description, kernel.schedule));
  }
  auto runtime = cache.runtimeObject();
  if (!runtime)
    return runtime.takeError();
  objects.push_back(*runtime);
  mlir::OwningOpRef<mlir::ModuleOp> empty = mlir::ModuleOp::create(mlir::UnknownLoc::get(context));
  auto code = emitHostCode(*empty, contents, HostOutput::Object);
  if (!code)
    return code.takeError();
  return linkLibrary(*code, objects, output);
}
