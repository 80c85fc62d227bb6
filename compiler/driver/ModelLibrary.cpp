//===- ModelLibrary.cpp - A model's library, opened for its kernels -------===//

#include "driver/ModelLibrary.h"

#include "schedules/ModuleTargets.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace tenon;

Expected<std::string>
tenon::libraryOf(const LibraryOptions &options, const std::optional<ScratchDirectory> &scratch,
                 const std::function<void(StringRef step, uint64_t done, uint64_t total)> &progress) {
  if (!scratch)
    return createStringError("a temporary directory cannot be made");
  if (sys::path::extension(options.model) == ".so") {
    if (!options.target.empty() && !kernels::findTarget(options.target))
      return createStringError("target '%s': '%s' is compiled already, expected one of its targets' names: %s",
                               options.target.c_str(), options.model.c_str(),
                               join(kernels::targetNames(), ", ").c_str());
    return options.model;
  }
  CompileOptions compilation;
  compilation.model = options.model;
  compilation.importing = options.importing;
  compilation.cacheDirectory = options.cacheDirectory;
  compilation.progress = progress;
  if (!options.target.empty())
    compilation.targets = {options.target};
  compilation.output = scratch->file("model.so");
  if (auto summary = compile(compilation); !summary)
    return summary.takeError();
  return compilation.output;
}

Expected<ModelLibrary> ModelLibrary::open(const std::string &path, tenon_model_options options,
                                          CompilerContext &context) {
  options.struct_size = sizeof(options);
  ModelLibrary library;
  tenon_model *model = nullptr;
  if (tenon_model_open(path.c_str(), &options, &model) != TENON_OK)
    return createStringError(tenon_message());
  library.model.reset(model);
  library.described.struct_size = sizeof(library.described);
  if (tenon_model_describe(model, &library.described) != TENON_OK)
    return createStringError(tenon_message());
  auto manifest = json::parse(StringRef(library.described.manifest, library.described.manifest_size));
  if (!manifest)
    return manifest.takeError();
  library.json = std::move(*manifest);
  auto module = context.parseText(library.manifest().getString("ir").value_or(""), path + ": kernel IR");
  if (!module)
    return module.takeError();
  library.module = std::move(*module);
  library.path = path;
  return library;
}

Expected<kernels::TargetModel> ModelLibrary::target() const { return targetOf(*module, described.target); }

Expected<std::vector<KernelOp>> ModelLibrary::kernelTable() const {
  StringMap<KernelOp> named;
  kernels().walk([&](KernelOp kernel) { named.try_emplace(kernel.getName(), kernel); });
  std::vector<KernelOp> table;
  for (const json::Value &kernel : *manifest().getArray("kernels")) {
    StringRef name = kernel.getAsObject()->getString("name").value_or("");
    KernelOp found = named.lookup(name);
    if (!found)
      return createStringError("%s: its kernel IR has no kernel '%s'", path.c_str(), name.str().c_str());
    table.push_back(found);
  }
  return table;
}
