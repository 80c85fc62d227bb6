//===- Gguf.cpp - Decoder-only models in one GGUF file --------------------===//

#include "import/Gguf.h"
#include "import/CheckpointFiles.h"
#include "import/GgufStack.h"
#include "import/GgufTokenizer.h"
#include "import/Import.h"
#include "spec/Parameters.h"
#include "spec/SpecReader.h"
#include "spec/SpecWriter.h"
#include "weights/GgufSource.h"
#include "weights/SafetensorsSource.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MemoryBufferRef.h"
#include "llvm/Support/Path.h"

using namespace tenon;
using namespace tenon::import;

bool tenon::import::isGgufPath(llvm::StringRef path) {
  return llvm::sys::path::extension(path).equals_insensitive(".gguf");
}

static const GgufArchitecture *readArchitecture(GgufKeys &keys) {
  llvm::StringRef key = "general.architecture", name = keys.string(key);
  const GgufArchitecture *architecture = findGgufArchitecture(name);
  if (!keys.has(key))
    keys.fail(key, "it is missing; supported: " + ggufArchitectureNames());
  else if (!architecture)
    keys.fail(key, "'" + name + "' is not supported; supported: " + ggufArchitectureNames());
  return architecture;
}

static void useTokenizer(GgufTokenizer tokenizer, GgufKeys &keys, ImportedModel &imported) {
  spec::Model &model = imported.model;
  if (!tokenizer.json.empty() && int64_t(tokenizer.tokens) > model.stacks.front().input.vocab)
    keys.fail("tokenizer.ggml.tokens", "its " + llvm::Twine(tokenizer.tokens) +
                                           " tokens are more than the rows of token_embd.weight (" +
                                           llvm::Twine(model.stacks.front().input.vocab) + ")");
  model.tokens.bos = tokenizer.begin;
  model.tokens.eos = tokenizer.stops;
  model.tokens.pad = tokenizer.padding;
  imported.tokenizer = std::move(tokenizer.json);
  imported.chatTemplate = std::move(tokenizer.chatTemplate);
}

/// Names the tensors that no parameter has.
static llvm::Error checkTensors(const weights::GgufFile &file, const weights::GgufSource &source,
                                const spec::Model &model, llvm::StringRef architecture) {
  llvm::StringSet<> used;
  used.insert("rope_freqs.weight"); // Became the scaling.
  for (const spec::Parameter &parameter : spec::parameters(model))
    for (int64_t layer = 0; layer < std::max<int64_t>(1, parameter.layers); ++layer)
      used.insert(source.tensorName(weights::layerName(parameter.name, layer)));
  std::vector<std::string> unknown;
  for (const weights::GgufTensor &tensor : file.getIndex().tensors)
    if (!used.contains(tensor.name))
      unknown.push_back(("'" + tensor.name + "'").str());
  if (unknown.empty())
    return llvm::Error::success();
  size_t count = unknown.size();
  unknown.resize(std::min<size_t>(count, 8));
  return llvm::createStringError("'" + file.getPath() + "' has the architecture " + architecture + ", but also " +
                                 llvm::join(unknown, ", ") + (count > 8 ? ", ..." : "") +
                                 ", which such a model does not have; what they do would be lost");
}

llvm::Expected<ImportedModel> tenon::import::importGguf(llvm::StringRef path) {
  llvm::Expected<std::unique_ptr<weights::GgufFile>> opened = weights::GgufFile::open(path);
  if (!opened)
    return opened.takeError();
  const weights::GgufFile &file = **opened;
  GgufKeys keys(file);
  ImportedModel imported;
  spec::Model &model = imported.model;
  model.name = specName(llvm::sys::path::stem(path));
  const GgufArchitecture *architecture = readArchitecture(keys);
  if (llvm::Error error = keys.takeError())
    return std::move(error);
  GgufTensors tensors(file);
  readGgufStructure(keys, *architecture, tensors, model);
  if (llvm::Error error = keys.takeError())
    return std::move(error);
  useTokenizer(readGgufTokenizer(keys), keys, imported);
  if (llvm::Error error = keys.takeError())
    return std::move(error);
  model.weights = llvm::sys::path::filename(path);
  if (!imported.tokenizer.empty())
    model.tokenizer = model.weights;
  if (!imported.chatTemplate.empty())
    model.chatTemplate = model.weights;
  // Whatever the spec's reader would refuse is refused here; the sizes are bounded then.
  std::string text = spec::writeSpec(model), name = ("spec of " + path).str();
  if (llvm::Error error = spec::readSpec(llvm::MemoryBufferRef(text, name)).takeError())
    return std::move(error);
  model.names = ggufTensorNames(model, tensors);
  auto source = std::make_unique<weights::GgufSource>(std::move(*opened), model.names);
  if (llvm::Error error = checkTensors(file, *source, model, architecture->name))
    return std::move(error);
  imported.source = std::move(source);
  return imported;
}

llvm::Expected<GgufText> tenon::import::readGgufText(llvm::StringRef path) {
  llvm::Expected<std::unique_ptr<weights::GgufFile>> file = weights::GgufFile::open(path);
  if (!file)
    return file.takeError();
  GgufKeys keys(**file);
  GgufTokenizer tokenizer = readGgufTokenizer(keys);
  if (llvm::Error error = keys.takeError())
    return std::move(error);
  return GgufText{std::move(tokenizer.json), std::move(tokenizer.chatTemplate)};
}
