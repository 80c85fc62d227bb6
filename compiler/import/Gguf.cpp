//===- Gguf.cpp - Decoder-only models in one GGUF file --------------------===//

#include "import/Gguf.h"
#include "runtime/support/Printable.h"
#include "import/CheckpointFiles.h"
#include "import/GgufStack.h"
#include "import/GgufTokenizer.h"
#include "import/UnusedTensors.h"
#include "spec/SpecReader.h"
#include "spec/SpecWriter.h"
#include "weights/GgufSource.h"
#include "llvm/ADT/STLExtras.h"
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
    keys.fail(key, "'" + printable(name) + "' is not supported; supported: " + ggufArchitectureNames());
  return architecture;
}

/// Tokens that the model has no row for stay in the tokenizer: they matter where a text has them.
static void useTokenizer(GgufTokenizer tokenizer, ImportedModel &imported) {
  spec::Model &model = imported.model;
  auto isForeign = [&](int64_t id) { return id >= model.stacks.front().input.vocab; };
  llvm::erase_if(tokenizer.stops, isForeign);
  for (std::optional<int64_t> *id : {&tokenizer.begin, &tokenizer.padding})
    if (*id && isForeign(**id))
      id->reset();
  model.tokens.bos = tokenizer.begin;
  model.tokens.eos = tokenizer.stops;
  model.tokens.pad = tokenizer.padding;
  imported.tokenizer = std::move(tokenizer.json);
  imported.chatTemplate = std::move(tokenizer.chatTemplate);
}

/// Keys of an architecture that say nothing of what is computed, or only together with others.
static constexpr llvm::StringRef idleKeys[] = {"vocab_size",
                                               "tensor_data_layout",
                                               "rope.scaling.type",
                                               "rope.scaling.factor",
                                               "rope.scaling.finetuned",
                                               "rope.scaling.original_context_length"};

/// A file of embeddings says how a text becomes one vector, which llama.cpp scales to length 1.
static void readPooling(GgufKeys &keys, llvm::StringRef architecture, bool withoutHead, spec::Model &model) {
  static constexpr llvm::StringRef words[] = {"", "mean", "cls", "last"};
  std::string key = (architecture + ".pooling_type").str();
  int64_t kind = keys.integerOr(key, 0);
  if (kind == 0 || withoutHead || keys.failed())
    return;
  if (kind >= static_cast<int64_t>(std::size(words)))
    return keys.fail(key, llvm::Twine(kind) + " is not supported; supported: 0 (none), 1 (mean), 2 (cls), 3 (last), and with "
                                              "--without-head the hidden states alone");
  llvm::cantFail(poolInstead(model, words[kind].str(), /*normalize=*/true));
}

llvm::Expected<ImportedModel> tenon::import::importGguf(llvm::StringRef path, const ImportOptions &options) {
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
  readPooling(keys, architecture->name, options.withoutHead, model);
  if (llvm::Error error = keys.takeError())
    return std::move(error);
  if (llvm::Error error =
          judgeUnused(keys.unread(architecture->name, idleKeys), path, options.ignoreUnused, imported.notes,
                      {"keys", "are not supported and that could change what the model computes"}))
    return std::move(error);
  useTokenizer(readGgufTokenizer(keys), imported);
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
  imported.source = std::make_unique<weights::GgufSource>(std::move(*opened), model.names);
  imported.idleTensors.push_back(ggufRopeFactors.str());
  if (!model.head)
    imported.idleTensors.insert(imported.idleTensors.end(), {"output.weight", "output.bias"});
  if (llvm::Error error = checkUnusedTensors(imported, options.ignoreUnused))
    return std::move(error);
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
