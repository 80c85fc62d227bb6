//===- Open.cpp - One door for every form of a model ----------------------===//

#include "import/Import.h"
#include "import/StrictJson.h"
#include "spec/SpecReader.h"
#include "weights/SafetensorsSource.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace tenon;
using namespace tenon::import;

static constexpr uint64_t maximumTokenizerBytes = 256 << 20;

static llvm::Expected<ImportedModel> openSpec(llvm::StringRef path) {
  llvm::Expected<spec::Model> model = spec::readSpecFile(path);
  if (!model)
    return model.takeError();
  ImportedModel imported;
  imported.model = std::move(*model);
  std::string directory = llvm::sys::path::parent_path(path).str();
  std::string prefix = directory.empty() ? "" : directory == "/" ? "/" : directory + "/";
  if (!imported.model.weights.empty()) {
    auto file = weights::SafetensorsFile::open(prefix + imported.model.weights);
    if (!file)
      return file.takeError();
    imported.source = std::make_unique<weights::SafetensorsSource>(std::move(*file), imported.model.names);
  }
  if (!imported.model.tokenizer.empty()) {
    imported.tokenizerPath = prefix + imported.model.tokenizer;
    llvm::Expected<std::string> text = readTextFile(imported.tokenizerPath, maximumTokenizerBytes);
    if (!text)
      return text.takeError();
    imported.tokenizer = std::move(*text);
  }
  return imported;
}

llvm::Expected<ImportedModel> tenon::import::openModel(llvm::StringRef path) {
  llvm::sys::fs::file_status status;
  if (std::error_code code = llvm::sys::fs::status(path, status))
    return llvm::createStringError("cannot open model '" + path + "': " + code.message());
  llvm::StringRef extension = llvm::sys::path::extension(path);
  if (!llvm::sys::fs::is_directory(status)) {
    if (extension.equals_insensitive(".yaml") || extension.equals_insensitive(".yml"))
      return openSpec(path);
    return llvm::createStringError("cannot open model '" + path +
                                   "': expected a spec (.yaml, .yml) or a directory with a checkpoint");
  }
  std::string spec = (path + "/model.yaml").str();
  if (llvm::sys::fs::exists(spec))
    return openSpec(spec);
  if (llvm::sys::fs::exists(path + "/config.json") || llvm::sys::fs::exists(path + "/modules.json"))
    return importCheckpoint(path);
  return llvm::createStringError("cannot open model '" + path +
                                 "': the directory has neither model.yaml (a spec) nor config.json (a Hugging Face "
                                 "checkpoint)");
}
