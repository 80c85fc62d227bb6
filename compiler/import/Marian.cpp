//===- Marian.cpp - Translation models in Marian's binary files -----------===//

#include "import/Marian.h"
#include "import/CheckpointFiles.h"
#include "import/MarianStructure.h"
#include "import/SentencePiece.h"
#include "spec/Fields.h"
#include "spec/SpecReader.h"
#include "spec/YamlTree.h"
#include "weights/Marian.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;

/// The files in a directory whose names end with `extension`, sorted.
static std::vector<std::string> filesWith(StringRef directory, StringRef extension) {
  std::vector<std::string> paths;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator entry(directory, code), end; entry != end && !code; entry.increment(code))
    if (llvm::sys::path::extension(entry->path()) == extension)
      paths.push_back(entry->path());
  llvm::sort(paths);
  return paths;
}

bool tenon::import::isMarianPath(StringRef path) {
  if (llvm::sys::path::extension(path) != ".bin")
    return false;
  llvm::Expected<std::unique_ptr<weights::MappedFile>> file = weights::MappedFile::open(path);
  if (!file) {
    llvm::consumeError(file.takeError());
    return false;
  }
  return weights::beginsAsMarian((*file)->bytes());
}

std::vector<std::string> tenon::import::marianFiles(StringRef directory) {
  std::vector<std::string> paths = filesWith(directory, ".bin");
  llvm::erase_if(paths, [](StringRef path) { return !isMarianPath(path); });
  return paths;
}

/// The names under `vocabs` of a decoder's configuration; none where the file has no such key.
static llvm::Expected<std::vector<std::string>> vocabulariesOf(StringRef path) {
  llvm::Expected<std::string> text = readTextFile(path, spec::maximumSpecBytes);
  if (!text)
    return text.takeError();
  std::string name = path.str();
  llvm::MemoryBufferRef buffer(*text, name);
  spec::Diagnostics diagnostics(buffer);
  spec::YamlNode root = spec::readYamlTree(buffer, diagnostics);
  std::vector<std::string> names;
  for (const spec::YamlEntry &entry : root.entries)
    for (const spec::YamlNode &item : entry.key == "vocabs" ? entry.value.items : std::vector<spec::YamlNode>()) {
      std::string unsafe = spec::whyUnsafePath(item.text);
      if (!unsafe.empty())
        diagnostics.error(item.range, "vocabs: " + unsafe);
      names.push_back(item.text);
    }
  if (diagnostics.hasErrors())
    return diagnostics.takeError();
  return names;
}

/// The paths of the source's and the target's vocabulary; none where there are none.
static llvm::Expected<std::vector<std::string>> findVocabularies(StringRef directory) {
  std::vector<std::string> paths;
  for (const std::string &configuration : filesWith(directory, ".yml")) {
    llvm::Expected<std::vector<std::string>> names = vocabulariesOf(configuration);
    if (!names)
      return names.takeError();
    if (!names->empty() && !paths.empty())
      return llvm::createStringError("'" + directory + "' has several .yml files with 'vocabs'; expected one");
    for (const std::string &name : *names)
      paths.push_back((directory + "/" + name).str());
  }
  if (paths.empty()) {
    paths = filesWith(directory, ".spm");
    if (paths.size() == 1)
      paths.push_back(paths.front());
  }
  if (!paths.empty() && paths.size() != 2)
    return llvm::createStringError("'" + directory + "' has " + llvm::Twine(paths.size()) +
                                   " vocabularies; expected one .spm file, or a .yml file whose 'vocabs' are the "
                                   "source's and the target's");
  for (StringRef path : paths)
    if (llvm::sys::path::extension(path) != ".spm")
      return llvm::createStringError("vocabulary '" + path + "' is not supported; supported: SentencePiece (.spm)");
  return paths;
}

