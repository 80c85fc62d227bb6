//===- Open.cpp - One door for every form of a model ----------------------===//

#include "import/CTranslate2.h"
#include "import/CheckpointFiles.h"
#include "import/Gguf.h"
#include "import/Import.h"
#include "import/Marian.h"
#include "import/StrictJson.h"
#include "import/UnusedTensors.h"
#include "spec/SpecReader.h"
#include "weights/GgufSource.h"
#include "weights/SafetensorsSource.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace tenon;
using namespace tenon::import;

static constexpr uint64_t maximumTokenizerBytes = 256 << 20;

/// The file with a spec's weights.
static llvm::Expected<std::unique_ptr<weights::WeightSource>> openWeights(const std::string &path,
                                                                          llvm::ArrayRef<spec::TensorName> names) {
  if (isGgufPath(path)) {
    auto file = weights::GgufFile::open(path);
    if (!file)
      return file.takeError();
    return std::make_unique<weights::GgufSource>(std::move(*file), names);
  }
  auto file = weights::SafetensorsFiles::open(path);
  if (!file)
    return file.takeError();
  return std::make_unique<weights::SafetensorsSource>(std::move(*file), names);
}

/// A text of the spec: a file of its own, or what a GGUF file has of it.
static llvm::Expected<std::string> openText(const std::string &path, std::string GgufText::*part,
                                            llvm::StringRef name) {
  if (!isGgufPath(path))
    return readTextFile(path, maximumTokenizerBytes);
  llvm::Expected<GgufText> text = readGgufText(path);
  if (!text)
    return text.takeError();
  if (((*text).*part).empty())
    return llvm::createStringError("'" + path + "' has no " + name);
  return std::move((*text).*part);
}

static llvm::Expected<ImportedModel> readSpec(llvm::StringRef path) {
  llvm::Expected<spec::Model> model = spec::readSpecFile(path);
  if (!model)
    return model.takeError();
  ImportedModel imported;
  imported.model = std::move(*model);
  std::string directory = llvm::sys::path::parent_path(path).str();
  std::string prefix = directory.empty() ? "" : directory == "/" ? "/" : directory + "/";
  if (!imported.model.weights.empty()) {
    auto source = openWeights(prefix + imported.model.weights, imported.model.names);
    if (!source)
      return source.takeError();
    imported.source = std::move(*source);
  }
  if (!imported.model.tokenizer.empty()) {
    imported.tokenizerPath = prefix + imported.model.tokenizer;
    llvm::Expected<std::string> text = openText(imported.tokenizerPath, &GgufText::tokenizer, "tokenizer");
    if (!text)
      return text.takeError();
    imported.tokenizer = std::move(*text);
  }
  if (!imported.model.targetTokenizer.empty()) {
    llvm::Expected<std::string> text =
        openText(prefix + imported.model.targetTokenizer, &GgufText::tokenizer, "tokenizer");
    if (!text)
      return text.takeError();
    imported.targetTokenizer = std::move(*text);
  }
  if (!imported.model.chatTemplate.empty()) {
    llvm::Expected<std::string> text =
        openText(prefix + imported.model.chatTemplate, &GgufText::chatTemplate, "chat template");
    if (!text)
      return text.takeError();
    imported.chatTemplate = std::move(*text);
  }
  return imported;
}

static llvm::Expected<ImportedModel> openSpec(llvm::StringRef path, const ImportOptions &options) {
  llvm::Expected<ImportedModel> imported = readSpec(path);
  if (!imported)
    return imported;
  imported->idleTensors.push_back(ggufRopeFactors.str());
  if (llvm::Error error = checkUnusedTensors(*imported, options.ignoreUnused))
    return std::move(error);
  return imported;
}

/// The GGUF files in a directory.
static std::vector<std::string> ggufFiles(llvm::StringRef directory) {
  std::vector<std::string> paths;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator entry(directory, code), end; entry != end && !code; entry.increment(code))
    if (isGgufPath(entry->path()))
      paths.push_back(entry->path());
  llvm::sort(paths);
  return paths;
}

/// The one file of a kind, nothing where there is none.
static llvm::Expected<std::optional<std::string>> only(std::vector<std::string> files, llvm::StringRef directory,
                                                       llvm::StringRef kind) {
  if (files.size() > 1)
    return llvm::createStringError("cannot open model '" + directory + "': the directory has several " + kind +
                                   " files, '" + llvm::join(files, "', '") + "'; name one of them");
  return files.empty() ? std::nullopt : std::optional(files.front());
}

static llvm::Expected<ImportedModel> openDirectory(llvm::StringRef path, const ImportOptions &options) {
  if (std::string spec = (path + "/model.yaml").str(); llvm::sys::fs::exists(spec))
    return openSpec(spec, options);
  if (std::string model = (path + "/model.bin").str(); isCTranslate2Path(model))
    return importCTranslate2(model, options);
  if (llvm::sys::fs::exists(path + "/config.json") || llvm::sys::fs::exists(path + "/modules.json"))
    return importCheckpoint(path, options);
  llvm::Expected<std::optional<std::string>> gguf = only(ggufFiles(path), path, "GGUF");
  if (!gguf)
    return gguf.takeError();
  if (*gguf)
    return importGguf(**gguf, options);
  llvm::Expected<std::optional<std::string>> marian = only(marianFiles(path), path, "Marian");
  if (!marian)
    return marian.takeError();
  if (*marian)
    return importMarian(**marian, options);
  return llvm::createStringError("cannot open model '" + path +
                                 "': the directory has neither model.yaml (a spec) nor config.json (a Hugging Face "
                                 "checkpoint) nor model.bin of CTranslate2 nor a GGUF file nor a binary model of "
                                 "Marian");
}

static llvm::Expected<ImportedModel> openAnything(llvm::StringRef path, const ImportOptions &options) {
  llvm::sys::fs::file_status status;
  if (std::error_code code = llvm::sys::fs::status(path, status))
    return llvm::createStringError("cannot open model '" + path + "': " + code.message());
  if (llvm::sys::fs::is_directory(status))
    return openDirectory(path, options);
  llvm::StringRef extension = llvm::sys::path::extension(path);
  if (extension.equals_insensitive(".yaml") || extension.equals_insensitive(".yml"))
    return openSpec(path, options);
  if (isGgufPath(path))
    return importGguf(path, options);
  if (isMarianPath(path))
    return importMarian(path, options);
  if (isCTranslate2Path(path))
    return importCTranslate2(path, options);
  return llvm::createStringError("cannot open model '" + path +
                                 "': expected a spec (.yaml, .yml), a GGUF file (.gguf), a binary model of Marian "
                                 "(.bin), a model.bin of CTranslate2 or a directory with a checkpoint");
}

llvm::Expected<ImportedModel> tenon::import::openModel(llvm::StringRef path, const ImportOptions &options) {
  llvm::Expected<ImportedModel> imported = openAnything(path, options);
  // Where the saved class decides about the head, it is gone by now.
  if (!imported || !options.withoutHead || !imported->model.head)
    return imported;
  if (size_t count = imported->model.stacks.size(); count > 1)
    return llvm::createStringError("'" + path + "': a stack alone is taken of models of one stack and of Hugging Face "
                                   "checkpoints; this one has " + llvm::Twine(count) + " stacks");
  dropHead(imported->model);
  return imported;
}