/// Every kind of matrix as [out, in] rows, where the file has them so, and vectors as such.
static weights::TensorView viewOf(const weights::MarianTensor &tensor, weights::TableSource &source) {
  weights::TensorView view{tensor.type, tensor.shape, tensor.data};
  if (tensor.type == weights::StorageType::I8) {
    view.type = weights::StorageType::ScaledI8;
    view.factors = source.keep({1 / tensor.multiplier});
    view.scaled = std::max<int64_t>(1, view.elements());
  }
  if (view.shape.size() == 2 && view.shape[0] == 1)
    view.shape.erase(view.shape.begin());
  else if (view.shape.size() == 2 && tensor.type == weights::StorageType::I8 && !tensor.name.ends_with("Wemb"))
    std::swap(view.shape[0], view.shape[1]);
  return view;
}

static StoredTensors storedTensors(const weights::MarianIndex &index, weights::TableSource &source) {
  StoredTensors tensors;
  for (const weights::MarianTensor &tensor : index.tensors) {
    tensors.add(tensor.name, viewOf(tensor, source));
    // How activations are quantised, which here they are not.
    if (tensor.name.ends_with("_QuantMultA"))
      tensors.use(tensor.name);
  }
  return tensors;
}

static llvm::Error checkVocabulary(const SentencePieceModel &vocabulary, StringRef path) {
  if (!vocabulary.end)
    return llvm::createStringError("'" + path + "' has no piece that ends a sentence ('</s>')");
  return llvm::Error::success();
}

static llvm::Error readTokenizers(StringRef directory, ImportedModel &imported) {
  llvm::Expected<std::vector<std::string>> paths = findVocabularies(directory);
  if (!paths)
    return paths.takeError();
  spec::Model &model = imported.model;
  for (auto [index, path] : llvm::enumerate(*paths)) {
    if (index == 1 && path == paths->front())
      break; // One for both.
    llvm::Expected<SentencePieceModel> vocabulary = readUnigram(path);
    if (!vocabulary)
      return vocabulary.takeError();
    if (llvm::Error error = checkVocabulary(*vocabulary, path))
      return error;
    (index == 0 ? imported.tokenizer : imported.targetTokenizer) = tokenizerJson(*vocabulary, {*vocabulary->end});
    (index == 0 ? model.tokenizer : model.targetTokenizer) = llvm::sys::path::filename(path).str();
    // Those of the target, which is the last or the only one.
    model.tokens.eos = model.tokens.start = {*vocabulary->end};
    model.tokens.suppress = {vocabulary->unknown};
  }
  // What every vocabulary that Marian makes itself begins with.
  if (paths->empty())
    model.tokens.eos = model.tokens.start = {0};
  return llvm::Error::success();
}

llvm::Expected<ImportedModel> tenon::import::importMarian(StringRef path, const ImportOptions &options) {
  llvm::Expected<std::unique_ptr<weights::MappedFile>> file = weights::MappedFile::open(path);
  if (!file)
    return file.takeError();
  auto source = std::make_unique<weights::TableSource>(path.str(), std::move(*file));
  llvm::Expected<weights::MarianIndex> index = weights::readMarian(source->bytes(), path);
  if (!index)
    return index.takeError();
  StoredTensors tensors = storedTensors(*index, *source);
  ImportedModel imported;
  spec::Model &model = imported.model;
  StringRef directory = llvm::sys::path::parent_path(path);
  model.name = specName(llvm::sys::path::stem(path));
  model.weights = llvm::sys::path::filename(path);
  if (llvm::Error error = readMarianStructure(index->text("special:model.yml"), path, model))
    return std::move(error);
  if (llvm::Error error = readTokenizers(directory.empty() ? "." : directory, imported))
    return std::move(error);
  if (llvm::Error error = checkModel(model, path))
    return std::move(error);
  auto place = [&](StringRef parameter, int64_t layer) { return marianPart(tensors, parameter, layer); };
  if (llvm::Error error = tensors.place(imported, place, *source, "a transformer of Marian", options.ignoreUnused))
    return std::move(error);
  imported.source = std::move(source);
  return imported;
}
